// SPDX-License-Identifier: Apache-2.0
//
// FetchMeter: what one thread's fetches of a data loader took and used, asked of the system as seldom as the answer allows.
//
// On a thread that has just done real work a system call costs a microsecond or more, and a fetch may be short. So
//   - the CPU clock is read at both ends, or at the end only when a busy worker goes from one fetch straight to the next;
//   - what it waited for is asked at the end, and only when the fetch was off the CPU for a time worth explaining: the run-queue
//     wait first, and what it read only when that does not explain it;
//   - the run-queue wait is read before a fetch when the one before was off the CPU, else only every few milliseconds: of the
//     wait that is told of then, a part may be from just before the fetch.
// Times: ns of CLOCK_MONOTONIC_RAW. Own thread only. No lock, no allocation.
#pragma once

#include <stdint.h>

#include "collector/sources/host/thread_usage.hpp"

namespace stepscope::collector {

struct FetchUsage {
  int64_t start_ns = 0, end_ns = 0;
  int64_t cpu_ns = 0;        // never more than the fetch lasted
  int64_t runq_ns = 0;       // waiting for a CPU; never more than the fetch was off the CPU
  int64_t throttled_ns = 0;  // the cgroup's; never more than the fetch was off the CPU
  // Since the thread's previous fetch that waited for something besides a CPU.
  int64_t read_bytes = 0, major_faults = 0;
  // The fetch's calls of the collate function, and how many samples they were given.
  int64_t collate_ns = 0, items = 0;
};

class FetchMeter {
 public:
  // A fetch begins; returns when.
  int64_t begin() noexcept;
  // It ended; returns when. `usage()` tells of it until the next begin().
  int64_t end() noexcept;

  // Around a call of the collate function; calls within it belong to it.
  void begin_collate() noexcept;
  void end_collate(int64_t items) noexcept;

  [[nodiscard]] const FetchUsage& usage() const noexcept { return usage_; }

 private:
  // All zero at the start, so that thread-local storage costs threads nothing.
  FetchUsage usage_;
  int64_t cpu_before_ = 0;
  int64_t runq_before_ = 0, runq_at_ns_ = 0;  // the run-queue wait so far, and when it was read
  int64_t throttled_before_ = 0;
  ThreadReads reads_before_;
  int64_t collate_start_ns_ = 0;
  int collate_depth_ = 0;
  bool begun_ = false;
  bool waited_ = false;  // the latest fetch was off the CPU
};

// For whom a thread fetches, and its latest task.
struct FetchTask {
  bool for_others = false;  // a worker: each fetch is written when it ends
  int64_t loader = 0, epoch = 0, worker = 0;
  int64_t task = 0, received_ns = 0;
};

}  // namespace stepscope::collector
