// SPDX-License-Identifier: Apache-2.0
//
// The calls by which this program brings communicators up (ncclCommInitRank and its like). NCCL's profiler plugin is told of a
// communicator somewhere in the middle of such a call, NCCL's NVTX range tells when the call began and returned: the NVTX
// source writes what it sees here, the NCCL source joins both.
//
// A few dozen calls in the life of a process: a short lock, which is given up rather than waited for long. What finds no room or
// no lock is not kept, which is a loss nccl.setup_call_not_kept, and the set-up it belongs to then has no duration. The first one also counts the open verbs devices, which
// takes a system call for each file the process has open. Any thread. A forked child begins anew.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

namespace stepscope::collector {

struct SetupCall {
  uint32_t number = 0;     // of the call in this process, from 1
  bool all_ranks = false;  // one call for every rank of the communicator: ncclCommInitAll
  uint64_t comm = 0;       // the communicator it made, as the range said at its end; 0 = it did not
  int64_t start_ns = 0;
  int64_t end_ns = 0;  // 0 = still open
  uint32_t inits = 0;  // communicators of this process of which the plugin was told meanwhile, on any thread
};

inline constexpr size_t kMaxSetupCalls = 64;  // kept at once; the oldest one that returned makes room

// The program calls NCCL. Returns the call's number, 0 when it is not kept.
[[nodiscard]] uint32_t setup_call_begins(int64_t start_ns, bool all_ranks) noexcept;
void setup_call_ends(uint32_t number, uint64_t comm, int64_t end_ns) noexcept;

// The plugin is told of a communicator.
void count_init_in_setup_calls() noexcept;

// The calls that are kept, open ones and those that returned, and how many; false when the lock was not to be had.
[[nodiscard]] bool copy_setup_calls(SetupCall (&out)[kMaxSetupCalls], size_t& count) noexcept;

// How many InfiniBand verbs devices the process had open when its first such call began; -1 = not known.
[[nodiscard]] int verbs_before_setup() noexcept;

void forget_setup_calls() noexcept;

namespace detail {
extern std::atomic<bool> g_setup_lock;  // true while somebody has the calls
}  // namespace detail

}  // namespace stepscope::collector
