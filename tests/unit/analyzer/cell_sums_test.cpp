// SPDX-License-Identifier: Apache-2.0
//
// What each leaf got in short spans of time, and that what is dropped on the way is what nobody will ask for.
#include "analyzer/cell_sums.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/labels.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis {
namespace {

class CellSumsTest : public ::testing::Test {
 protected:
  // "gemm 10 reduce 5; gemm 3": cells by "; ", leaves in the order of their labels.
  std::string text(const CellSums& sums) const {
    std::string out;
    for (size_t cell = 0; cell < sums.count(); ++cell) {
      out += cell == 0 ? "" : "; ";
      for (const CellSums::Entry& entry : sums.of(cell)) {
        out += (out.empty() || out.ends_with("; ") ? "" : " ") +
               std::string(entry.leaf == gemm_ ? "gemm" : "reduce") + " " + std::to_string(entry.ns);
      }
    }
    return out;
  }

  Labels labels_;
  uint32_t gemm_ = labels_.leaf("compute/gemm");
  uint32_t reduce_ = labels_.leaf(std::string(leaf::kCommPrefix) + "all_reduce");
  std::vector<int64_t> cuts_ = {0, 10, 20, 30, 40};
};

TEST_F(CellSumsTest, APieceIsSharedOutAmongTheCellsItLiesIn) {
  CellSums sums(cuts_, labels_, [](size_t, int64_t) { return CellSums::Fate{}; });
  sums.add(-5, 15, gemm_);
  sums.add(15, 32, reduce_);
  sums.add(32, 60, gemm_);
  sums.finish();
  EXPECT_EQ(text(sums), "gemm 10; gemm 5 reduce 5; reduce 10; gemm 8 reduce 2");
  EXPECT_EQ(sums.communication_until_end(0), 0);
  EXPECT_EQ(sums.communication_until_end(1), 5);
  EXPECT_EQ(sums.communication_until_end(2), 15) << "it began in the cell before";
  EXPECT_EQ(sums.communication_until_end(3), 0);
}

TEST_F(CellSumsTest, WhatIsDroppedReachesBackToTheLastDecision) {
  CellSums sums(cuts_, labels_,
                [](size_t cell, int64_t) { return CellSums::Fate{.kept = cell == 0, .dropped = cell == 2}; });
  sums.add(0, 40, gemm_);
  sums.finish();
  EXPECT_EQ(text(sums), "gemm 10; ; ; gemm 10") << "kept; dropped with the next; dropped; never decided";
}

TEST_F(CellSumsTest, KeptAndDroppedAtOnceIsKept) {
  CellSums sums(cuts_, labels_, [](size_t cell, int64_t) {
    return CellSums::Fate{.kept = cell == 1, .dropped = cell == 1 || cell == 3};
  });
  sums.add(0, 40, gemm_);
  sums.finish();
  EXPECT_EQ(text(sums), "gemm 10; gemm 10; ; ");
}

TEST_F(CellSumsTest, TheDecisionIsToldHowLongThereWasOnlyCommunication) {
  std::vector<int64_t> told;
  CellSums sums(cuts_, labels_, [&told](size_t, int64_t communication_ns) {
    told.push_back(communication_ns);
    return CellSums::Fate{.kept = false, .dropped = communication_ns > 0};
  });
  sums.add(0, 16, gemm_);
  sums.add(16, 20, reduce_);
  sums.add(20, 40, gemm_);
  sums.finish();
  EXPECT_EQ(told, (std::vector<int64_t>{0, 4, 0, 0}));
  EXPECT_EQ(text(sums), "; ; gemm 10; gemm 10");
  EXPECT_EQ(sums.communication_until_end(1), 4) << "of dropped cells this stays";
}

}  // namespace
}  // namespace stepscope::analysis
