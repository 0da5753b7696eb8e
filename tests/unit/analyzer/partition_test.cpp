// SPDX-License-Identifier: Apache-2.0
#include "analyzer/partition.hpp"

#include <random>
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

constexpr uint32_t kBackground = 99;

// One character per nanosecond.
std::string draw(std::vector<LabelInterval> intervals, int64_t begin, int64_t end) {
  std::string picture;
  int64_t expected = begin;
  partition(intervals, begin, end, kBackground, [&](int64_t from, int64_t to, uint32_t label) {
    EXPECT_EQ(from, expected);
    EXPECT_LT(from, to);
    expected = to;
    picture += std::string(static_cast<size_t>(to - from),
                           label == kBackground ? '.' : static_cast<char>('a' + label));
  });
  EXPECT_EQ(expected, end);
  return picture;
}

LabelInterval interval(int64_t begin, int64_t end, uint32_t label, uint8_t tier = 1) {
  return {begin, end, begin, label, tier};
}

TEST(Partition, NamesUncoveredTimeTheBackground) {
  EXPECT_EQ(draw({interval(2, 4, 0)}, 0, 6), "..aa..");
}

TEST(Partition, PrefersTheInnermost) {
  EXPECT_EQ(draw({interval(0, 8, 0), interval(2, 6, 1), interval(3, 4, 2)}, 0, 8), "aabcbbaa");
}

TEST(Partition, PrefersTheHigherTierWhateverIsInside) {
  EXPECT_EQ(draw({interval(0, 6, 0, 2), interval(2, 4, 1, 1)}, 0, 6), "aaaaaa");
}

TEST(Partition, LetsAPieceOfAnOlderThingLoseToYoungerThings) {
  // The piece [3, 6) belongs to something opened at 0, so the range opened at 2 is inside it.
  EXPECT_EQ(draw({{3, 6, 0, 0, 1}, interval(2, 4, 1)}, 0, 6), "..bbaa");
}

TEST(Partition, IgnoresEmptyAndReversedIntervals) {
  EXPECT_EQ(draw({interval(3, 3, 0), interval(5, 2, 1)}, 0, 6), "......");
}

TEST(Partition, CutsAtTheEndsOfTheSpan) {
  EXPECT_EQ(draw({interval(-5, 50, 0)}, 0, 4), "aaaa");
}

TEST(Partition, GivesAnEmptySpanNoPieces) {
  EXPECT_EQ(draw({interval(0, 5, 0)}, 3, 3), "");
}

// The definition, instant by instant.
uint32_t winner(const std::vector<LabelInterval>& intervals, int64_t instant) {
  const LabelInterval* best = nullptr;
  const auto rank = [](const LabelInterval& i) {
    return std::tuple(i.tier, i.opened_ns, -i.end_ns, ~i.label);
  };
  for (const LabelInterval& i : intervals) {
    if (i.begin_ns <= instant && instant < i.end_ns && (best == nullptr || rank(*best) < rank(i))) {
      best = &i;
    }
  }
  return best == nullptr ? kBackground : best->label;
}

TEST(Partition, AgreesWithItsDefinitionOnThousandsOfRandomTimelines) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::vector<LabelInterval> intervals;
    const size_t count = random() % 12;
    for (size_t i = 0; i < count; ++i) {
      const int64_t begin = static_cast<int64_t>(random() % 40) - 5;
      const int64_t opened = begin - static_cast<int64_t>(random() % 3);
      intervals.push_back({begin, begin + static_cast<int64_t>(random() % 20) - 2, opened,
                           static_cast<uint32_t>(random() % 6), static_cast<uint8_t>(random() % 3)});
    }
    std::string expected;
    for (int64_t t = 0; t < 30; ++t) {
      const uint32_t label = winner(intervals, t);
      expected += label == kBackground ? '.' : static_cast<char>('a' + label);
    }
    ASSERT_EQ(draw(intervals, 0, 30), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace stepscope::analysis
