// SPDX-License-Identifier: Apache-2.0
//
// The small models behind the views: strip, tracks, selection, search, tables.
#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/model/diff_table.hpp"
#include "viewer/model/search.hpp"
#include "viewer/model/selection.hpp"
#include "viewer/model/step_strip.hpp"
#include "viewer/model/track_layout.hpp"

namespace stepscope::viewer {
namespace {

using testing::LoopShape;
using testing::training_run;

TEST(StepStrip, MediansAreOfTrainStepsAndOneHugeStepDoesNotFlattenTheRest) {
  RunModel run = *training_run("a", {});
  run.steps[7].end_ns = run.steps[7].begin_ns + 50'000'000'000;
  run.steps[7].train = false;
  const Alignment alone = Alignment::single(run);
  const StepStrip strip = StepStrip::make(run, nullptr, alone.slots());
  EXPECT_EQ(strip.median_a_ns, 37e6);
  EXPECT_LT(strip.full_scale_ns, 60e6);
  EXPECT_EQ(strip.bars.size(), 40U);
}

TEST(StepStrip, PartsAddUpToTheStep) {
  const auto run = training_run("a", {});
  for (size_t step = 0; step < run->steps.size(); ++step) {
    int64_t sum = 0;
    for (const StepPart& part : step_parts(*run, step)) {
      sum += part.ns;
    }
    EXPECT_EQ(sum, run->steps[step].duration_ns());
  }
}

TEST(StepStrip, ColumnsCoverAllBarsOnce) {
  for (const size_t bars : {size_t{1}, size_t{7}, size_t{1000}, size_t{99'991}}) {
    const size_t columns = std::min<size_t>(bars, 640);
    size_t next = 0;
    for (size_t c = 0; c < columns; ++c) {
      const auto [first, last] = bars_of_column(bars, columns, c);
      EXPECT_EQ(first, next);
      EXPECT_GT(last, first);
      next = last;
    }
    EXPECT_EQ(next, bars);
  }
}

TEST(Tracks, LanesThatPlayTheSamePartStandTogether) {
  const auto a = training_run("a", {});
  RunModel b = *training_run("b", {});
  b.processes[2] = {"worker 9", "pid 9", "worker 9"};  // no counterpart in A
  const Tracks tracks = make_tracks(*a, &b);
  ASSERT_EQ(tracks.tracks.size(), 4U);
  EXPECT_EQ(tracks.tracks[0].lane[0], 0U);
  EXPECT_EQ(tracks.tracks[0].lane[1], 0U);
  EXPECT_EQ(tracks.tracks[2].lane[1], kNoTrackLane);
  EXPECT_EQ(tracks.tracks[3].lane[0], kNoTrackLane);
  EXPECT_EQ(tracks.tracks[3].lane[1], 2U);
}

TEST(Tracks, OfManyProcessesEveryLaneStandsUnderItsOwn) {
  RunModel run;
  for (uint32_t process = 0; process < 512; ++process) {
    const std::string key = std::to_string(process);
    run.processes.push_back({"rank " + key, "", key});
    for (int lane = 0; lane < 8; ++lane) {
      LaneModel model;
      model.process = process;
      model.key = std::to_string(lane);
      model.role = lane % 2 == 0 ? LaneRole::kStream : LaneRole::kThread;
      run.lanes.push_back(std::move(model));
    }
  }
  const Tracks tracks = make_tracks(run, &run);
  LayoutMetrics metrics;
  metrics.delta = 8;
  const TrackLayout layout = lay_out(tracks, run, &run, Arrangement::kSplit, Shown::kBoth, {"7"}, metrics);
  EXPECT_EQ(layout.items.size(), 512U + 511 * 8 * 3)
      << "headers, and per track two lanes and their difference";
  size_t group = 0;
  for (const TrackItem& item : layout.items) {
    group = item.kind == TrackItem::Kind::kGroup ? item.group : group;
    EXPECT_EQ(item.group, group);
    EXPECT_FALSE(item.kind != TrackItem::Kind::kGroup && group == 7) << "folded";
    EXPECT_TRUE(item.kind == TrackItem::Kind::kGroup || tracks.tracks[item.track].group == group);
  }
}

TEST(Tracks, ItemsDoNotOverlapInAnyArrangement) {
  const auto a = training_run("a", {});
  const auto b = training_run("b", {});
  const Tracks tracks = make_tracks(*a, b.get());
  for (const Arrangement arrangement : {Arrangement::kSplit, Arrangement::kStacked}) {
    for (const bool folded : {false, true}) {
      const std::set<std::string> collapsed =
          folded ? std::set<std::string>{"worker 0"} : std::set<std::string>{};
      const TrackLayout layout = lay_out(tracks, *a, b.get(), arrangement, Shown::kBoth, collapsed, {});
      float end = 0;
      for (size_t i = 0; i < layout.items.size(); ++i) {
        const TrackItem& item = layout.items[i];
        EXPECT_GE(item.y, end);
        end = item.y + item.height;
        EXPECT_EQ(layout.item_at(item.y + item.height / 2), i);
      }
      EXPECT_LE(end, layout.height);
      EXPECT_FALSE(layout.item_at(layout.height + 1).has_value());
    }
  }
}

TEST(AreaStats, UnionIsNeverTheSumOfNestedEvents) {
  const auto run = training_run("a", {});
  const StepModel& step = run->steps[3];
  const LaneArea area{0, step.begin_ns, step.end_ns};
  const AreaStats stats = area_stats(*run, {&area, 1});
  EXPECT_EQ(stats.union_ns, step.duration_ns());
  int64_t self = 0;
  for (const NameStat& stat : stats.names) {
    self += stat.self_ns;
    EXPECT_EQ(stat.count, 1U);
  }
  EXPECT_EQ(self, stats.union_ns);
}

TEST(AreaStats, ClipsToTheAreaAndSeesCrossingRangesOnce) {
  testing::RunWriter writer("x");
  const uint32_t name = writer.name("r", Category::kRange);
  writer.process("p");
  writer.lane(0, "t", {{0, 100, name}, {50, 100, name}, {400, 10, name}});
  const auto run = writer.take();
  const LaneArea area{0, 20, 300};
  const AreaStats stats = area_stats(*run, {&area, 1});
  EXPECT_EQ(stats.union_ns, 130);
  ASSERT_EQ(stats.names.size(), 1U);
  EXPECT_EQ(stats.names[0].total_ns, 180);
  EXPECT_EQ(stats.names[0].max_ns, 100);
}

TEST(Search, FindsEveryMatchForwardsAndBackwards) {
  const auto run = training_run("a", {});
  const Search search(*run, "ATTENTION");
  EXPECT_EQ(search.name_count(), 1U);
  int forward = 0;
  int64_t at = -1;
  while (const auto hit = search.next(*run, Side::kA, at)) {
    at = run->lanes[hit->lane].rows[hit->row].start(hit->index);
    ++forward;
  }
  int backward = 0;
  ++at;
  while (const auto hit = search.previous(*run, Side::kA, at)) {
    at = run->lanes[hit->lane].rows[hit->row].start(hit->index);
    ++backward;
  }
  EXPECT_EQ(forward, 40);
  EXPECT_EQ(backward, 40);
  EXPECT_FALSE(Search(*run, "nothing of the kind").next(*run, Side::kA, -1).has_value());
  EXPECT_FALSE(Search(*run, "").active());
}

TEST(DiffTable, SaysWhenItsRowsDoNotAddUp) {
  DiffTable table = testing::wait_table({}, LoopShape{.wait = 25'000'000});
  EXPECT_EQ(table.residual_ns(), 0);
  table.terms[0].delta_ns -= 5;
  EXPECT_EQ(table.residual_ns(), 5);
}

TEST(DiffTable, SortsByTheSizeOfTheEffectWhateverItsSign) {
  DiffTable table;
  table.comparison = true;
  for (const int64_t delta : {int64_t{3}, int64_t{-9}, int64_t{5}}) {
    TermRow row;
    row.name = std::to_string(delta);
    row.delta_ns = delta;
    table.terms.push_back(row);
  }
  table.sort(TermOrder::kEffect, true);
  EXPECT_EQ(table.terms[0].name, "-9");
  EXPECT_EQ(table.terms[2].name, "3");
  EXPECT_EQ(table.scale_ns(), 9);
}

TEST(DiffTable, ATermLeadsToTheLongestWaitOfTheWorstStep) {
  RunModel run = *training_run("a", {});
  const size_t leaves = run.ledger.leaves.size();
  run.ledger.ns[12 * leaves + 2] += 1'000'000;  // data.fetch.cpu of step 12
  const auto place = find_place(run, Side::kB, "data.fetch");
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->side, Side::kB);
  EXPECT_EQ(place->lane, 0U);
  EXPECT_EQ(place->begin_ns, run.steps[12].begin_ns);
  EXPECT_EQ(place->end_ns, run.steps[12].begin_ns + LoopShape().wait);
  EXPECT_FALSE(find_place(run, Side::kA, "idle.gc").has_value());
}

}  // namespace
}  // namespace stepscope::viewer
