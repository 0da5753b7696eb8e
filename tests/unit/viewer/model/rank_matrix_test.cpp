// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/rank_matrix.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

RankMatrix matrix_of(size_t ranks, size_t steps, uint64_t seed) {
  RankMatrix matrix;
  std::mt19937_64 random(seed);
  for (size_t r = 0; r < ranks; ++r) {
    matrix.ranks.push_back({static_cast<int32_t>(r), static_cast<uint32_t>(r), 0, "node"});
  }
  for (size_t s = 0; s < steps; ++s) {
    matrix.steps.push_back(static_cast<int64_t>(s) + 10);
  }
  matrix.resize();
  for (auto& values : matrix.ns) {
    for (float& value : values) {
      value = static_cast<float>(random() % 1000) + 1;
    }
  }
  return matrix;
}

TEST(RankMatrix, ACellIsTheValueFarthestFromZeroUnderIt) {
  RankMatrix matrix = matrix_of(37, 101, 5);
  matrix.ns[0][matrix.at(3, 7)] = std::nanf("");
  const auto order = order_ranks(matrix, RankOrder::kRank);
  const HeatGrid grid = heat_grid({&matrix, nullptr, RankMetric::kStep}, order, 20, 9);
  ASSERT_EQ(grid.columns, 20U);
  ASSERT_EQ(grid.rows, 9U);
  std::vector<float> expected(20 * 9, 0);
  for (size_t r = 0; r < 37; ++r) {
    for (size_t s = 0; s < 101; ++s) {
      const float value = matrix.value(RankMetric::kStep, r, s);
      float& cell = expected[r * 9 / 37 * 20 + s * 20 / 101];
      cell = std::isnan(value) ? cell : std::max(cell, value);
    }
  }
  EXPECT_EQ(grid.value, expected);
  EXPECT_LT(grid.low, 50);
  EXPECT_GT(grid.high, 950);
}

