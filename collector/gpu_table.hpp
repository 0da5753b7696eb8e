// SPDX-License-Identifier: Apache-2.0
//
// The GPUs this process has a context on: CUDA's number of each and its UUID, as the source that sees contexts tells.
//
// NVML numbers GPUs by bus, CUDA by speed unless told otherwise, so a reading of NVML belongs to a device of CUDA only by
// UUID. note_gpu() from any thread, cold, takes no lock; the rest from any thread too. What is in the table stays.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector {

inline constexpr int kMaxGpus = 16;
inline constexpr size_t kGpuUuidSize = 16;

// A context exists on CUDA's device `ordinal`; `uuid` is its 16 bytes. Known ones are ignored; false when the table is full.
bool note_gpu(uint32_t ordinal, const uint8_t (&uuid)[kGpuUuidSize]) noexcept;
// How many entries are readable: 0 .. n-1. Grows only.
[[nodiscard]] int known_gpus() noexcept;
// `text` becomes "GPU-8d2a...": NVML's form, 40 characters.
struct KnownGpu {
  uint32_t ordinal;
  char uuid[41];
};
[[nodiscard]] KnownGpu known_gpu(int index) noexcept;
// In a forked child, which has no context of its own.
void forget_gpus() noexcept;

}  // namespace stepscope::collector
