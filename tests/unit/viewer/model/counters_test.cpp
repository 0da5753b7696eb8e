// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/counters.hpp"

#include <random>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

CounterSeries level(const std::vector<Reading>& readings) {
  return {CounterMeaning{"", "", 1, false}, readings};
}

// What the watch over a worker reads are sums since it began: they are shown as rates, never as such.
TEST(CounterMeaning, SumsOfAWorkerAreRates) {
  for (const char* name : {"watch.cpu_ns", "watch.runq_ns", "watch.read_bytes"}) {
    EXPECT_TRUE(counter_meaning(name).rate) << name;
    EXPECT_NE(counter_meaning(name).title, name);
  }
}

TEST(Counters, RangesAgreeWithLookingAtEveryReading) {
  std::mt19937_64 random(7);
  std::vector<Reading> readings;
  int64_t at = 1000;
  for (int i = 0; i < 1500; ++i) {
    readings.push_back({at, static_cast<double>(random() % 10000)});
    at += 1 + static_cast<int64_t>(random() % 50);
  }
  const CounterSeries series = level(readings);
  for (int n = 0; n < 3000; ++n) {
    const auto begin = static_cast<int64_t>(random() % static_cast<uint64_t>(at + 500));
    const int64_t end = begin + 1 + static_cast<int64_t>(random() % (n % 3 == 0 ? 20000 : 40));
    std::optional<std::pair<double, double>> expected;
    for (size_t i = 0; i < readings.size(); ++i) {
      const int64_t from = readings[i].time_ns;
      const int64_t to =
          i + 1 < readings.size() ? readings[i + 1].time_ns : from + 1;  // holds until the next one
      if (from < end && to > begin) {
        const double value = readings[i].value;
        expected = expected ? std::pair(std::min(expected->first, value), std::max(expected->second, value))
                            : std::pair(value, value);
      }
    }
    EXPECT_EQ(series.range(begin, end), expected) << begin << " to " << end;
  }
}

