// SPDX-License-Identifier: Apache-2.0
//
// The delta map against a count of every nanosecond.
#include "viewer/model/delta_map.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/model/busy_time.hpp"

namespace stepscope::viewer {
namespace {

using testing::LoopShape;
using testing::RunWriter;
using testing::training_run;

constexpr Category kSome[] = {Category::kCompute, Category::kBackward, Category::kCommunication,
                              Category::kCopy, Category::kRange};
constexpr int64_t kStep = 2000;
constexpr int64_t kSteps = 6;

// Two processes of three lanes with crossing, nested and touching events of a few ns, over six steps.
RunModel tangled_run(uint64_t seed, bool streams) {
  RunWriter writer("tangled");
  for (const Category category : kSome) {
    (void)writer.name("event", category);
  }
  std::mt19937_64 random(seed);
  for (uint32_t process = 0; process < 2; ++process) {
    writer.process("rank " + std::to_string(process));
    for (int lane = 0; lane < 3; ++lane) {
      std::vector<RawEvent> events;
      for (int i = 0; i < 120; ++i) {
        events.push_back({static_cast<int64_t>(random() % (kStep * kSteps)),
                          static_cast<int64_t>(random() % 150),
                          static_cast<uint32_t>(random() % std::size(kSome))});
      }
      writer.lane(process, "lane " + std::to_string(lane), std::move(events));
    }
  }
  RunModel model = writer.model();
  for (size_t lane = 0; streams && lane < model.lanes.size(); ++lane) {
    model.lanes[lane].role = lane % 3 == 0 ? LaneRole::kThread : LaneRole::kStream;
  }
  for (int64_t step = 0; step < kSteps; ++step) {
    model.steps.push_back({step, step, step * kStep, (step + 1) * kStep, true, "train"});
  }
  return model;
}

using CategoryMask = uint32_t;
constexpr CategoryMask kAllCategories = ~CategoryMask{0};
constexpr CategoryMask mask_of(Category category) {
  return CategoryMask{1} << static_cast<unsigned>(category);
}

// Whether a category of the mask runs on the lane in the nanosecond after t.
bool runs_at(const RunModel& run, const LaneModel& lane, CategoryMask mask, int64_t t) {
  for (const EventRow& row : lane.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (row.start(i) <= t && t < row.end(i) && (mask & mask_of(run.category_of[row.name(i)])) != 0) {
        return true;
      }
    }
  }
  return false;
}

double brute(const RunModel& run, uint32_t lane, const StepModel& step, DeltaMeasure measure) {
  constexpr CategoryMask kComputing = mask_of(Category::kCompute) | mask_of(Category::kBackward);
  const bool streams = std::any_of(run.lanes.begin(), run.lanes.end(),
                                   [](const LaneModel& one) { return one.role == LaneRole::kStream; });
  double ns = 0;
  for (int64_t t = step.begin_ns; t < step.end_ns; ++t) {
    if (measure != DeltaMeasure::kExposed) {
      ns += runs_at(run, run.lanes[lane], kAllCategories, t) == (measure == DeltaMeasure::kBusy) ? 1 : 0;
      continue;
    }
    const bool hidden = std::any_of(run.lanes.begin(), run.lanes.end(), [&](const LaneModel& other) {
      return other.process == run.lanes[lane].process && (!streams || other.role == LaneRole::kStream) &&
             runs_at(run, other, kComputing, t);
    });
    ns += runs_at(run, run.lanes[lane], mask_of(Category::kCommunication), t) && !hidden ? 1 : 0;
  }
  return ns;
}

TEST(DeltaMap, EveryCellIsWhatACountOfNanosecondsSays) {
  for (const bool streams : {false, true}) {
    const RunModel a = tangled_run(1, streams);
    const RunModel b = tangled_run(2, streams);
    const Tracks tracks = make_tracks(a, &b);
    const Alignment pairs = Alignment::pair(a, b, AlignMode::kStepStart);
    const DeltaMap map = DeltaMap::make(a, b, tracks, pairs.slots());
    ASSERT_EQ(map.rows(), 6U);
    ASSERT_EQ(map.columns(), static_cast<size_t>(kSteps));
    for (const DeltaMeasure measure : {DeltaMeasure::kBusy, DeltaMeasure::kExposed, DeltaMeasure::kIdle}) {
      double changed = 0;
      for (size_t row = 0; row < map.rows(); ++row) {
        for (size_t step = 0; step < map.columns(); ++step) {
          const double in_a = brute(a, tracks.tracks[row].lane[0], a.steps[step], measure);
          const double in_b = brute(b, tracks.tracks[row].lane[1], b.steps[step], measure);
          EXPECT_EQ(map.value_ns(Side::kA, measure, row, step), in_a) << row << ' ' << step;
          EXPECT_EQ(map.delta_ns(measure, row, step), in_b - in_a) << row << ' ' << step;
          changed += std::abs(in_b - in_a);
        }
      }
      EXPECT_GT(changed, 0);
    }
  }
}

// Steps of all lengths with time between them that belongs to none, some in one run only: cells are of pairs by number.
TEST(DeltaMap, UnevenStepsOfWhichSomeHaveNoCounterpart) {
  std::mt19937_64 random(33);
  RunModel a = tangled_run(5, true);
  RunModel b = tangled_run(6, true);
  for (RunModel* run : {&a, &b}) {
    run->steps.clear();
    int64_t at = static_cast<int64_t>(random() % 300);
    for (int64_t number = 0; at < kStep * kSteps; ++number) {
      const auto length = static_cast<int64_t>(1 + random() % 900);
      if (random() % 4 != 0) {
        run->steps.push_back({number, number, at, at + length, true, "train"});
      }
      at += length + static_cast<int64_t>(random() % 2 * (random() % 400));
    }
  }
  const Tracks tracks = make_tracks(a, &b);
  const DeltaMap map = DeltaMap::make(a, b, tracks, Alignment::pair(a, b, AlignMode::kAbsolute).slots());
  size_t column = 0;
  for (const StepModel& in_a : a.steps) {
    const auto in_b = std::find_if(b.steps.begin(), b.steps.end(),
                                   [&](const StepModel& step) { return step.number == in_a.number; });
    if (in_b == b.steps.end()) {
      continue;
    }
    for (const DeltaMeasure measure : {DeltaMeasure::kBusy, DeltaMeasure::kExposed, DeltaMeasure::kIdle}) {
      for (size_t row = 0; row < map.rows(); ++row) {
        EXPECT_EQ(map.value_ns(Side::kA, measure, row, column),
                  brute(a, tracks.tracks[row].lane[0], in_a, measure));
        EXPECT_EQ(map.value_ns(Side::kB, measure, row, column),
                  brute(b, tracks.tracks[row].lane[1], *in_b, measure));
      }
    }
    ++column;
  }
  EXPECT_EQ(map.columns(), column);
  EXPECT_GT(column, 5U);
}

TEST(DeltaMap, ALaneThatOnlyBHasShowsWhole) {
  const auto a = training_run("a", {});
  RunModel b = *training_run("b", {});
  b.processes[2] = {"worker 9", "pid 9", "worker 9"};
  const Tracks tracks = make_tracks(*a, &b);
  const Alignment pairs = Alignment::pair(*a, b, AlignMode::kStepStart);
  const DeltaMap map = DeltaMap::make(*a, b, tracks, pairs.slots());
  ASSERT_EQ(map.rows(), 4U);
  const StepModel& step = b.steps[3];
  EXPECT_EQ(map.value_ns(Side::kA, DeltaMeasure::kIdle, 3, 3), 0);
  EXPECT_EQ(map.delta_ns(DeltaMeasure::kBusy, 3, 3), static_cast<double>(LoopShape().fetch));
  EXPECT_EQ(map.delta_ns(DeltaMeasure::kIdle, 3, 3),
            static_cast<double>(step.duration_ns() - LoopShape().fetch));
  EXPECT_EQ(map.delta_ns(DeltaMeasure::kBusy, 2, 3), -static_cast<double>(LoopShape().fetch)) << "gone";
}

TEST(DeltaMap, OnePixelOfSeveralShowsTheLargestChangeOfEitherSign) {
  const RunModel a = tangled_run(3, false);
  const RunModel b = tangled_run(4, false);
  const Alignment pairs = Alignment::pair(a, b, AlignMode::kStepStart);
  const DeltaMap map = DeltaMap::make(a, b, make_tracks(a, &b), pairs.slots());
  const DeltaCell best = map.strongest(DeltaMeasure::kBusy, {1, 5}, {2, 6});
  double most = 0;
  for (size_t row = 1; row < 5; ++row) {
    for (size_t step = 2; step < 6; ++step) {
      most = std::max(most, std::abs(map.delta_ns(DeltaMeasure::kBusy, row, step)));
    }
  }
  EXPECT_EQ(std::abs(best.delta_ns), most);
  EXPECT_EQ(map.delta_ns(DeltaMeasure::kBusy, best.row, best.column), best.delta_ns);
}

TEST(DeltaMap, TheFullColourIsARoundNumberAndNotThatOfACheckpoint) {
  const auto a = training_run("a", {});
  RunModel b = *training_run("b", {.wait = 25'000'000});
  b.steps[7].end_ns += 1;  // a step that is no training step and changed by seconds
  RunModel with_checkpoint = b;
  with_checkpoint.steps[7].begin_ns -= 5'000'000'000;
  with_checkpoint.steps[7].train = false;
  const Alignment pairs = Alignment::pair(*a, with_checkpoint, AlignMode::kStepStart);
  const DeltaMap map = DeltaMap::make(*a, with_checkpoint, make_tracks(*a, &with_checkpoint), pairs.slots());
  EXPECT_EQ(map.scale_ns(DeltaMeasure::kBusy), 30e6) << "steps grow by 21 ms, which rounds up";
  EXPECT_EQ(map.scale_ns(DeltaMeasure::kExposed), 1000) << "nothing communicates";
}

TEST(DeltaMap, OfRunsWithoutStepsOrCancelledThereIsNone) {
  const auto a = training_run("a", {});
  EXPECT_TRUE(DeltaMap().empty());
  EXPECT_TRUE(DeltaMap::make(*a, *a, make_tracks(*a, a.get()), {}).empty());
  const Alignment pairs = Alignment::pair(*a, *a, AlignMode::kStepStart);
  EXPECT_TRUE(DeltaMap::make(*a, *a, make_tracks(*a, a.get()), pairs.slots(), [] { return true; }).empty());
}

TEST(BusyTime, WhatLiesOutsideOfAnotherUnion) {
  const Stretches some{{0, 10}, {20, 30}, {40, 50}};
  EXPECT_EQ(length_outside(some, {}), 30);
  EXPECT_EQ(length_outside(some, {{-5, 60}}), 0);
  EXPECT_EQ(length_outside(some, {{5, 25}, {29, 45}}), 5 + 4 + 5);
  EXPECT_EQ(length_outside({}, some), 0);
}

}  // namespace
}  // namespace stepscope::viewer
