// SPDX-License-Identifier: Apache-2.0
// FetchMeter: one thread fetches, computes, sleeps and reads as data loaders do, and the meter tells which it was.
#include "collector/sources/host/fetch_meter.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "collector/clock.hpp"

namespace stepscope::collector {
namespace {

void compute(int64_t ns) {
  const int64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;
  while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
  }
}

TEST(FetchMeter, ComputingIsCpuTime) {
  FetchMeter meter;
  const int64_t before = now_ns();
  const int64_t start = meter.begin();
  compute(5'000'000);
  const int64_t end = meter.end();
  const FetchUsage& used = meter.usage();
  EXPECT_LE(before, start);
  EXPECT_EQ(used.start_ns, start);
  EXPECT_EQ(used.end_ns, end);
  EXPECT_GE(used.cpu_ns, 5'000'000);
  EXPECT_LE(used.cpu_ns, end - start);
}

TEST(FetchMeter, SleepingIsNeitherCpuTimeNorAWaitForOne) {
  FetchMeter meter;
  meter.begin();
  sleep_ns(20'000'000);
  meter.end();
  const FetchUsage& used = meter.usage();
  EXPECT_GE(used.end_ns - used.start_ns, 20'000'000);
  EXPECT_LT(used.cpu_ns, 10'000'000);
  EXPECT_LE(used.runq_ns, used.end_ns - used.start_ns - used.cpu_ns);
}

TEST(FetchMeter, WhatAWaitingFetchReadIsKnown) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  char bytes[4096] = {};
  FetchMeter meter;
  meter.begin();
  ASSERT_EQ(write(ends[1], bytes, sizeof(bytes)), static_cast<ssize_t>(sizeof(bytes)));
  ASSERT_EQ(read(ends[0], bytes, sizeof(bytes)), static_cast<ssize_t>(sizeof(bytes)));
  sleep_ns(5'000'000);
  meter.end();
  if (access("/proc/thread-self/io", R_OK) == 0) {
    EXPECT_GE(meter.usage().read_bytes, static_cast<int64_t>(sizeof(bytes)));
  }
  close(ends[0]);
  close(ends[1]);
}

TEST(FetchMeter, EachFetchStartsAnew) {
  FetchMeter meter;
  meter.begin();
  meter.begin_collate();
  sleep_ns(3'000'000);
  meter.end_collate(7);
  meter.end();
  EXPECT_GE(meter.usage().collate_ns, 3'000'000);
  EXPECT_EQ(meter.usage().items, 7);
  meter.begin();
  meter.end();
  EXPECT_EQ(meter.usage().collate_ns, 0);
  EXPECT_EQ(meter.usage().items, 0);
  EXPECT_EQ(meter.usage().read_bytes, 0);
  EXPECT_EQ(meter.usage().runq_ns, 0);
}

TEST(FetchMeter, ShortFetchesHaveTheSharesOfTheMeasuredOnes) {
  FetchMeter meter;
  int64_t lasted = 0, cpu = 0;
  for (int i = 0; i < 300; ++i) {  // a fifth of each is computing, the rest is sleep
    const int64_t start = meter.begin();
    compute(200'000);
    sleep_ns(700'000);
    lasted += meter.end() - start;
    cpu += meter.usage().cpu_ns;
    EXPECT_LE(meter.usage().cpu_ns, meter.usage().end_ns - meter.usage().start_ns);
  }
  const double share = static_cast<double>(cpu) / static_cast<double>(lasted);
  EXPECT_GT(share, 0);
  EXPECT_LT(share, 0.6) << "what sleeps most of the time is not computing, measured or not";
}

TEST(FetchMeter, ALongFetchAfterShortOnesIsMeasured) {
  FetchMeter meter;
  for (int i = 0; i < 200; ++i) {
    meter.begin();
    compute(50'000);
    meter.end();
  }
  meter.begin();
  sleep_ns(20'000'000);
  meter.end();
  EXPECT_LT(meter.usage().cpu_ns, 10'000'000);
  meter.begin();
  compute(20'000'000);
  meter.end();
  EXPECT_GE(meter.usage().cpu_ns, 18'000'000);
}

TEST(FetchMeter, ACollateWithinACollateCountsOnce) {
  FetchMeter meter;
  const int64_t start = meter.begin();
  meter.begin_collate();
  meter.begin_collate();
  sleep_ns(2'000'000);
  meter.end_collate(3);
  meter.end_collate(4);
  const int64_t end = meter.end();
  EXPECT_GE(meter.usage().collate_ns, 2'000'000);
  EXPECT_LE(meter.usage().collate_ns, end - start);
  EXPECT_EQ(meter.usage().items, 4);
}

}  // namespace
}  // namespace stepscope::collector
