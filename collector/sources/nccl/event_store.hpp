// SPDX-License-Identifier: Apache-2.0
//
// All memory of the NCCL source: one private mapping, made when the first communicator comes, touched as far as it is used
// (a few KiB for a job with some collectives under way), never given back while the process lives. After fork the child forgets
// it and makes its own.
#pragma once

#include <stdint.h>

#include "collector/sources/nccl/communicator.hpp"
#include "collector/sources/nccl/operation.hpp"
#include "collector/sources/nccl/slot_pool.hpp"

namespace stepscope::collector::nccl {

inline constexpr uint32_t kMaxCommunicators = 1024;
// Under way at once. An all-to-all over 1024 ranks is 2048 operations.
inline constexpr uint32_t kMaxOperations = 16384;
inline constexpr uint32_t kMaxParts = 65536;
static_assert(kMaxParts <= 1U << kIndexBits);

struct EventStore {
  Communicator communicators[kMaxCommunicators];
  SlotPool<Operation, kMaxOperations> operations;
  SlotPool<Part, kMaxParts> parts;
  std::atomic<uint32_t> waiting;  // communicators whose record waits
  int32_t pid;                    // of this process
};

// nullptr before make_event_store().
[[nodiscard]] EventStore* event_store() noexcept;
// The store, made now if it is not there. nullptr when there is no memory. Cold.
[[nodiscard]] EventStore* make_event_store() noexcept;
void forget_event_store() noexcept;

// The communicator of a context that init handed out, or nullptr when it is none or is over.
[[nodiscard]] Communicator* communicator_of(void* context) noexcept;
[[nodiscard]] uint32_t index_of(const EventStore& store, const Communicator& communicator) noexcept;

}  // namespace stepscope::collector::nccl
