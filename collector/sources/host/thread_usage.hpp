// SPDX-License-Identifier: Apache-2.0
//
// What the calling thread used so far: the five numbers of stepscope_api::thread_usage.
//
// CPU time: CLOCK_THREAD_CPUTIME_ID. Run-queue wait: second field of /proc/thread-self/schedstat. Bytes read through
// system calls, cached or not: `rchar` of /proc/thread-self/io. Major faults: getrusage(RUSAGE_THREAD). Throttled time:
// of the thread's cgroup, read at most every 5 ms. The two /proc files are kept open per thread, so that a call
// costs about 3 us. Own thread only.
#pragma once

#include <stdint.h>

namespace stepscope::collector {

struct ThreadUsage {
  int64_t cpu_ns = 0;
  int64_t runq_ns = 0;
  int64_t read_bytes = 0;
  int64_t major_faults = 0;
  int64_t throttled_ns = 0;
};

void read_thread_usage(ThreadUsage& usage) noexcept;

// Parts of it, for callers that need no more: one system call, none or a small file every 5 ms, and two.
[[nodiscard]] int64_t read_runq_ns() noexcept;
[[nodiscard]] int64_t cgroup_throttled_ns() noexcept;
struct ThreadReads {
  int64_t bytes = 0;
  int64_t major_faults = 0;
};
[[nodiscard]] ThreadReads read_thread_reads() noexcept;

// In a forked child: it may live in another cgroup.
void forget_thread_usage() noexcept;

}  // namespace stepscope::collector
