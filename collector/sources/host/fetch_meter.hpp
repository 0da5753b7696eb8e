// SPDX-License-Identifier: Apache-2.0
//
// FetchMeter: what one thread's fetches of a data loader took and used, asked of the system as seldom as the answer allows.
//
// On a thread that has just done real work a system call costs microseconds, and a fetch may be short. So
//   - a fetch is measured when it lasted 2.5 ms, or when the last reading is 20 ms old as it begins: the CPU clock at both ends, and what
//     it waited for at its end, if it was off the CPU for a time worth explaining: the run-queue wait first, and what it read only
//     when that does not explain it;
//   - the short ones in between are given the shares of their time that were measured on such fetches lately;
//   - a long one that was not foreseen is measured from the CPU clock by reckoning: what went before it since the last reading,
//     and the gaps between fetches at what they cost before. How wrong the shares were for at most 20 ms is then its error.
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
  // Since the thread's previous measured fetch that waited for something besides a CPU.
  int64_t read_bytes = 0, major_faults = 0;
  // The fetch's calls of the collate function, and how many samples they were given.
  int64_t collate_ns = 0, items = 0;
  int64_t tokens = 0;  // in the batches that it returned; 0: not known
};

class FetchMeter {
 public:
  // A fetch begins; returns when.
  [[gnu::hot]] int64_t begin() noexcept;
  // It ended; returns when. `usage()` tells of it until the next begin().
  [[gnu::hot]] int64_t end() noexcept;

  // Around a call of the collate function; calls within it belong to it.
  [[gnu::hot]] void begin_collate() noexcept;
  [[gnu::hot]] void end_collate(int64_t items) noexcept;
  // The latest fetch's batch has so many tokens.
  void add_tokens(int64_t tokens) noexcept { usage_.tokens += tokens; }

  [[nodiscard]] const FetchUsage& usage() const noexcept { return usage_; }

 private:
  // The share of short fetches' time that something was, over the last few measured ones.
  struct Share {
    int64_t part_ns = 0, whole_ns = 0;

    void learn(int64_t part, int64_t whole) noexcept;
    [[nodiscard]] int64_t of(int64_t whole) const noexcept;
  };

  void measure(int64_t lasted) noexcept;
  void keep_reading(int64_t cpu, int64_t now) noexcept;

  // All zero at the start, so that thread-local storage costs threads nothing.
  FetchUsage usage_;
  int64_t cpu_before_ = 0;  // the CPU clock, by reckoning
  int64_t read_at_ns_ = 0;  // when it was read last
  int64_t gaps_ = 0;        // between fetches, since then
  int64_t between_ns_ = 0;  // CPU time in such a gap, as learned
  int64_t runq_before_ = 0, throttled_before_ = 0;
  ThreadReads reads_before_;
  Share off_cpu_, runq_, throttled_;
  int64_t collate_start_ns_ = 0;
  int collate_depth_ = 0;
  bool begun_ = false;
  bool measured_ = false;  // the fetch under way
};

// For whom a thread fetches, and its latest task.
struct FetchTask {
  bool for_others = false;  // a worker: each fetch is written when it ends
  int64_t loader = 0, epoch = 0, worker = 0;
  int64_t task = 0, received_ns = 0;
};

}  // namespace stepscope::collector
