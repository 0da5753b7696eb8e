// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/area_table.hpp"

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

class AreaTableTest : public ::testing::Test {
 protected:
  AreaTableTest()
      : a_(testing::training_run("a", {})),
        b_(testing::training_run("b", {.wait = 25'000'000, .optimizer = 1'000'000})) {
    for (const auto& run : {a_, b_}) {
      std::vector<LaneArea> lanes;
      for (uint32_t lane = 0; lane < run->lanes.size(); ++lane) {
        lanes.push_back({lane, run->begin_ns, run->end_ns});
      }
      (run == a_ ? stats_a_ : stats_b_) = area_stats(*run, lanes);
    }
  }
  std::shared_ptr<const RunModel> a_;
  std::shared_ptr<const RunModel> b_;
  AreaStats stats_a_;
  AreaStats stats_b_;
};

TEST_F(AreaTableTest, NamesOfBothRunsShareARowAndTheLargestChangeIsFirst) {
  const AreaTable table = make_area_table({a_.get(), b_.get()}, {&stats_a_, &stats_b_});
  ASSERT_TRUE(table.comparison);
  ASSERT_EQ(table.rows.size(), 6U);
  EXPECT_EQ(table.rows[0].name, "wait for batch");
  EXPECT_EQ(table.rows[0].delta_ns(), 40 * 21'000'000LL);
  EXPECT_EQ(table.rows[1].name, "AdamW.step");
  EXPECT_EQ(table.rows[1].delta_ns(), -40 * 2'000'000LL) << "what shrank counts by magnitude";
  EXPECT_EQ(table.rows[1].stat[0].count, 40U);
}

TEST_F(AreaTableTest, OneRunIsSortedByItsSelfTime) {
  AreaTable table = make_area_table({a_.get(), nullptr}, {&stats_a_, nullptr});
  EXPECT_FALSE(table.comparison);
  for (size_t i = 1; i < table.rows.size(); ++i) {
    EXPECT_GE(table.rows[i - 1].stat[0].self_ns, table.rows[i].stat[0].self_ns);
  }
  table.sort(AreaOrder::kName, false);
  EXPECT_EQ(table.rows.front().name, "AdamW.step");
  table.sort(AreaOrder::kLongest, true);
  EXPECT_EQ(table.rows.front().name, "fetch batch");
}

TEST_F(AreaTableTest, AsTextEveryRowHasEveryColumn) {
  const TableText text = area_as_text(make_area_table({a_.get(), b_.get()}, {&stats_a_, &stats_b_}));
  ASSERT_EQ(text.rows.size(), 6U);
  for (const auto& row : text.rows) {
    EXPECT_EQ(row.size(), text.columns.size());
  }
  EXPECT_EQ(text.rows[0][5], "840000000");
}

}  // namespace
}  // namespace stepscope::viewer
