// SPDX-License-Identifier: Apache-2.0
//
// How much is recorded: STEPSCOPE_LEVEL, which `stepscope record --level` sets. Each level has all of the one before.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"

namespace stepscope::collector {

enum class Level : uint8_t {
  kSteps = 0,    // steps, phases, NVTX, collectives, data loading; CUPTI is not touched
  kKernels = 1,  // the default: + kernels, copies, memsets, CUPTI's own overhead
  kApi = 2,      // + CUDA calls that launch, copy, allocate or wait, synchronisation, external correlation
  kFull = 3,     // + every node of every CUDA graph, memory, just-in-time compilation
};

// "steps", "kernels", "api", "full"
[[nodiscard]] const char* level_name(Level level) noexcept;
// Unknown or empty text is the default.
[[nodiscard]] Level level_from_text(TextView text) noexcept;
// What the environment asks for.
[[nodiscard]] Level level_from_environment() noexcept;

}  // namespace stepscope::collector
