// SPDX-License-Identifier: Apache-2.0
#include "analyzer/align.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

size_t longest_common(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  std::vector<std::vector<size_t>> best(a.size() + 1, std::vector<size_t>(b.size() + 1, 0));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      best[i][j] = a[i - 1] == b[j - 1] ? best[i - 1][j - 1] + 1 : std::max(best[i - 1][j], best[i][j - 1]);
    }
  }
  return best[a.size()][b.size()];
}

void expect_common_subsequence(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b,
                               const std::vector<std::pair<size_t, size_t>>& pairs) {
  for (size_t i = 0; i < pairs.size(); ++i) {
    ASSERT_EQ(a.at(pairs[i].first), b.at(pairs[i].second));
    if (i > 0) {
      ASSERT_LT(pairs[i - 1].first, pairs[i].first);
      ASSERT_LT(pairs[i - 1].second, pairs[i].second);
    }
  }
}

std::vector<uint64_t> random_symbols(std::mt19937& random, size_t size, uint64_t alphabet) {
  std::vector<uint64_t> out(size);
  std::generate(out.begin(), out.end(), [&] { return 1 + random() % alphabet; });
  return out;
}

TEST(Align, PairsWhatIsInBothInOrder) {
  EXPECT_THAT(align(std::vector<uint64_t>{1, 2, 3, 4}, std::vector<uint64_t>{1, 3, 9, 4}),
              ElementsAre(Pair(0U, 0U), Pair(2U, 1U), Pair(3U, 3U)));
  EXPECT_THAT(align(std::vector<uint64_t>{}, std::vector<uint64_t>{1}), IsEmpty());
  EXPECT_THAT(align(std::vector<uint64_t>{1, 2}, std::vector<uint64_t>{3, 4}), IsEmpty());
}

TEST(Align, ASymbolOfNothingEqualsNothing) {
  EXPECT_THAT(align(std::vector<uint64_t>{0, 5, 0}, std::vector<uint64_t>{0, 5, 0}),
              ElementsAre(Pair(1U, 1U)));
}

TEST(Align, FindsTheLongestOfThousandsOfSmallCases) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    const uint64_t alphabet = 1 + random() % 5;
    const std::vector<uint64_t> a = random_symbols(random, random() % 14, alphabet);
    const std::vector<uint64_t> b = random_symbols(random, random() % 14, alphabet);
    const auto pairs = align(a, b);
    expect_common_subsequence(a, b, pairs);
    ASSERT_EQ(pairs.size(), longest_common(a, b));
  }
}

TEST(Align, CutsShortWhereSequencesDifferTooMuchAndStaysInOrder) {
  std::mt19937 random(11);
  const std::vector<uint64_t> a = random_symbols(random, 3000, 50);
  const std::vector<uint64_t> b = random_symbols(random, 2500, 50);
  const auto pairs = align(a, b, 64);
  expect_common_subsequence(a, b, pairs);
  EXPECT_GT(pairs.size(), 100U);
  EXPECT_LT(pairs.size(), align(a, b, 6000).size()) << "which found the longest, and took its time";
}

// However two long sequences differ, it takes a bounded number of comparisons.
void expect_bounded(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b, size_t least) {
  uint64_t steps = 0;
  const auto pairs = align(a, b, kMaxEdits, &steps);
  expect_common_subsequence(a, b, pairs);
  EXPECT_LE(steps, kMostSteps);
  EXPECT_GE(pairs.size(), least);
}

TEST(Align, ManySymbolsInAnotherOrderTakeBoundedTime) {
  std::mt19937 random(5);
  std::vector<uint64_t> a(100'000);
  std::iota(a.begin(), a.end(), 1U);
  std::vector<uint64_t> b = a;
  std::shuffle(b.begin(), b.end(), random);
  expect_bounded(a, b, 50);
}

TEST(Align, ManyEqualSymbolsTakeBoundedTime) {
  std::mt19937 random(6);
  std::vector<uint64_t> a(10'000, 7);
  std::vector<uint64_t> b(9'000, 7);
  expect_bounded(a, b, 9'000);
  for (std::vector<uint64_t>* side : {&a, &b}) {  // with others between them, at other places
    for (uint64_t& symbol : *side) {
      symbol = random() % 3 == 0 ? 8 + random() % 5 : symbol;
    }
  }
  expect_bounded(a, b, 6'000);
}

TEST(Align, ALongPrefixOfAnotherOrderDoesNotMakeTheRestBeSearchedAgainAndAgain) {
  std::mt19937 random(8);
  std::vector<uint64_t> a(60'000);
  std::iota(a.begin(), a.end(), 1U);
  std::vector<uint64_t> b = a;
  std::shuffle(b.begin(), b.end(), random);
  for (uint64_t i = 0; i < 60'000; ++i) {  // alike, but for something here and there
    a.push_back(i % 40 == 0 ? 1 + i % 9 : 100'000 + i % 7);
    b.push_back(i % 40 == 0 ? 1 + i % 11 : 100'000 + i % 7);
  }
  expect_bounded(a, b, 50'000);
}

TEST(Align, WhatTheOtherSideHasNotCostsNothing) {
  std::vector<uint64_t> a(200'000);
  std::iota(a.begin(), a.end(), 1U);
  std::vector<uint64_t> b(200'000);
  std::iota(b.begin(), b.end(), 1'000'000U);
  b[100'000] = 5;
  uint64_t steps = 0;
  EXPECT_THAT(align(a, b, kMaxEdits, &steps), ElementsAre(Pair(4U, 100'000U)));
  EXPECT_LE(steps, 10U);
}

}  // namespace
}  // namespace stepscope::analysis
