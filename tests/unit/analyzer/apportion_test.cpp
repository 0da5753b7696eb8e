// SPDX-License-Identifier: Apache-2.0
#include "analyzer/apportion.hpp"

#include <cmath>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> split(int64_t total, std::vector<int64_t> weights) {
  return apportion(total, weights);
}

TEST(Apportion, GivesTheRemainderToTheLargestFractions) {
  EXPECT_THAT(split(10, {1, 1, 1}), ElementsAre(4, 3, 3));
  EXPECT_THAT(split(7, {5, 3, 2}), ElementsAre(4, 2, 1));
}

TEST(Apportion, GivesEverythingToTheFirstWhenNothingIsWeighed) {
  EXPECT_THAT(split(7, {0, 0}), ElementsAre(7, 0));
}

TEST(Apportion, SplitsAcrossOpposingSigns) {
  EXPECT_THAT(split(5, {10, -5}), ElementsAre(10, -5));
}

TEST(Apportion, NeverLosesANanosecond) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<int64_t> amount(-1000000000000, 1000000000000);
  for (int round = 0; round < 5000; ++round) {
    std::vector<int64_t> weights(1 + random() % 9);
    for (int64_t& weight : weights) {
      weight = round % 2 == 0 ? std::abs(amount(random)) : amount(random) / 1000000;
    }
    const int64_t total = amount(random);
    const std::vector<int64_t> parts = apportion(total, weights);
    ASSERT_EQ(std::accumulate(parts.begin(), parts.end(), int64_t{0}), total);
    const double sum = static_cast<double>(std::accumulate(weights.begin(), weights.end(), int64_t{0}));
    for (size_t i = 0; i < parts.size() && round % 2 == 0; ++i) {
      const double exact = static_cast<double>(total) * (static_cast<double>(weights[i]) / sum);
      ASSERT_NEAR(static_cast<double>(parts[i]), exact, 1.01);
    }
  }
}

TEST(RoundedMean, RoundsHalfAwayFromZero) {
  EXPECT_EQ(rounded_mean(5, 2), 3);
  EXPECT_EQ(rounded_mean(-5, 2), -3);
  EXPECT_EQ(rounded_mean(4, 3), 1);
}

TEST(ClosedMeans, AddUpToTheMeanOfTheTotal) {
  const std::vector<int64_t> sums = {10, 11, 12};
  const std::vector<int64_t> means = closed_means(sums, 7);
  EXPECT_EQ(std::accumulate(means.begin(), means.end(), int64_t{0}), rounded_mean(33, 7));
}

}  // namespace
}  // namespace stepscope::analysis
