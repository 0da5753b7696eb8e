// SPDX-License-Identifier: Apache-2.0
#include "analyzer/natural_merge_sort.hpp"

#include <random>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using Row = std::pair<int64_t, int>;  // key, and what decides among equal keys

void sort_rows(std::vector<Row>& rows) {
  natural_merge_sort(
      rows, [](const Row& row) { return row.first; }, [](const Row& a, const Row& b) { return a < b; });
}

TEST(NaturalMergeSort, MergesRunsAndPutsEqualKeysInOrder) {
  std::vector<Row> rows;
  for (int run = 0; run < 3; ++run) {
    for (int i = 0; i < 60; ++i) {
      rows.emplace_back(i / 2 * 10, 7 - run - i % 2);
    }
  }
  std::vector<Row> expected = rows;
  std::sort(expected.begin(), expected.end());
  sort_rows(rows);
  EXPECT_EQ(rows, expected);
}

TEST(NaturalMergeSort, TakesNothingAndOne) {
  std::vector<Row> rows;
  sort_rows(rows);
  EXPECT_TRUE(rows.empty());
  rows = {{3, 1}};
  sort_rows(rows);
  EXPECT_THAT(rows, ::testing::ElementsAre(Row(3, 1)));
}

// From one run to as many as there are elements, overlapping or not, with many equal keys or few.
TEST(NaturalMergeSort, AgreesWithStdSort) {
  std::mt19937 random(5);
  for (const size_t run : {1U, 2U, 40U, 333U, 5000U}) {
    for (const int64_t keys : {3, 100, 1000000}) {
      std::vector<Row> rows;
      while (rows.size() < 5000) {
        const auto begin = rows.size();
        for (size_t i = 0; i < run && rows.size() < 5000; ++i) {
          rows.emplace_back(static_cast<int64_t>(random()) % keys, static_cast<int>(random() % 4));
        }
        std::sort(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.end());
      }
      std::vector<Row> expected = rows;
      std::sort(expected.begin(), expected.end());
      sort_rows(rows);
      ASSERT_EQ(rows, expected) << run << " " << keys;
    }
  }
}

}  // namespace
}  // namespace stepscope::analysis
