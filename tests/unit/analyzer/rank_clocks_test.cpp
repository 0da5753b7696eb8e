// SPDX-License-Identifier: Apache-2.0
//
// Clocks of ranks, from when they left the collectives they share.
#include "analyzer/rank_clocks.hpp"

#include <functional>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

constexpr int64_t kClockMs = 1'000'000;

// Collectives of some ranks, one every 10 ms. `ahead` is what a rank's clock shows too much at a true time.
class Collectives {
 public:
  void meet(const std::vector<uint32_t>& ranks, size_t times,
            const std::function<int64_t(uint32_t rank, size_t time, int64_t ns)>& ahead,
            bool simultaneous = true) {
    for (size_t i = 0; i < times; ++i) {
      Meeting meeting;
      meeting.op = simultaneous ? "all_reduce" : "send_recv";
      meeting.simultaneous = simultaneous;
      meeting.first = meetings_.attendances.size();
      meeting.count = ranks.size();
      const int64_t end = static_cast<int64_t>(i + 1) * 10 * kClockMs;
      for (const uint32_t rank : ranks) {
        meetings_.attendances.push_back(
            {rank, end - kClockMs + ahead(rank, i, end), end + ahead(rank, i, end)});
      }
      meetings_.all.push_back(meeting);
    }
  }
  [[nodiscard]] const Meetings& all() const { return meetings_; }

 private:
  Meetings meetings_;
};

TEST(RankClocks, OffsetAndDriftAreFound) {
  Collectives some;
  some.meet({0, 1}, 100, [](uint32_t rank, size_t, int64_t ns) {
    return rank == 0 ? 0 : 50 * kClockMs + ns / 20000;  // 50 ms ahead, 50 ppm fast
  });
  const auto clocks = fit_rank_clocks(some.all(), 2);
  ASSERT_TRUE(clocks.has_value());
  EXPECT_EQ((*clocks)[0].to_first(123), 123) << "the first rank is the measure";
  EXPECT_NEAR((*clocks)[1].drift, 50e-6, 1e-8);
  EXPECT_NEAR(static_cast<double>((*clocks)[1].to_first(550 * kClockMs + 25000)), 500.0 * kClockMs, 2);
  EXPECT_LE((*clocks)[1].residual_ns, 2);
  EXPECT_EQ((*clocks)[1].collectives, 100U);
}

TEST(RankClocks, AFifthOfWildEndsDoesNoHarmAndTheResidualTellsOfThem) {
  Collectives some;
  some.meet({0, 1}, 100, [](uint32_t rank, size_t time, int64_t) {
    return rank == 0 ? 0 : 3 * kClockMs + (time % 5 == 0 ? 7 * kClockMs : 0);
  });
  const auto clocks = fit_rank_clocks(some.all(), 2);
  ASSERT_TRUE(clocks.has_value());
  EXPECT_EQ((*clocks)[1].to_first(900 * kClockMs), 897 * kClockMs);
  EXPECT_EQ((*clocks)[1].residual_ns, 7 * kClockMs) << "one end in five is off by as much";
}

TEST(RankClocks, ARankIsReachedOverOthers) {
  Collectives links;  // of a pipeline: nobody meets everybody
  const auto ahead = [](uint32_t rank, size_t time, int64_t) {
    return static_cast<int64_t>(rank) * 5 * kClockMs +
           (time % 2 == 0 ? 0 : static_cast<int64_t>(rank) * 1000);
  };
  links.meet({0, 1}, 40, ahead, false);
  links.meet({1, 2}, 40, ahead, false);
  const auto clocks = fit_rank_clocks(links.all(), 3);
  ASSERT_TRUE(clocks.has_value());
  EXPECT_NEAR(static_cast<double>((*clocks)[2].to_first(100 * kClockMs)), 90.0 * kClockMs, 1000);
  EXPECT_GE((*clocks)[2].residual_ns, (*clocks)[1].residual_ns) << "what is uncertain on the way adds up";
}

TEST(RankClocks, WhatAllLeaveTogetherCountsBeforeSends) {
  Collectives mixed;
  mixed.meet(
      {0, 1}, 60, [](uint32_t rank, size_t, int64_t) { return rank == 0 ? 0 : 9 * kClockMs; }, false);
  mixed.meet({0, 1}, 20, [](uint32_t rank, size_t, int64_t) { return rank == 0 ? 0 : 4 * kClockMs; });
  const auto clocks = fit_rank_clocks(mixed.all(), 2);
  ASSERT_TRUE(clocks.has_value());
  EXPECT_EQ((*clocks)[1].to_first(50 * kClockMs), 46 * kClockMs);
}

TEST(RankClocks, TooLittleInCommonIsNoAlignment) {
  Collectives few;
  few.meet({0, 1}, kFewestShared - 1, [](uint32_t, size_t, int64_t) { return 0; });
  EXPECT_FALSE(fit_rank_clocks(few.all(), 2).has_value());
  Collectives apart;
  apart.meet({0, 1}, 50, [](uint32_t, size_t, int64_t) { return 0; });
  apart.meet({2, 3}, 50, [](uint32_t, size_t, int64_t) { return 0; });
  EXPECT_FALSE(fit_rank_clocks(apart.all(), 4).has_value()) << "two halves that never meet";
}

TEST(RankClocks, TimesKeepTheirOrder) {
  Collectives some;
  some.meet({0, 1}, 50, [](uint32_t rank, size_t, int64_t ns) { return rank == 0 ? 0 : ns / 5000; });
  const auto clocks = fit_rank_clocks(some.all(), 2);
  ASSERT_TRUE(clocks.has_value());
  for (int64_t ns = 100 * kClockMs; ns < 100 * kClockMs + 20000; ++ns) {
    ASSERT_LE((*clocks)[1].to_first(ns), (*clocks)[1].to_first(ns + 1));
  }
}

TEST(RankClocks, TwoThousandRanksAreNoMatterOfMinutes) {
  std::vector<uint32_t> all(2000);
  std::iota(all.begin(), all.end(), 0U);
  Collectives some;
  some.meet(all, kFewestShared, [](uint32_t rank, size_t, int64_t) { return rank * kClockMs; });
  const auto clocks = fit_rank_clocks(some.all(), all.size());
  ASSERT_TRUE(clocks.has_value());
  EXPECT_EQ(clocks->back().to_first(2500 * kClockMs), 501 * kClockMs);
}

}  // namespace
}  // namespace stepscope::analysis
