// SPDX-License-Identifier: Apache-2.0
//
// What watched processes (data-loading workers) are doing, sampled from outside at about 20 Hz: running, or blocked in
// which kind of system call. Tells a worker that waits for a disk from one that sleeps.
//
// Counters, cumulative numbers of samples, subject = the watched pid: watch.samples watch.running watch.read watch.sleep
// watch.futex watch.poll watch.other. Sources: /proc/PID/stat (state) and /proc/PID/syscall (needs ptrace rights, which
// a parent has over its children; without them a blocked worker counts as "other").
// And with each report, since a worker that is stuck in one long fetch cannot say so itself: watch.cpu_ns watch.runq_ns
// (its main thread) watch.read_bytes, cumulative.
// watch() from any thread; sample() and report() under the drain lock.
#pragma once

#include <stdint.h>

#include <atomic>

#include "collector/text.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector {

enum class WatchState : uint8_t { kRunning, kRead, kSleep, kFutex, kPoll, kOther };
inline constexpr int kWatchStateCount = 6;

// Class of the system call a blocked process is in.
[[nodiscard]] WatchState classify_syscall(uint64_t number) noexcept;
// From the texts of /proc/PID/stat and /proc/PID/syscall ("" when it cannot be read).
[[nodiscard]] WatchState classify(TextView stat, TextView syscall) noexcept;

class WorkerWatch {
 public:
  static constexpr int kMaxWatched = 128;

  // False when too many are watched already.
  bool watch(uint32_t pid, bool on) noexcept;
  [[nodiscard]] bool any() const noexcept { return count_.load(std::memory_order_relaxed) > 0; }

  void sample() noexcept;
  // Writes the counts as events; also those of workers that ended since the last report.
  void report(trace::Spool& spool, trace::Ring* ring, uint32_t lane, int64_t now) noexcept;
  void clear() noexcept;

 private:
  struct Entry {
    std::atomic<uint32_t> pid{0};
    std::atomic<bool> on{false};
    uint32_t of_pid = 0;  // whose counts these are
    uint64_t samples = 0;
    uint64_t states[kWatchStateCount] = {};
  };

  Entry entries_[kMaxWatched];
  std::atomic<int> count_{0};
};

}  // namespace stepscope::collector
