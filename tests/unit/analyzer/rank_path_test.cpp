// SPDX-License-Identifier: Apache-2.0
//
// The path of what a job waited for, by hand.
#include "analyzer/rank_path.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

std::string text(const std::vector<PathSegment>& path) {
  std::string out;
  for (const PathSegment& one : path) {
    out += std::to_string(one.rank) + "[" + std::to_string(one.begin_ns) + "," + std::to_string(one.end_ns) +
           ") ";
  }
  return out;
}

TEST(RankPath, WithoutWaitsOneRankIsAllOfIt) {
  const std::vector<std::vector<RankWait>> waits(2);
  EXPECT_EQ(text(walk_path(waits, 1, 0, 100)), "1[0,100) ");
}

TEST(RankPath, ChangesToTheRankThatWasWaitedFor) {
  // Rank 0 waited for rank 1 until 40, and rank 1 for rank 0 until 70.
  const std::vector<std::vector<RankWait>> waits = {{{40, 1}}, {{70, 0}}};
  EXPECT_EQ(text(walk_path(waits, 1, 0, 100)), "1[0,40) 0[40,70) 1[70,100) ");
  EXPECT_EQ(text(walk_path(waits, 0, 0, 100)), "1[0,40) 0[40,100) ");
}

TEST(RankPath, AWaitInAChainLeadsToItsEnd) {
  // 0 waits for 1 until 50, which had itself waited for 2 until 45.
  const std::vector<std::vector<RankWait>> waits = {{{50, 1}}, {{45, 2}}, {}};
  EXPECT_EQ(text(walk_path(waits, 0, 10, 60)), "2[10,45) 1[45,50) 0[50,60) ");
}

TEST(RankPath, TwoThatWaitForEachOtherAtOneMomentAreNoLoop) {
  const std::vector<std::vector<RankWait>> waits = {{{50, 1}}, {{50, 0}}};
  EXPECT_EQ(text(walk_path(waits, 0, 0, 60)), "1[0,50) 0[50,60) ");
}

TEST(RankPath, WaitsOutsideTheSpanDoNotMatter) {
  const std::vector<std::vector<RankWait>> waits = {{{5, 1}, {10, 1}, {60, 1}}, {}};
  EXPECT_EQ(text(walk_path(waits, 0, 10, 60)), "0[10,60) ");
}

}  // namespace
}  // namespace stepscope::analysis
