// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/fetch_meter.hpp"

#include "collector/clock.hpp"
#include "collector/sources/host/thread_usage.hpp"

namespace stepscope::collector {
namespace {

// A fetch that begins so long after the last reading is measured, and so is one that is long itself.
constexpr int64_t kReadingAgeNs = 20'000'000;
constexpr int64_t kLongNs = 2'500'000;
// A measured fetch is not asked what it waited for when it was off the CPU for less than this, or than a share of it.
constexpr int64_t kLeastWaitNs = 50'000;
constexpr int64_t kLeastWaitShare = 64;
// More CPU time than this between two fetches is no part of a data loader's loop.
constexpr int64_t kMaxBetweenNs = 100'000;
// What is learned is a mean over about so many readings.
constexpr int64_t kLearnedOver = 8;

constexpr int64_t smaller(int64_t a, int64_t b) noexcept {
  return a < b ? a : b;
}
constexpr int64_t larger(int64_t a, int64_t b) noexcept {
  return a > b ? a : b;
}
constexpr int64_t within(int64_t value, int64_t least, int64_t most) noexcept {
  return smaller(larger(value, least), most);
}

}  // namespace

int64_t FetchMeter::begin() noexcept {
  if (!begun_) {
    reads_before_ = read_thread_reads();
    throttled_before_ = cgroup_throttled_ns();
    begun_ = true;
  }
  int64_t now = now_ns();
  const int64_t gap = smaller(now - usage_.end_ns, between_ns_);
  cpu_before_ += gap;
  ++gaps_;
  measured_ = now - read_at_ns_ > kReadingAgeNs;
  if (measured_) {
    runq_before_ = read_runq_ns();
    const int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    // By how much the reckoning was wrong is the fault of the gaps.
    between_ns_ = within(between_ns_ + (cpu - cpu_before_) / (gaps_ * kLearnedOver), 0, kMaxBetweenNs);
    now = now_ns();
    keep_reading(cpu, now);
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
  if (measured_ || lasted >= kLongNs) {
    measure(lasted);
  } else {
    usage.cpu_ns = lasted - off_cpu_.of(lasted);
    usage.runq_ns = runq_.of(lasted);
    usage.throttled_ns = throttled_.of(lasted);
    cpu_before_ += usage.cpu_ns;
  }
  return usage.end_ns;
}

void FetchMeter::measure(int64_t lasted) noexcept {
  FetchUsage& usage = usage_;
  const int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  usage.cpu_ns = within(cpu - cpu_before_, 0, lasted);
  keep_reading(cpu, usage.end_ns);
  const int64_t off_cpu = lasted - usage.cpu_ns;
  const int64_t least = larger(kLeastWaitNs, lasted / kLeastWaitShare);
  if (off_cpu >= least) {
    const int64_t runq = read_runq_ns();
    usage.runq_ns = within(runq - runq_before_, 0, off_cpu);
    runq_before_ = runq;
    const int64_t throttled = cgroup_throttled_ns();
    usage.throttled_ns = within(throttled - throttled_before_, 0, off_cpu);
    throttled_before_ = throttled;
    if (off_cpu - usage.runq_ns >= least) {  // it waited for something besides a CPU
      const ThreadReads reads = read_thread_reads();
      usage.read_bytes = larger(reads.bytes - reads_before_.bytes, 0);
      usage.major_faults = larger(reads.major_faults - reads_before_.major_faults, 0);
      reads_before_ = reads;
    }
  }
  if (lasted < kLongNs) {
    off_cpu_.learn(off_cpu, lasted);
    runq_.learn(usage.runq_ns, lasted);
    throttled_.learn(usage.throttled_ns, lasted);
  }
}

void FetchMeter::keep_reading(int64_t cpu, int64_t now) noexcept {
  cpu_before_ = cpu;
  read_at_ns_ = now;
  gaps_ = 0;
}

void FetchMeter::Share::learn(int64_t part, int64_t whole) noexcept {
  part_ns += part - part_ns / kLearnedOver;
  whole_ns += whole - whole_ns / kLearnedOver;
}

int64_t FetchMeter::Share::of(int64_t whole) const noexcept {
  return whole_ns == 0 ? 0
                       : static_cast<int64_t>(static_cast<double>(whole) * static_cast<double>(part_ns) /
                                              static_cast<double>(whole_ns));
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
