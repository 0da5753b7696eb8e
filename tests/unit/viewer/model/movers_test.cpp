// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/movers.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

MoverTable some_movers() {
  MoverTable table{"kernel", 5'000'000, {}};
  const auto put = [&](const char* label, MoverChange change, int64_t a_ns, int64_t b_ns, double confidence) {
    Mover mover;
    mover.label = label;
    mover.change = change;
    mover.a_ns = a_ns;
    mover.b_ns = b_ns;
    mover.delta_ns = b_ns - a_ns;
    mover.confidence = confidence;
    table.movers.push_back(mover);
  };
  put("gemm", MoverChange::kChanged, 10'000'000, 17'000'000, 1);
  put("softmax", MoverChange::kGone, 3'000'000, 0, 0);
  put("fused_softmax", MoverChange::kNew, 0, 1'000'000, 0.6);
  table.movers[0].op = "aten::addmm";
  table.movers[1].names[0] = {"void softmax_warp_forward<float>"};
  return table;
}

MoverFilter with_text(const char* text) {
  MoverFilter filter;
  filter.text = text;
  return filter;
}

std::string labels(const MoverTable& table, const MoverFilter& filter, MoverOrder order, bool descending) {
  std::string text;
  for (const uint32_t row : table.visible(filter, order, descending)) {
    text += table.movers[row].label + " ";
  }
  return text;
}

TEST(Movers, SortByAnyColumn) {
  const MoverTable table = some_movers();
  EXPECT_EQ(table.residual_ns(), 0);
  EXPECT_EQ(labels(table, {}, MoverOrder::kEffect, true), "gemm softmax fused_softmax ");
  EXPECT_EQ(labels(table, {}, MoverOrder::kEffect, false), "fused_softmax softmax gemm ");
  EXPECT_EQ(labels(table, {}, MoverOrder::kLabel, false), "fused_softmax gemm softmax ");
  EXPECT_EQ(labels(table, {}, MoverOrder::kB, true), "gemm fused_softmax softmax ");
  EXPECT_EQ(labels(table, {}, MoverOrder::kTier, true), "gemm fused_softmax softmax ");
}

TEST(Movers, AFilterLooksAtLabelOperatorAndNames) {
  const MoverTable table = some_movers();
  EXPECT_EQ(labels(table, with_text("ADDMM"), MoverOrder::kEffect, true), "gemm ");
  EXPECT_EQ(labels(table, with_text("warp"), MoverOrder::kEffect, true), "softmax ");
  EXPECT_EQ(labels(table, with_text("softmax"), MoverOrder::kEffect, true), "softmax fused_softmax ");
  MoverFilter filter;
  filter.change = MoverChange::kNew;
  EXPECT_EQ(labels(table, filter, MoverOrder::kEffect, true), "fused_softmax ");
  filter = {};
  filter.least_ns = 3'000'000;
  EXPECT_EQ(labels(table, filter, MoverOrder::kEffect, true), "gemm softmax ");
}

// Against one look at every event for every list.
TEST(Movers, TheWorstStepIsTheOneInWhichTheEventsTakeLongest) {
  std::mt19937_64 random(9);
  testing::RunWriter writer("random");
  for (int i = 0; i < 6; ++i) {
    (void)writer.name("kernel " + std::to_string(i), Category::kCompute);
  }
  writer.process("main");
  for (int lane = 0; lane < 3; ++lane) {
    std::vector<RawEvent> events;
    for (int i = 0; i < 400; ++i) {
      events.push_back({static_cast<int64_t>(random() % 10'000), static_cast<int64_t>(1 + random() % 40),
                        static_cast<uint32_t>(random() % 6)});
    }
    writer.lane(0, "stream " + std::to_string(lane), std::move(events));
  }
  // Step 4 is no train step: the longest events of all do not count.
  writer.lane(0, "stream 3", {{4010, 900, 0}});
  writer.lane(0, "stream 4", {{4010, 900, 3}});
  RunModel run = writer.model();
  for (int64_t step = 0; step < 10; ++step) {
    run.steps.push_back({step, step, step * 1000, (step + 1) * 1000, step != 4, "train"});
  }
  const std::vector<std::vector<std::string>> lists{
      {"kernel 0"}, {"kernel 3", "kernel 1"}, {"nothing of the kind"}};
  const std::vector<const std::vector<std::string>*> names{&lists[0], &lists[1], &lists[2]};
  const auto worst = find_worst(run, Side::kB, names);
  EXPECT_FALSE(worst[2].has_value());
  for (size_t list = 0; list < 2; ++list) {
    std::vector<int64_t> total(10, 0);
    std::vector<int64_t> longest(10, 0);
    for (const LaneModel& lane : run.lanes) {
      for (const EventRow& row : lane.rows) {
        for (size_t i = 0; i < row.size(); ++i) {
          const std::string& name = run.names[row.name(i)].text;
          const auto step = static_cast<size_t>(row.start(i) / 1000);
          if (step < 10 && run.steps[step].train &&
              std::find(lists[list].begin(), lists[list].end(), name) != lists[list].end()) {
            total[step] += row.duration(i);
            longest[step] = std::max(longest[step], row.duration(i));
          }
        }
      }
    }
    const auto most = static_cast<size_t>(std::max_element(total.begin(), total.end()) - total.begin());
    ASSERT_TRUE(worst[list].has_value());
    EXPECT_EQ(worst[list]->begin_ns / 1000, static_cast<int64_t>(most));
    EXPECT_EQ(worst[list]->end_ns - worst[list]->begin_ns, longest[most]);
    EXPECT_EQ(worst[list]->side, Side::kB);
  }
}

}  // namespace
}  // namespace stepscope::viewer
