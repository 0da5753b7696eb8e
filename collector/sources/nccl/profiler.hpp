// SPDX-License-Identifier: Apache-2.0
//
// The profiler that NCCL calls, the same for all versions of its interface: plugin_door.cpp puts it into the exported tables.
//
// All functions return an ncclResult_t, may be called from any thread at any time, and ignore (and count) what makes no sense:
// handles that are over, foreign or stopped twice, event types nobody asked for, missing arguments. start, stop and
// record_state take no lock, allocate nothing and make no system call, but for the first event of a thread and of a
// communicator.
#pragma once

#include <stdint.h>

#include "collector/sources/nccl/communicator.hpp"

namespace stepscope::collector::nccl {

// A communicator comes up. kSuccess with our context and the events wanted in `*mask`; any error when the process is not
// recorded: NCCL then goes on without us.
int init(const InitCall& call, void** context, int* mask) noexcept;
// `*handle` is always written, nullptr for events that nobody wants to hear more of.
int start(void* context, void** handle, void* descriptor) noexcept;
int stop(void* handle) noexcept;
int record_state(void* handle, int state, void* arguments) noexcept;
// The communicator ends, in order or aborted: what is still under way is written as unfinished.
int finalize(void* context) noexcept;

// The events asked for by default. Proxy operations tell that an operation is over where kernel channels cannot (up to v3);
// proxy steps are never asked for: they are many and cost the proxy's thread time.
[[nodiscard]] uint64_t default_mask(int version) noexcept;
// STEPSCOPE_NCCL_MASK, decimal or 0x...; `fallback` when it is not a number.
[[nodiscard]] uint64_t mask_from_text(const char* text, uint64_t fallback) noexcept;

}  // namespace stepscope::collector::nccl
