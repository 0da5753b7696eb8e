// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/statistics.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "analyzer/gate/distributions.hpp"
#include "analyzer/gate/spending.hpp"
#include "analyzer/gate/warmup.hpp"

namespace stepscope::analysis {
namespace {

// Values of printed tables (Abramowitz and Stegun 26.1, 26.8, 26.10; Fisher's F at 5 %).
TEST(Distributions, AgreeWithPrintedTables) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167813, 1e-11);
  EXPECT_NEAR(student_t_quantile(0.95, 1), 6.313751514675043, 1e-9);
  EXPECT_NEAR(student_t_quantile(0.95, 4), 2.131846786326649, 1e-9);
  EXPECT_NEAR(student_t_quantile(0.975, 30), 2.042272456301238, 1e-9);
  EXPECT_NEAR(student_t_quantile(0.05, 4), -2.131846786326649, 1e-9);
  EXPECT_NEAR(chi_squared_quantile(0.95, 2), 5.991464547107979, 1e-9);
  EXPECT_NEAR(chi_squared_quantile(0.05, 9), 3.325112843066815, 1e-9);
  EXPECT_NEAR(f_cdf(4.256494729093748, 2, 9), 0.95, 1e-9);
}

TEST(Statistics, MediansAndRanks) {
  const std::vector<double> values{4, 1, 3, 2};
  EXPECT_EQ(median_of(values), 2.5);
  EXPECT_EQ(median_of(std::vector<double>{4, 1, 3}), 3);
  EXPECT_EQ(median_of({}), 0);
  EXPECT_EQ(nearest_rank(values, 0.95), 4);
  EXPECT_EQ(nearest_rank(values, 0.5), 2);
  EXPECT_NEAR(sample_variance(values), 5.0 / 3, 1e-12);
}

// 1 - 2 P(Binomial(n, 1/2) < k): from 6 values on there is an interval at 95 %, at 10 it is the second and the ninth.
TEST(Statistics, TheMediansIntervalIsTheNarrowestThatCovers) {
  EXPECT_FALSE(median_interval(std::vector<double>{1, 2, 3, 4, 5}, 0.95).known);
  const MedianInterval of_ten = median_interval(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.95);
  EXPECT_EQ(of_ten.low, 2);
  EXPECT_EQ(of_ten.high, 9);
  EXPECT_NEAR(of_ten.coverage, 1 - 22.0 / 1024, 1e-12);
}

// Three against three can never be significant at 5 %: the smallest p is 2 / 20.
TEST(Statistics, MannWhitneyIsExact) {
  const std::vector<double> low{1, 2, 3};
  const std::vector<double> high{4, 5, 6};
  EXPECT_NEAR(mann_whitney(low, high).p, 0.1, 1e-12);
  EXPECT_EQ(mann_whitney(low, high).u, 0);
  EXPECT_EQ(mann_whitney(high, low).u, 9);
  EXPECT_EQ(mann_whitney(low, low).p, 1);
  EXPECT_EQ(mann_whitney(low, std::vector<double>{}).p, -1);
}

TEST(Statistics, FalseDiscoveryRejectsUpToTheLastThatHolds) {
  // 0.04 alone would fail its own limit of 0.0375, but 0.045 holds 0.05 and takes it along.
  EXPECT_EQ(false_discovery(std::vector<double>{0.01, 0.045, 0.04, 0.02}, 0.05),
            (std::vector<bool>{true, true, true, true}));
  EXPECT_EQ(false_discovery(std::vector<double>{0.01, 0.5, 0.04, 0.9}, 0.05),
            (std::vector<bool>{true, false, false, false}));
  const std::vector<double> q = false_discovery_q(std::vector<double>{0.01, 0.045, 0.04, 0.02});
  ASSERT_EQ(q.size(), 4U);
  EXPECT_NEAR(q[0], 0.04, 1e-12) << "rejected with 0.02, or not at all";
  EXPECT_NEAR(q[1], 0.045, 1e-12);
  EXPECT_NEAR(q[2], 0.045, 1e-12);
  EXPECT_NEAR(q[3], 0.04, 1e-12);
  EXPECT_TRUE(false_discovery_q({}).empty());
}

TEST(Spending, OneLookHasAllOfAlpha) {
  EXPECT_NEAR(nominal_levels(std::vector<double>{3}, 0.05)[0], 0.05, 1e-9);
  EXPECT_EQ(level_at(5, 3, 3, 3, 0.05), 0.05);
}

// Two equally spaced looks: alpha / 2 at the first; what the second then may use was found by simulation of 10^8 pairs of
// normal scores: P(Z1 < 1.96, Z2 >= z) = 0.025 at z = 1.7934.
TEST(Spending, EveryLookBuysTheSameShare) {
  const std::vector<double> levels = nominal_levels(std::vector<double>{1, 2}, 0.05);
  EXPECT_NEAR(levels[0], 0.025, 1e-6);
  EXPECT_GT(levels[1], 0.025) << "the looks are correlated: less is needed for the same share";
  EXPECT_LT(levels[1], 0.05);
}

TEST(Spending, MoreLooksCostMore) {
  EXPECT_LT(level_at(5, 3, 2, 10, 0.05), level_at(5, 3, 2, 5, 0.05));
  EXPECT_GT(level_at(5, 10, 2, 10, 0.05), 0.01);
}

TEST(Warmup, ALevelShiftAtTheStartIsCutAndNoiseIsNot) {
  std::vector<int64_t> steps;
  for (int i = 0; i < 100; ++i) {
    steps.push_back(1'000'000 + (i * 7919) % 20'000 + (i < 17 ? 100'000 : 0));
  }
  EXPECT_EQ(unsettled_steps(steps), 17U);
  for (size_t i = 0; i < 17; ++i) {
    steps[i] -= 100'000;
  }
  EXPECT_EQ(unsettled_steps(steps), 0U);
  EXPECT_EQ(unsettled_steps(std::vector<int64_t>{9, 9, 1, 1, 1}), 0U) << "10 steps must stay";
}

}  // namespace
}  // namespace stepscope::analysis
