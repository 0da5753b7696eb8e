// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/fetch_meter.hpp"

#include "collector/clock.hpp"
#include "collector/sources/host/thread_usage.hpp"

namespace stepscope::collector {
namespace {

// A worker that is busy goes from one fetch to the next within this time: what was read at the end of one still holds.
constexpr int64_t kSameReadingNs = 100'000;
// A shorter fetch is not asked what it waited for, nor a longer one that was off the CPU for less than a share of it.
constexpr int64_t kShortNs = 200'000;
constexpr int64_t kLeastWaitNs = 50'000;
constexpr int64_t kLeastWaitShare = 64;
// How old the last reading of the run-queue wait may be when a fetch begins.
constexpr int64_t kReadingAgeNs = 5'000'000;

constexpr int64_t smaller(int64_t a, int64_t b) noexcept {
  return a < b ? a : b;
}
constexpr int64_t larger(int64_t a, int64_t b) noexcept {
  return a > b ? a : b;
}

}  // namespace

int64_t FetchMeter::begin() noexcept {
  if (!begun_) {
    reads_before_ = read_thread_reads();
    throttled_before_ = cgroup_throttled_ns();
    begun_ = true;
  }
  int64_t now = now_ns();
  if (now - usage_.end_ns > kSameReadingNs) {
    if (waited_ || now - runq_at_ns_ > kReadingAgeNs) {
      runq_before_ = read_runq_ns();
      runq_at_ns_ = now;
    }
    cpu_before_ = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    now = now_ns();
  }
  usage_ = {};
  collate_depth_ = 0;
  usage_.start_ns = now;
  return now;
}

int64_t FetchMeter::end() noexcept {
  FetchUsage& usage = usage_;
  usage.end_ns = now_ns();
  const int64_t lasted = usage.end_ns - usage.start_ns;
  const int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  usage.cpu_ns = smaller(cpu - cpu_before_, lasted);
  cpu_before_ = cpu;
  const int64_t off_cpu = lasted - usage.cpu_ns;
  const int64_t least = larger(kLeastWaitNs, lasted / kLeastWaitShare);
  waited_ = lasted >= kShortNs && off_cpu >= least;
  if (!waited_) {
    return usage.end_ns;
  }
  const int64_t runq = read_runq_ns();
  usage.runq_ns = smaller(larger(runq - runq_before_, 0), off_cpu);
  runq_before_ = runq;
  runq_at_ns_ = usage.end_ns;
  const int64_t throttled = cgroup_throttled_ns();
  usage.throttled_ns = smaller(larger(throttled - throttled_before_, 0), off_cpu);
  throttled_before_ = throttled;
  if (off_cpu - usage.runq_ns >= least) {  // it waited for something besides a CPU
    const ThreadReads reads = read_thread_reads();
    usage.read_bytes = larger(reads.bytes - reads_before_.bytes, 0);
    usage.major_faults = larger(reads.major_faults - reads_before_.major_faults, 0);
    reads_before_ = reads;
  }
  return usage.end_ns;
}

void FetchMeter::begin_collate() noexcept {
  if (collate_depth_++ == 0) {
    collate_start_ns_ = now_ns();
  }
}

void FetchMeter::end_collate(int64_t items) noexcept {
  if (--collate_depth_ == 0) {
    usage_.collate_ns += now_ns() - collate_start_ns_;
    usage_.items += items;
  }
}

}  // namespace stepscope::collector
