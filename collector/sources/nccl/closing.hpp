// SPDX-License-Identifier: Apache-2.0
//
// Writing operations that are over, and finding those whose end NCCL will not tell.
#pragma once

#include <stdint.h>

#include "collector/sources/nccl/event_store.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::nccl {

// Writes the operation the caller has for itself (Ending::kOver) and gives its slot back. `scope` may be empty: then the
// record is lost, which EventScope has counted.
void write_and_give(EventStore& store, uint32_t index, EventScope& scope) noexcept;

// Writes what nobody will end any more: operations that were enqueued and of which nothing is under way. One whose parts ran
// is over after a moment of silence; one of which nothing was ever seen, after longer. `ring` is the caller's, not nullptr.
// Writes at most kClosedAtOnce: true when there may be more.
bool close_idle(EventStore& store, trace::Ring* ring, int64_t now_ns) noexcept;

// Writes all operations of a communicator (kNoSlot: of all), unfinished ones as such. Calls `drain` between portions of
// kClosedAtOnce, to make room in the ring.
void close_all(EventStore& store, uint32_t communicator, trace::Ring* ring, int64_t now_ns,
               void (*drain)() noexcept) noexcept;

// With the records of communicators (set_up.hpp) they fit into the smallest ring there can be.
inline constexpr uint32_t kClosedAtOnce = 256;

}  // namespace stepscope::collector::nccl