TEST(Counters, ASumIsShownAsARateInItsUnit) {
  const CounterMeaning throttled = counter_meaning("cgroup.cpu.throttled_ns");
  EXPECT_TRUE(throttled.rate);
  // A quarter of the first second throttled, nothing of the next, then the counter starts anew.
  const std::vector<Reading> readings{{0, 0},
                                      {1'000'000'000, 250'000'000},
                                      {2'000'000'000, 250'000'000},
                                      {3'000'000'000, 0},
                                      {4'000'000'000, 1e9}};
  const CounterSeries series(throttled, readings);
  EXPECT_NEAR(*series.at(500'000'000), 25, 1e-9);
  EXPECT_NEAR(*series.at(1'500'000'000), 0, 1e-9);
  EXPECT_NEAR(*series.at(3'500'000'000), 100, 1e-9);
  EXPECT_EQ(counter_text(*series.at(0), throttled.unit), "25 %");
  EXPECT_FALSE(series.at(4'000'000'001).has_value());
  EXPECT_FALSE(series.at(-1).has_value());
}

TEST(Counters, AnUnknownNameIsALevelUnderItsOwnName) {
  const CounterMeaning meaning = counter_meaning("my.queue");
  EXPECT_EQ(meaning.title, "my.queue");
  EXPECT_FALSE(meaning.rate);
  EXPECT_GT(counter_order("my.queue"), counter_order("psi.memory.some_us"));
}

TEST(Counters, NoReadingsAreNoLine) {
  EXPECT_EQ(level({}).size(), 0U);
  EXPECT_FALSE(level({}).range(0, 100).has_value());
  const CounterMeaning rate{"", "", 1, true};
  const std::vector<Reading> one{{5, 7}};
  EXPECT_EQ(CounterSeries(rate, one).size(), 0U) << "one reading of a sum is no rate";
}

TEST(Counters, LinesOfTwoRunsArePairedByThePartTheyPlay) {
  std::vector<CounterLine> a(2);
  a[0].key = "main/0/gpu0/gpu.power_mw";
  a[1].key = "main/0/0/proc.cpu_ns";
  std::vector<CounterLine> b(2);
  b[0].key = "main/0/0/proc.cpu_ns";
  b[1].key = "worker/0/0/proc.cpu_ns";
  const auto pairs = pair_counters(a, b);
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].line[1], nullptr);
  EXPECT_EQ(pairs[1].line[0], a.data() + 1);
  EXPECT_EQ(pairs[1].line[1], b.data());
  EXPECT_EQ(pairs[2].line[0], nullptr);
}

// Lines of constant values, one a name and run.
CounterLine constant(const std::string& name, const std::string& key, double value) {
  CounterLine line;
  line.name = name;
  line.key = key;
  line.meaning = counter_meaning(name);
  line.meaning.rate = false;
  line.meaning.scale = 1;
  line.series = CounterSeries(line.meaning, std::vector<Reading>{{0, value}, {100, value}});
  line.measure(0, 100);
  return line;
}

TEST(Counters, WhatTellsTheRunsApartIsShownUnasked) {
  const std::vector<CounterLine> a{
      constant("gpu.sm_clock_mhz", "0/clock", 1980), constant("gpu.sm_clock_mhz", "1/clock", 1980),
      constant("gpu.power_mw", "0/power", 700), constant("gpu.throttle.power_cap_ns", "0/cap", 0),
      constant("gpu.throttle.thermal_sw_ns", "0/hot", 30)};
  const std::vector<CounterLine> b{
      constant("gpu.sm_clock_mhz", "0/clock", 1900), constant("gpu.sm_clock_mhz", "1/clock", 1410),
      constant("gpu.power_mw", "0/power", 690), constant("gpu.throttle.power_cap_ns", "0/cap", 90),
      constant("gpu.throttle.thermal_sw_ns", "0/hot", 44)};
  const auto pairs = pair_counters(a, b);
  EXPECT_EQ(telling_counters(pairs, 3), (std::vector<size_t>{1, 3}))
      << "the GPU whose clock fell most, and the cap";
  EXPECT_EQ(telling_counters(pairs, 1).size(), 1U);
  EXPECT_TRUE(telling_counters(pair_counters(a, a), 3).empty());
  // A few page faults more are nothing, many are.
  const auto faults = [](double before, double after) {
    std::vector<CounterLine> some{constant("proc.major_faults", "0", before),
                                  constant("proc.major_faults", "0", after)};
    for (CounterLine& line : some) {
      line.meaning.rate = true;
    }
    return telling_counters(pair_counters({&some[0], 1}, {&some[1], 1}), 3).size();
  };
  EXPECT_EQ(faults(1, 30), 0U);
  EXPECT_EQ(faults(1, 300), 1U);
  // One run: what changes within it.
  std::vector<CounterLine> one{constant("gpu.sm_clock_mhz", "0/clock", 1980),
                               constant("gpu.power_mw", "0/power", 0)};
  one[1].series = CounterSeries(one[1].meaning, std::vector<Reading>{{0, 300}, {50, 700}, {100, 700}});
  one[1].measure(0, 100);
  EXPECT_EQ(telling_counters(pair_counters(one, {}), 3), (std::vector<size_t>{1}));
}

TEST(Counters, TheMeanIsOverTime) {
  const CounterSeries series = level({{0, 10}, {10, 20}, {40, 5}});
  EXPECT_NEAR(series.mean(0, 40), (10 * 10 + 20 * 30) / 40.0, 1e-9);
  EXPECT_NEAR(series.mean(5, 20), (10 * 5 + 20 * 10) / 15.0, 1e-9) << "start-up left out";
  EXPECT_EQ(series.mean(50, 60), 5);
  EXPECT_EQ(series.mean(-9, -1), 10);
  EXPECT_EQ(level({{7, 3}}).mean(0, 9), 3);
  EXPECT_EQ(level({}).mean(0, 9), 0);
}

TEST(Counters, TheScaleIsOfBothRunsAndHidesNoise) {
  const std::vector<CounterLine> a{constant("gpu.sm_clock_mhz", "0", 1980)};
  const std::vector<CounterLine> b{constant("gpu.sm_clock_mhz", "0", 1979)};
  const CounterScale near = counter_scale(pair_counters(a, b)[0]);
  EXPECT_LT(near.share(1980) - near.share(1979), 0.02);
  const std::vector<CounterLine> c{constant("gpu.sm_clock_mhz", "0", 100)};
  const CounterScale far = counter_scale(pair_counters(a, c)[0]);
  EXPECT_EQ(far.low, 0);
  EXPECT_LT(far.share(1980), 1);
}

TEST(Counters, NumbersStandInTheirUnit) {
  EXPECT_EQ(counter_text(1980, "MHz"), "1980 MHz");
  EXPECT_EQ(counter_text(38.04, "%"), "38.0 %");
  EXPECT_EQ(counter_text(0.253, ""), "0.25");
  EXPECT_EQ(counter_text(3.0 * 1024 * 1024 * 1024, "bytes"), "3.00 GiB");
  EXPECT_EQ(counter_text(2048, "bytes/s"), "2.00 KiB/s");
}

}  // namespace
}  // namespace stepscope::viewer
