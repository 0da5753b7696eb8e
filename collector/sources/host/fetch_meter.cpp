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
    ThreadUsage now;
    read_thread_usage(now);
    read_before_ = now.read_bytes;
    faults_before_ = now.major_faults;
    throttled_before_ = now.throttled_ns;
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
  waited_ = lasted >= kShortNs && off_cpu >= larger(kLeastWaitNs, lasted / kLeastWaitShare);
  if (!waited_) {
    return usage.end_ns;
  }
  ThreadUsage now;
  read_thread_usage(now);
  usage.runq_ns = smaller(larger(now.runq_ns - runq_before_, 0), off_cpu);
  usage.read_bytes = larger(now.read_bytes - read_before_, 0);
  usage.major_faults = larger(now.major_faults - faults_before_, 0);
  usage.throttled_ns = smaller(larger(now.throttled_ns - throttled_before_, 0), off_cpu);
  runq_before_ = now.runq_ns;
  runq_at_ns_ = usage.end_ns;
  read_before_ = now.read_bytes;
  faults_before_ = now.major_faults;
  throttled_before_ = now.throttled_ns;
  cpu_before_ = now.cpu_ns;
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
