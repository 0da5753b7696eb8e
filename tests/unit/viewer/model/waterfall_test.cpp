// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/waterfall.hpp"

#include <cstdlib>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

using Kind = WaterfallBar::Kind;

DiffTable table_of(const std::vector<int64_t>& deltas) {
  DiffTable table;
  table.comparison = true;
  table.a_step_ns = 100'000'000;
  for (const int64_t delta : deltas) {
    TermRow row;
    row.name = "term " + std::to_string(table.terms.size());
    row.delta_ns = delta;
    table.delta_ns += delta;
    table.terms.push_back(row);
  }
  table.b_step_ns = table.a_step_ns + table.delta_ns;
  return table;
}

TEST(Waterfall, EveryBarStartsWhereTheOneBeforeEndedAndTheLastEndsAtB) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<int64_t> deltas;
    const auto count = static_cast<int>(1 + random() % 40);
    for (int i = 0; i < count; ++i) {
      deltas.push_back(static_cast<int64_t>(random() % 20'000'000) - 9'000'000);
    }
    const DiffTable table = table_of(deltas);
    const size_t most = 1 + random() % 12;
    const Waterfall fall = Waterfall::make(table, most);
    ASSERT_EQ(fall.bars.front().kind, Kind::kBase);
    ASSERT_EQ(fall.bars.back().kind, Kind::kCandidate);
    EXPECT_LE(fall.bars.size(), most + 3);
    int64_t sum = table.a_step_ns;
    std::set<size_t> seen;
    for (size_t i = 1; i + 1 < fall.bars.size(); ++i) {
      EXPECT_EQ(fall.bars[i].from_ns, sum);
      int64_t delta = 0;
      for (const size_t term : fall.bars[i].terms) {
        delta += table.terms[term].delta_ns;
        EXPECT_TRUE(seen.insert(term).second) << "a term stands in one bar only";
      }
      EXPECT_EQ(fall.bars[i].delta_ns(), delta);
      sum = fall.bars[i].to_ns;
      EXPECT_GE(sum, fall.low_ns);
      EXPECT_LE(sum, fall.high_ns);
    }
    EXPECT_EQ(sum, table.b_step_ns);
    EXPECT_EQ(fall.bars.back().to_ns, table.b_step_ns);
    for (size_t term = 0; term < table.terms.size(); ++term) {
      EXPECT_EQ(seen.contains(term), table.terms[term].delta_ns != 0);
    }
  }
}

TEST(Waterfall, LargeTermsComeFirstAndSmallOnesStandTogether) {
  const Waterfall fall = Waterfall::make(table_of({50'000, -8'000'000, 20'000'000, 30'000, -10'000}), 10);
  ASSERT_EQ(fall.bars.size(), 5U);
  EXPECT_EQ(fall.bars[1].title, "term 2");
  EXPECT_EQ(fall.bars[2].title, "term 1");
  EXPECT_EQ(fall.bars[3].kind, Kind::kOthers);
  EXPECT_EQ(fall.bars[3].title, "3 others");
  EXPECT_EQ(fall.bars[3].delta_ns(), 70'000);
  EXPECT_EQ(fall.high_ns, 120'000'000);
}

TEST(Waterfall, ASingleSmallTermKeepsItsName) {
  const Waterfall fall = Waterfall::make(table_of({20'000'000, 30'000}), 10);
  ASSERT_EQ(fall.bars.size(), 4U);
  EXPECT_EQ(fall.bars[2].title, "term 1");
}

TEST(Waterfall, IsTheSameHoweverTheTableIsSorted) {
  DiffTable table = table_of({1'000'000, -8'000'000, 20'000'000});
  const Waterfall before = Waterfall::make(table, 10);
  table.sort(TermOrder::kName, false);
  const Waterfall after = Waterfall::make(table, 10);
  ASSERT_EQ(after.bars.size(), before.bars.size());
  for (size_t i = 0; i < after.bars.size(); ++i) {
    EXPECT_EQ(after.bars[i].title, before.bars[i].title);
    EXPECT_EQ(after.bars[i].to_ns, before.bars[i].to_ns);
  }
}

TEST(Waterfall, OneRunHasNone) {
  DiffTable table = table_of({1});
  table.comparison = false;
  EXPECT_TRUE(Waterfall::make(table, 5).bars.empty());
  EXPECT_TRUE(Waterfall::make(DiffTable(), 5).bars.empty());
}

}  // namespace
}  // namespace stepscope::viewer
