// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/alignment.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/random_rows.hpp"
#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

using testing::LoopShape;
using testing::training_run;

class AlignmentTest : public ::testing::Test {
 protected:
  std::shared_ptr<const RunModel> a = training_run("a", {});
  std::shared_ptr<const RunModel> b = training_run("b", LoopShape{.wait = 25'000'000});
  [[nodiscard]] AnchorOffsets offsets(const StepAnchor& anchor) const {
    return {anchor_offsets(*a, Side::kA, anchor), anchor_offsets(*b, Side::kB, anchor)};
  }
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
  const AnchorOffsets anchor = offsets({{0, 0}, "backward", 0});
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
  const AnchorOffsets anchor = offsets({{0, 0}, "backward", 0});
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
  const AnchorOffsets second = offsets({{0, 0}, "backward", 1});
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

// Runs of up to 40 days with steps of all lengths, some of which only one run has, some that overlap, and time between them that belongs
// to none.
RunModel random_run(std::mt19937_64& random, int64_t begin_ns, double decades) {
  RunModel run;
  run.begin_ns = begin_ns;
  int64_t at = begin_ns + testing::log_uniform(random, decades) - (random() % 4 == 0 ? 1000 : 0);
  for (int64_t number = 0; number < 60; ++number) {
    if (random() % 5 == 0) {
      continue;
    }
    const int64_t length = testing::log_uniform(random, decades);
    run.steps.push_back({number, number, at, at + length, true, "train"});
    at += length + (random() % 3 == 0 ? testing::log_uniform(random, decades) : 0) -
          (random() % 7 == 0 ? length / 3 : 0);
  }
  run.end_ns = at + testing::log_uniform(random, decades);
  for (const StepModel& step : run.steps) {
    run.end_ns = std::max(run.end_ns, step.end_ns);
  }
  return run;
}

TEST_F(AlignmentTest, RandomRunsOfDaysGoToTheAxisAndBack) {
  std::mt19937_64 random(17);
  size_t checked = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const double decades = trial % 3 == 0 ? 14.3 : 9;
    const RunModel one = random_run(random, 1'700'000'000'000'000'000, decades);
    const RunModel two = random_run(random, 1'764'000'000'000'000'000, decades);
    AnchorOffsets anchors;
    for (const StepModel& step : one.steps) {
      anchors[0].push_back(random() % 4 == 0 ? kNoAnchor : step.duration_ns() / 3);
    }
    for (const StepModel& step : two.steps) {
      anchors[1].push_back(random() % 4 == 0 ? kNoAnchor : step.duration_ns() / 2);
    }
    for (const AlignMode mode :
         {AlignMode::kAbsolute, AlignMode::kStepStart, AlignMode::kStepNormalised, AlignMode::kAnchor}) {
      const Alignment aligned = Alignment::pair(one, two, mode, &anchors);
      for (const Side side : {Side::kA, Side::kB}) {
        const RunModel& run = side == Side::kA ? one : two;
        if (mode != AlignMode::kAbsolute) {
          EXPECT_NEAR(static_cast<double>(aligned.to_time(side, aligned.extent().end_ns) - run.end_ns), 0, 1)
              << "time that steps have in common is shown once";
        }
        const auto length = static_cast<uint64_t>(run.end_ns - run.begin_ns);
        std::vector<int64_t> times;
        for (int i = 0; i < 300; ++i) {
          times.push_back(run.begin_ns + static_cast<int64_t>(random() % length));
        }
        std::sort(times.begin(), times.end());
        double before = -1e18;
        for (const int64_t t : times) {
          const double display = aligned.to_display(side, t);
          ASSERT_GE(display, before);
          ASSERT_LE(display, aligned.extent().end_ns + 1);
          before = display;
          // Of a step of a ns that is stretched to a day, or the other way round, no double tells all.
          const bool stretched = mode == AlignMode::kStepNormalised && side == Side::kB;
          const double slope = stretched ? aligned.to_display(side, t + 1) - display : 1;
          if (slope < 0.1 || slope > 10) {
            continue;
          }
          ++checked;
          ASSERT_NEAR(static_cast<double>(aligned.to_time(side, display) - t), 0, 1)
              << trial << " mode " << static_cast<int>(mode);
          ASSERT_NEAR(aligned.to_display(aligned.moment_at(side, display)), display, 0.5);
          // A stretch ends before the far side of a gap, and has its length where nothing is stretched or lies between.
          const TimeRange alone = aligned.to_display(side, t, t + 1);
          ASSERT_GE(alone.end_ns, alone.begin_ns);
          if (mode != AlignMode::kStepNormalised) {
            ASSERT_NEAR(alone.length(), 1, 0.5);
          }
        }
      }
    }
  }
  EXPECT_GT(checked, 60U * 7 * 300);
}