// Every rank of a healthy job holds it now and then by a few microseconds.
TEST(RankMatrix, WhatIsLessThanAHundredthOfAStepStaysPale) {
  RankMatrix matrix = matrix_of(4, 50, 6);  // 1 to 1000 ns
  for (float& step : matrix.ns[static_cast<size_t>(RankMetric::kStep)]) {
    step = 1'000'000;
  }
  const auto order = order_ranks(matrix, RankOrder::kRank);
  const HeatGrid late = heat_grid({&matrix, nullptr, RankMetric::kHeld}, order, 50, 4);
  EXPECT_FLOAT_EQ(late.high - late.low, 10'000);
  const RankMatrix other = matrix_of(4, 50, 7);
  EXPECT_FLOAT_EQ(heat_grid({&matrix, &other, RankMetric::kHeld}, order, 50, 4).high, 10'000);

  matrix.ns[static_cast<size_t>(RankMetric::kHeld)].assign(200, 500'000);  // a rank that is really late
  matrix.ns[static_cast<size_t>(RankMetric::kHeld)][0] = 0;
  const HeatGrid all = heat_grid({&matrix, nullptr, RankMetric::kHeld}, order, 50, 4);
  EXPECT_FLOAT_EQ(all.high, 510'000) << "all are as late";
}

TEST(RankMatrix, AGridIsNeverFinerThanTheMatrix) {
  const RankMatrix matrix = matrix_of(2, 3, 1);
  const HeatGrid grid =
      heat_grid({&matrix, nullptr, RankMetric::kStep}, order_ranks(matrix, RankOrder::kRank), 500, 500);
  EXPECT_EQ(grid.columns, 3U);
  EXPECT_EQ(grid.rows, 2U);
}

TEST(RankMatrix, ADifferencePairsRanksAndStepsByNumber) {
  const RankMatrix a = matrix_of(4, 5, 1);
  RankMatrix b = matrix_of(3, 5, 2);
  b.steps = {12, 13, 14, 15, 16};
  b.ranks[2].rank = 3;  // rank 2 is missing
  const HeatGrid grid = heat_grid({&b, &a, RankMetric::kHeld}, order_ranks(b, RankOrder::kRank), 5, 3);
  EXPECT_FLOAT_EQ(grid.value[2 * 5 + 0], b.value(RankMetric::kHeld, 2, 0) - a.value(RankMetric::kHeld, 3, 2));
  EXPECT_TRUE(std::isnan(grid.value[3])) << "step 15 is not in A";
}

TEST(RankMatrix, RandomDifferencesAgreeWithLookingForEveryPair) {
  std::mt19937_64 random(21);
  for (int trial = 0; trial < 30; ++trial) {
    std::array<RankMatrix, 2> runs;
    for (RankMatrix& run : runs) {
      for (int32_t rank = 0; rank < 12; ++rank) {
        if (random() % 4 != 0) {
          run.ranks.push_back({rank, 0, 0, "node"});
        }
      }
      for (int64_t step = 0; step < 25; ++step) {
        if (random() % 4 != 0) {
          run.steps.push_back(step);
        }
      }
      run.resize();
      for (auto& values : run.ns) {
        for (float& value : values) {
          value = random() % 9 == 0 ? std::nanf("") : static_cast<float>(random() % 1000);
        }
      }
    }
    const RankMatrix& of = runs[1];
    const RankMatrix& less = runs[0];
    const auto order = order_ranks(of, RankOrder::kSlow);
    const size_t columns = 1 + random() % 30;
    const size_t rows = 1 + random() % 14;
    const HeatGrid grid = heat_grid({&of, &less, RankMetric::kWaited}, order, columns, rows);
    ASSERT_EQ(grid.columns, std::min(columns, of.steps.size()));
    ASSERT_EQ(grid.rows, std::min(rows, of.ranks.size()));
    std::vector<float> expected(grid.columns * grid.rows, std::nanf(""));
    for (size_t r = 0; r < order.size(); ++r) {
      for (size_t s = 0; s < of.steps.size(); ++s) {
        for (size_t other_r = 0; other_r < less.ranks.size(); ++other_r) {
          for (size_t other_s = 0; other_s < less.steps.size(); ++other_s) {
            if (less.ranks[other_r].rank != of.ranks[order[r]].rank || less.steps[other_s] != of.steps[s]) {
              continue;
            }
            const float value = of.value(RankMetric::kWaited, order[r], s) -
                                less.value(RankMetric::kWaited, other_r, other_s);
            float& cell =
                expected[r * grid.rows / order.size() * grid.columns + s * grid.columns / of.steps.size()];
            if (!std::isnan(value) && (std::isnan(cell) || std::abs(value) > std::abs(cell))) {
              cell = value;
            }
          }
        }
      }
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(std::isnan(expected[i]) ? std::isnan(grid.value[i]) : grid.value[i] == expected[i]) << i;
    }
  }
}

TEST(RankMatrix, TheLatestRankComesFirst) {
  RankMatrix matrix = matrix_of(4, 6, 3);
  for (size_t s = 0; s < 6; ++s) {
    matrix.ns[static_cast<size_t>(RankMetric::kHeld)][matrix.at(2, s)] = 5000;
    matrix.ns[static_cast<size_t>(RankMetric::kStep)][matrix.at(1, s)] = 9000;
  }
  EXPECT_EQ(order_ranks(matrix, RankOrder::kLate).front(), 2U);
  EXPECT_EQ(order_ranks(matrix, RankOrder::kSlow).front(), 1U);
  EXPECT_EQ(order_ranks(matrix, RankOrder::kRank), (std::vector<uint32_t>{0, 1, 2, 3}));
}

TEST(RankMatrix, WithoutStepsThereIsNoGrid) {
  const RankMatrix matrix = matrix_of(3, 0, 1);
  EXPECT_TRUE(heat_grid({&matrix, nullptr, RankMetric::kStep}, order_ranks(matrix, RankOrder::kRank), 10, 10)
                  .value.empty());
}

}  // namespace
}  // namespace stepscope::viewer
