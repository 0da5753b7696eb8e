// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/nesting.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/random_rows.hpp"

namespace stepscope::viewer {
namespace {

TEST(Nesting, RowsAreTheDepthOfProperlyNestedRanges) {
  std::vector<RawEvent> events{{0, 100, 1}, {0, 40, 2}, {10, 10, 3}, {50, 50, 2}, {100, 20, 1}};
  const NestedRows nested = nest(events, testing::some_categories());
  ASSERT_EQ(nested.rows.size(), 3U);
  EXPECT_EQ(nested.rows[0].size(), 2U);
  EXPECT_EQ(nested.rows[1].size(), 2U);
  EXPECT_EQ(nested.rows[2].size(), 1U);
  EXPECT_EQ(nested.rows[1].start(1), 50);
}

TEST(Nesting, RandomRangesNeitherOverlapWithinARowNorGetLost) {
  std::mt19937_64 random(41);
  std::vector<RawEvent> events;
  std::map<int64_t, int> starts;
  for (int i = 0; i < 3000; ++i) {
    const auto start = static_cast<int64_t>(random() % 1'000'000);
    events.push_back({start, testing::log_uniform(random, 3.5), static_cast<uint32_t>(random() % 5)});
    ++starts[start];
  }
  const NestedRows nested = nest(events, testing::some_categories());
  EXPECT_EQ(nested.too_deep, 0U);
  for (const EventRow& row : nested.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      --starts[row.start(i)];
      if (i > 0) {
        ASSERT_GE(row.start(i), row.end(i - 1));
      }
    }
  }
  for (const auto& [start, left] : starts) {
    ASSERT_EQ(left, 0) << start;
  }
}

TEST(Nesting, WhatIsDeeperThanAllRowsIsCounted) {
  std::vector<RawEvent> events;
  for (int64_t i = 0; i < 200; ++i) {
    events.push_back({i, 1000 - 2 * i, 1});
  }
  const NestedRows nested = nest(events, testing::some_categories());
  EXPECT_EQ(nested.rows.size(), kMaxRows);
  EXPECT_EQ(nested.too_deep, 200 - kMaxRows);
}

TEST(Nesting, PiecesGiveTheRowsOfTheWhole) {
  std::mt19937_64 random(43);
  std::vector<RawEvent> events;
  for (int i = 0; i < 3000; ++i) {
    const auto start = static_cast<int64_t>(random() % 1'000'000);
    events.push_back({start, testing::log_uniform(random, 3.5), static_cast<uint32_t>(random() % 5)});
  }
  std::vector<RawEvent> at_once = events;
  const NestedRows whole = nest(at_once, testing::some_categories());
  Nester nester;
  for (int64_t from = 0; from < 1'000'000; from += 100'000) {
    std::vector<RawEvent> piece;
    std::copy_if(events.begin(), events.end(), std::back_inserter(piece), [&](const RawEvent& event) {
      return event.start_ns >= from && event.start_ns < from + 100'000;
    });
    nester.add(piece);
  }
  const NestedRows pieces = nester.finish(testing::some_categories(), nullptr);
  EXPECT_EQ(pieces.too_deep, whole.too_deep);
  ASSERT_EQ(pieces.rows.size(), whole.rows.size());
  for (size_t r = 0; r < whole.rows.size(); ++r) {
    ASSERT_EQ(pieces.rows[r].size(), whole.rows[r].size());
    for (size_t i = 0; i < whole.rows[r].size(); ++i) {
      ASSERT_EQ(pieces.rows[r].start(i), whole.rows[r].start(i));
      ASSERT_EQ(pieces.rows[r].duration(i), whole.rows[r].duration(i));
    }
    EXPECT_EQ(pieces.rows[r].resident_bytes(), whole.rows[r].resident_bytes()) << "no room to spare is kept";
  }
}

}  // namespace
}  // namespace stepscope::viewer
