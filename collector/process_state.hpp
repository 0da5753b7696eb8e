// SPDX-License-Identifier: Apache-2.0
//
// The one guarded state of a process that every door leads to.
//
//   dormant --first event or open()--> starting --> recording
//                                               \-> failed     (no directory, disk full, ...: stays silent)
//   recording --fork--> child (dormant until open()) --open()--> recording, light mode
//
// Full mode has a drain thread. Light mode is for forked children (data-loading workers): no thread is created, the
// producer drains its own ring when it is three quarters full, and the host counters are read along the way.
//
// Nothing here interposes a function or installs a signal handler: what a killed process leaves in its rings is
// delivered by finalize. Threads: everything may be called from any thread at any time, also while the process exits.
#pragma once

#include <stdint.h>

#include <atomic>

#include "collector/doors.hpp"
#include "collector/identity.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector {

enum class Phase : uint32_t { kDormant, kStarting, kRecording, kFailed, kChild };

namespace detail {
// 1 while this very process records. The page it points into is wiped by the kernel in a forked child, so that even a
// raw fork() system call leaves the child dormant before it can touch the rings it shares with its parent.
extern std::atomic<const std::atomic<uint32_t>*> g_recording;
}  // namespace detail

// Hot: two loads.
inline bool is_recording() noexcept {
  return detail::g_recording.load(std::memory_order_acquire)->load(std::memory_order_relaxed) != 0;
}

// Opens a door; the first one starts recording. In a forked child only `rearm_child` starts it. Returns is_recording().
bool open_door(Door door, Role role, bool rearm_child) noexcept;

[[nodiscard]] Phase phase() noexcept;
// Light mode: the calling producer drains.
[[nodiscard, gnu::hot]] bool light_mode() noexcept;

// The process' spool. Usable in any state: it ignores what comes before it is open.
[[nodiscard, gnu::hot]] trace::Spool& spool() noexcept;
[[nodiscard]] const BaseName& base_name() noexcept;

// Number of the recordings this memory image has begun; changes when a forked child begins its own.
[[nodiscard, gnu::hot]] uint32_t generation() noexcept;

}  // namespace stepscope::collector
