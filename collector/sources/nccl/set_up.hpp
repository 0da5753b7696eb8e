// SPDX-License-Identifier: Apache-2.0
//
// The record of a communicator: when it is written, and what it says of how the communicator came up.
//
// NCCL calls init in the middle of it: up to 2.26 before the ranks have found each other, since 2.27 before they are connected.
// How long all of it took is known from the program's call (setup_calls.hpp), which has returned only later. So the record waits
// for that, on the drain thread, and goes without a duration when no call can be the one:
//   - init came on the thread of an open call: that one.
//   - else the call whose range named the communicator at its end (NCCL 2.25 and newer), if it encloses init and no other
//     communicator's init: of several ranks in one process it is not known whose call it was. A communicator made in a group
//     of NCCL calls, or a non-blocking one, has none: its call returns before it is up.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/setup_calls.hpp"
#include "collector/sources/nccl/event_store.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector::nccl {

// What is known of a communicator whose record has not been written yet.
struct Arrival {
  uint64_t id = 0;
  int64_t init_ns = 0;
  uint32_t call = 0;  // number of the call open on the thread of init, 0 = none
};

enum class Join : uint8_t { kWait, kNone, kFound };

// Which of `calls` brought it up; `found` is set for kFound. Pure.
[[nodiscard]] Join join_call(const Arrival& arrival, const SetupCall* calls, size_t count,
                             SetupCall& found) noexcept;

// Whether its record is written now: what cannot be waited for goes without a duration, so that a set-up that hangs is in the
// recording when the job is killed. A job that is killed before leaves the communicator's lane and the open range of the call.
inline constexpr int64_t kPatienceNs = 10'000'000'000;
[[nodiscard]] constexpr bool is_due(Join join, int64_t init_ns, int64_t now) noexcept {
  return join != Join::kWait || now - init_ns > kPatienceNs;
}

// The number of the call that is open on the calling thread, 0 = none.
[[nodiscard]] uint32_t open_setup_call() noexcept;

// Writes the records that wait for nothing any more, or, at the end of the process, all; at most kWrittenAtOnce: true when
// there are more, which is for after a drain. On the drain thread or under its lock.
bool write_arrivals(EventStore& store, trace::Ring* ring, bool all) noexcept;

// With the operations that are closed (closing.hpp) they fit into the smallest ring there can be.
inline constexpr uint32_t kWrittenAtOnce = 128;
inline constexpr size_t kCommunicatorColumns = 10;

}  // namespace stepscope::collector::nccl
