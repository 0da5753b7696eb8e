// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/alignment.hpp"

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

using testing::LoopShape;
using testing::training_run;

class AlignmentTest : public ::testing::Test {
 protected:
  std::shared_ptr<const RunModel> a = training_run("a", {});
  std::shared_ptr<const RunModel> b = training_run("b", LoopShape{.wait = 25'000'000});
};

TEST_F(AlignmentTest, OneRunIsItsOwnAxis) {
  const Alignment alone = Alignment::single(*a);
  EXPECT_EQ(alone.to_display(Side::kA, a->begin_ns + 1234), 1234);
  EXPECT_EQ(alone.to_time(Side::kA, 5678), a->begin_ns + 5678);
  EXPECT_EQ(alone.slots().size(), a->steps.size());
}

TEST_F(AlignmentTest, ByStepStartEveryPairStartsAtTheSamePlace) {
  const Alignment aligned = Alignment::pair(*a, *b, AlignMode::kStepStart);
  ASSERT_EQ(aligned.slots().size(), 40U);
  for (size_t s = 0; s < 40; ++s) {
    const double at = aligned.slots()[s].display.begin_ns;
    EXPECT_NEAR(aligned.to_display(Side::kA, a->steps[s].begin_ns), at, 1);
    EXPECT_NEAR(aligned.to_display(Side::kB, b->steps[s].begin_ns), at, 1);
    EXPECT_EQ(aligned.slots()[s].delta(), 21'000'000);
    EXPECT_NEAR(aligned.slots()[s].display.length(), static_cast<double>(b->steps[s].duration_ns()), 1);
    EXPECT_EQ(aligned.slot_at(at + 5), s);
  }
}

TEST_F(AlignmentTest, ByStepLengthBTakesAsMuchRoomAsA) {
  const Alignment aligned = Alignment::pair(*a, *b, AlignMode::kStepNormalised);
  for (size_t s = 0; s < 40; ++s) {
    const StepModel& step = b->steps[s];
    const double middle = aligned.to_display(Side::kB, (step.begin_ns + step.end_ns) / 2);
    EXPECT_NEAR(middle, (aligned.slots()[s].display.begin_ns + aligned.slots()[s].display.end_ns) / 2, 2);
    EXPECT_NEAR(aligned.slots()[s].display.length(), static_cast<double>(a->steps[s].duration_ns()), 1);
  }
}

TEST_F(AlignmentTest, ByTimeTheSlowerRunDriftsAway) {
  const Alignment aligned = Alignment::pair(*a, *b, AlignMode::kAbsolute);
  EXPECT_NEAR(aligned.to_display(Side::kB, b->steps[10].begin_ns) -
                  aligned.to_display(Side::kA, a->steps[10].begin_ns),
              10 * 21e6, 1);
}

TEST_F(AlignmentTest, EveryMappingIsMonotoneAndInvertibleOutsideOfGaps) {
  const StepAnchor anchor{{0, 0}, "backward", 0};
  for (const AlignMode mode :
       {AlignMode::kAbsolute, AlignMode::kStepStart, AlignMode::kStepNormalised, AlignMode::kAnchor}) {
    const Alignment aligned = Alignment::pair(*a, *b, mode, &anchor);
    for (const Side side : {Side::kA, Side::kB}) {
      const RunModel& run = side == Side::kA ? *a : *b;
      double before = -1;
      for (int64_t t = run.begin_ns; t < run.end_ns; t += 777'777) {
        const double display = aligned.to_display(side, t);
        ASSERT_GE(display, before);
        ASSERT_NEAR(static_cast<double>(aligned.to_time(side, display)), static_cast<double>(t), 2);
        before = display;
      }
    }
  }
}

TEST_F(AlignmentTest, ByAnAnchorItsEventsStandAtTheSamePlaceInEveryStep) {
  const StepAnchor anchor{{0, 0}, "backward", 0};
  const Alignment aligned = Alignment::pair(*a, *b, AlignMode::kAnchor, &anchor);
  ASSERT_EQ(aligned.slots().size(), 40U);
  const LoopShape shape;
  for (const StepSlot& slot : aligned.slots()) {
    const StepModel& in_a = a->steps[slot.index_a];
    const StepModel& in_b = b->steps[slot.index_b];
    const int64_t at_a = in_a.begin_ns + shape.wait + shape.forward;
    const int64_t at_b = in_b.begin_ns + 25'000'000 + shape.forward;
    EXPECT_NEAR(aligned.to_display(Side::kA, at_a), slot.origin_ns, 1);
    EXPECT_NEAR(aligned.to_display(Side::kB, at_b), slot.origin_ns, 1);
    EXPECT_NEAR(aligned.to_display(Side::kA, in_a.begin_ns) - aligned.to_display(Side::kB, in_b.begin_ns),
                21e6, 1)
        << "A's wait is shorter, so A starts later";
    EXPECT_NEAR(slot.display.length(), static_cast<double>(in_b.duration_ns()), 1);
  }
}