// Of pairs that do not overlap others: what the modes promise, step by step.
TEST_F(AlignmentTest, RandomStepsStandWhereTheirModeSays) {
  std::mt19937_64 random(18);
  for (int trial = 0; trial < 40; ++trial) {
    RunModel one = random_run(random, 5, 8);
    RunModel two = random_run(random, 7, 8);
    for (RunModel* run : {&one, &two}) {
      int64_t at = run->begin_ns;
      for (StepModel& step : run->steps) {
        const int64_t length = step.duration_ns();
        step.begin_ns = std::max(step.begin_ns, at);
        step.end_ns = at = step.begin_ns + length;
      }
      run->end_ns = std::max(run->end_ns, at);
    }
    const AnchorOffsets anchors{std::vector<int64_t>(one.steps.size(), 0),
                                std::vector<int64_t>(two.steps.size(), 0)};
    for (const AlignMode mode : {AlignMode::kStepStart, AlignMode::kStepNormalised, AlignMode::kAnchor}) {
      const Alignment aligned = Alignment::pair(one, two, mode, &anchors);
      size_t pairs = 0;
      for (const StepModel& in_a : one.steps) {
        const auto in_b = std::find_if(two.steps.begin(), two.steps.end(),
                                       [&](const StepModel& step) { return step.number == in_a.number; });
        if (in_b == two.steps.end()) {
          continue;
        }
        ASSERT_LT(pairs, aligned.slots().size());
        const StepSlot& slot = aligned.slots()[pairs++];
        EXPECT_EQ(one.steps[slot.index_a].number, in_a.number);
        EXPECT_EQ(two.steps[slot.index_b].number, in_a.number);
        const TimeRange a_range = aligned.to_display(Side::kA, in_a.begin_ns, in_a.end_ns);
        const TimeRange b_range = aligned.to_display(Side::kB, in_b->begin_ns, in_b->end_ns);
        EXPECT_NEAR(a_range.begin_ns, slot.display.begin_ns, 1e-3);
        EXPECT_NEAR(b_range.begin_ns, slot.display.begin_ns, 1e-3);
        const auto length_a = static_cast<double>(in_a.duration_ns());
        const auto length_b = static_cast<double>(in_b->duration_ns());
        EXPECT_NEAR(a_range.length(), length_a, 1e-3);
        EXPECT_NEAR(b_range.length(), mode == AlignMode::kStepNormalised ? length_a : length_b, 1e-3);
        EXPECT_NEAR(slot.display.length(),
                    mode == AlignMode::kStepNormalised ? length_a : std::max(length_a, length_b), 1e-3);
      }
      EXPECT_EQ(pairs, aligned.slots().size());
    }
  }
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

RunModel numbered(const std::vector<int64_t>& numbers) {
  RunModel run;
  for (const int64_t number : numbers) {
    const auto at = static_cast<int64_t>(run.steps.size()) * 100;
    run.steps.push_back({at / 100, number, at, at + 100, true, "train"});
  }
  run.end_ns = static_cast<int64_t>(numbers.size()) * 100;
  return run;
}

// A run that resumed from a checkpoint counts some steps again: the others are still compared with those of their number.
TEST_F(AlignmentTest, ARunThatRestartsItsCountIsPairedByNumberToo) {
  const RunModel whole = numbered({0, 1, 2, 3, 4, 5, 6, 7});
  const RunModel resumed = numbered({0, 1, 2, 3, 4, 3, 4, 5, 6, 7});
  const Alignment aligned = Alignment::pair(whole, resumed, AlignMode::kStepStart);
  ASSERT_EQ(aligned.slots().size(), 8U);
  for (const StepSlot& slot : aligned.slots()) {
    EXPECT_EQ(whole.steps[slot.index_a].number, resumed.steps[slot.index_b].number);
  }
  EXPECT_EQ(Alignment::pair(resumed, resumed, AlignMode::kStepStart).slots().size(), 10U);
  const RunModel same(numbered(std::vector<int64_t>(500, 0)));
  EXPECT_EQ(Alignment::pair(same, same, AlignMode::kStepStart).slots().size(), 500U) << "by position";
  const RunModel others = numbered({100, 101});
  EXPECT_EQ(Alignment::pair(whole, others, AlignMode::kStepStart).slots().size(), 2U) << "by position";
}

TEST_F(AlignmentTest, RandomCountsAreInAsManyPairsAsThereCanBe) {
  std::mt19937_64 random(19);
  for (int trial = 0; trial < 100; ++trial) {
    std::array<std::vector<int64_t>, 2> numbers;
    for (auto& list : numbers) {
      int64_t next = static_cast<int64_t>(random() % 3);
      for (int i = 0; i < 30; ++i) {
        list.push_back(next);
        next +=
            random() % 8 == 0 ? -static_cast<int64_t>(random() % 6) : 1 + static_cast<int64_t>(random() % 2);
      }
    }
    const RunModel one = numbered(numbers[0]);
    const RunModel two = numbered(numbers[1]);
    std::vector<std::vector<size_t>> most(31, std::vector<size_t>(31, 0));  // of what is left from (i, k) on
    for (size_t i = 30; i-- > 0;) {
      for (size_t k = 30; k-- > 0;) {
        most[i][k] = std::max({most[i + 1][k], most[i][k + 1],
                               most[i + 1][k + 1] + (numbers[0][i] == numbers[1][k] ? 1U : 0U)});
      }
    }
    const auto slots = Alignment::pair(one, two, AlignMode::kAbsolute);
    ASSERT_EQ(slots.slots().size(), most[0][0] > 0 ? most[0][0] : 30U);
    for (size_t s = 0; s < slots.slots().size() && most[0][0] > 0; ++s) {
      const StepSlot& slot = slots.slots()[s];
      EXPECT_EQ(one.steps[slot.index_a].number, two.steps[slot.index_b].number);
      EXPECT_TRUE(s == 0 || (slots.slots()[s - 1].index_a < slot.index_a &&
                             slots.slots()[s - 1].index_b < slot.index_b));
    }
  }
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