TEST_F(AlignmentTest, AStepThatLacksTheAnchorStartsTogether) {
  const StepAnchor second{{0, 0}, "backward", 1};
  const Alignment aligned = Alignment::pair(*a, *b, AlignMode::kAnchor, &second);
  const Alignment by_start = Alignment::pair(*a, *b, AlignMode::kStepStart);
  const Alignment without = Alignment::pair(*a, *b, AlignMode::kAnchor);
  for (size_t s = 0; s < 40; ++s) {
    EXPECT_EQ(aligned.slots()[s].display.begin_ns, by_start.slots()[s].display.begin_ns);
    EXPECT_EQ(without.slots()[s].display.end_ns, by_start.slots()[s].display.end_ns);
    EXPECT_EQ(aligned.slots()[s].origin_ns, aligned.slots()[s].display.begin_ns);
  }
}

TEST_F(AlignmentTest, AnAnchorIsTheNthOfItsNameInItsStep) {
  testing::RunWriter writer("x");
  const uint32_t reduce = writer.name("all_reduce", Category::kCommunication);
  const uint32_t other = writer.name("gemm", Category::kCompute);
  writer.process("p");
  writer.lane(0, "s", {{5, 2, reduce}, {10, 2, other}, {20, 2, reduce}, {104, 2, reduce}, {130, 2, reduce}});
  RunModel run = writer.model();
  run.steps = {{0, 0, 0, 100, true, "train"}, {1, 1, 100, 200, true, "train"}};
  const Tracks tracks = make_tracks(run, &run);
  const auto anchor = anchor_at(run, tracks, {Side::kB, 0, 0, 2});
  ASSERT_TRUE(anchor.has_value());
  EXPECT_EQ(anchor->title(), "all_reduce, 2nd of the step");
  EXPECT_EQ(anchor_offsets(run, Side::kA, *anchor), (std::vector<int64_t>{20, 30}));
  const auto first = first_collective(run, run, tracks);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(anchor_offsets(run, Side::kB, *first), (std::vector<int64_t>{5, 4}));
  StepAnchor third = *anchor;
  third.n = 2;
  EXPECT_EQ(anchor_offsets(run, Side::kA, third), (std::vector<int64_t>{kNoAnchor, kNoAnchor}));
  EXPECT_FALSE(first_collective(*a, *b, make_tracks(*a, b.get())).has_value());
}

TEST_F(AlignmentTest, PixelEdgesAreTheTimesOfTheAxis) {
  const Alignment aligned = Alignment::pair(*a, *b, AlignMode::kStepStart);
  Viewport view;
  view.set_bounds(aligned.extent());
  view.set_width(777);
  view.show({1e8, 7e8});
  PixelMap map;
  aligned.fill(Side::kA, view, map);
  ASSERT_EQ(map.columns(), 777U);
  for (size_t p = 0; p < 777; ++p) {
    ASSERT_LE(map.edge[p], map.edge[p + 1]);
    ASSERT_NEAR(static_cast<double>(map.edge[p]),
                static_cast<double>(aligned.to_time(Side::kA, view.to_time(static_cast<double>(p)))), 2);
  }
}

TEST_F(AlignmentTest, StepsArePairedByNumberAndUnpairedOnesLieBetween) {
  RunModel late = *b;
  late.steps.erase(late.steps.begin(), late.steps.begin() + 5);
  late.ledger.ns.clear();
  const Alignment aligned = Alignment::pair(*a, late, AlignMode::kStepStart);
  ASSERT_EQ(aligned.slots().size(), 35U);
  EXPECT_EQ(a->steps[aligned.slots()[0].index_a].number, 5);
  EXPECT_EQ(aligned.slots()[0].index_b, 0U);
}

TEST_F(AlignmentTest, RunsWithoutStepsStillShareAnAxis) {
  RunModel bare = *b;
  bare.steps.clear();
  const Alignment aligned = Alignment::pair(*a, bare, AlignMode::kStepStart);
  EXPECT_TRUE(aligned.slots().empty());
  EXPECT_GT(aligned.extent().length(), 1);
}

}  // namespace
}  // namespace stepscope::viewer
