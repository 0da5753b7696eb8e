// SPDX-License-Identifier: Apache-2.0
//
// What somebody looks at stays where it is, to the pixel, when the axis changes under it: another alignment, or a run that is
// read again because it has grown.
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"

namespace stepscope::viewer {
namespace {

constexpr AlignMode kModes[] = {AlignMode::kAbsolute, AlignMode::kStepStart, AlignMode::kStepNormalised,
                                AlignMode::kAnchor};
constexpr double kPixels = 1000;

// Steps of random length with an all-reduce somewhere inside, now and then something between steps that belongs to none. `steps` more
// make the same run as it is later on; `before` lanes are seen first by then.
std::shared_ptr<const RunModel> growing_run(uint64_t seed, int steps, size_t lanes_before = 0) {
  testing::RunWriter writer("grows");
  const uint32_t work = writer.name("work", Category::kCompute);
  const uint32_t reduce = writer.name("all_reduce", Category::kCommunication);
  RunModel& model = writer.model();
  model.begin_ns = 1'700'000'000'000'000'000;
  for (size_t lane = 0; lane < lanes_before; ++lane) {
    writer.process("early " + std::to_string(lane));
    writer.lane(static_cast<uint32_t>(lane), "thread", {{model.begin_ns + 1, 5, work}});
  }
  writer.process("main");
  std::mt19937_64 random(seed);
  std::vector<RawEvent> events;
  int64_t at = model.begin_ns + 3'000'000;
  for (int step = 0; step < steps; ++step) {
    const int64_t begin = at;
    const auto length = [&] { return static_cast<int64_t>(1'000'000 + random() % 20'000'000); };
    const int64_t before = length();
    const int64_t after = length();
    events.push_back({at, before, work});
    events.push_back({at + before, 700'123, reduce});
    events.push_back({at + before + 700'123, after, work});
    at += before + 700'123 + after;
    model.steps.push_back({step, step, begin, at, true, "train"});
    at += step % 4 == 3 ? length() : 0;
  }
  writer.lane(static_cast<uint32_t>(lanes_before), "thread", std::move(events));
  return writer.take();
}

class HeldViewTest : public ::testing::Test {
 protected:
  HeldViewTest() : state(Options()) {
    state.set_run(Side::kA, growing_run(1, 12));
    state.set_run(Side::kB, growing_run(2, 12));
    state.view.set_width(kPixels);
  }
  void align(AlignMode mode) {
    state.set_alignment(mode);
    state.wait();
  }
  [[nodiscard]] double pixel_of(const Moment& moment) const {
    return state.view.to_pixel(state.alignment.to_display(moment));
  }
  [[nodiscard]] double middle() const {
    return (state.view.visible().begin_ns + state.view.visible().end_ns) / 2;
  }
  // A place somewhere in a step at which the run shows time.
  double somewhere(Side side) {
    const StepSlot& slot = state.alignment.slots()[random() % state.alignment.slots().size()];
    const RunModel& run = *state.run(side);
    const StepModel& step = run.steps[side == Side::kA ? slot.index_a : slot.index_b];
    return state.alignment.to_display(
        side, step.begin_ns + static_cast<int64_t>(random() % static_cast<uint64_t>(step.duration_ns())));
  }
  // From the whole of a step down to a tenth of a ns a pixel.
  static constexpr double kSpans[] = {15e6, 2e6, 1e5, 3333, 100};

  AppState state;
  std::mt19937_64 random{7};
};

TEST_F(HeldViewTest, TheMomentInTheMiddleStaysWhereItIsInAllPairsOfAlignments) {
  for (const AlignMode from : kModes) {
    for (const AlignMode to : kModes) {
      for (const double span : kSpans) {
        for (int trial = 0; trial < 40; ++trial) {
          align(from);
          const double at = somewhere(Side::kA);
          state.view.show({at - span / 2, at + span / 2});
          if (state.alignment.gap_at(Side::kA, middle())) {
            continue;  // the view stopped at the end of the run
          }
          const Moment moment = state.alignment.moment_at(Side::kA, middle());
          const double before = pixel_of(moment);
          align(to);
          ASSERT_NEAR(pixel_of(moment), before, 0.5)
              << static_cast<int>(from) << " to " << static_cast<int>(to) << ", span " << span;
          ASSERT_NEAR(state.view.visible().length(), span, 1e-6 * span);
          align(from);
          ASSERT_NEAR(state.alignment.to_display(moment), middle(), span / kPixels) << "and back";
        }
      }
    }
  }
}

TEST_F(HeldViewTest, AStretchOfTheAxisThatOneRunLacksIsHeldByTheOther) {
  size_t gaps = 0;
  for (int trial = 0; trial < 400; ++trial) {
    align(AlignMode::kStepStart);
    const double at = somewhere(Side::kB);
    state.view.show({at - 5e5, at + 5e5});
    if (!state.alignment.gap_at(Side::kA, middle())) {
      continue;
    }
    ++gaps;
    const Moment moment = state.alignment.moment_at(Side::kB, middle());
    align(AlignMode::kAbsolute);
    ASSERT_NEAR(pixel_of(moment), kPixels / 2, 0.5);
  }
  EXPECT_GT(gaps, 20U);
}

TEST_F(HeldViewTest, WithOneRunOnScreenItsNearestMomentStays) {
  state.shown = Shown::kOnlyA;
  align(AlignMode::kStepStart);
  size_t seen = 0;
  const std::vector<StepSlot> slots(state.alignment.slots().begin(), state.alignment.slots().end());
  for (const StepSlot& slot : slots) {
    if (slot.delta() < 1'000'000) {
      continue;  // A's is the shorter one by far
    }
    ++seen;
    align(AlignMode::kStepStart);
    const double end = slot.display.begin_ns + static_cast<double>(slot.duration_a);
    state.view.show({end - 4e5, end + 6e5});  // the middle is nothing of A's; its step ends at pixel 400
    const StepModel& step = state.run(Side::kA)->steps[slot.index_a];
    align(AlignMode::kAbsolute);
    EXPECT_NEAR(state.view.to_pixel(state.alignment.to_display(Side::kA, step.end_ns - 1)), 400, 0.5);
  }
  EXPECT_GT(seen, 2U);
}

TEST_F(HeldViewTest, ASelectedEventInSightStaysWhereverItIs) {
  for (const Side side : {Side::kA, Side::kB}) {
    for (const AlignMode from : kModes) {
      for (const AlignMode to : kModes) {
        for (const uint32_t index : {0U, 7U, 16U, 35U}) {
          align(from);
          state.select_event({side, 0, 0, index});
          const double begin = state.display_of(*state.selection.event).begin_ns;
          state.view.show({begin - 1e6, begin + 9e6});  // at pixel 100
          const double before = state.view.to_pixel(state.display_of(*state.selection.event).begin_ns);
          align(to);
          ASSERT_TRUE(state.selection.event.has_value());
          ASSERT_NEAR(state.view.to_pixel(state.display_of(*state.selection.event).begin_ns), before, 0.5);
        }
      }
    }
  }
}

TEST_F(HeldViewTest, ARunThatIsReadAgainWithMoreStepsLeavesEverythingWhereItWas) {
  for (const AlignMode mode : kModes) {
    for (const double span : kSpans) {
      for (int trial = 0; trial < 10; ++trial) {
        state.set_run(Side::kA, growing_run(1, 12));
        state.set_run(Side::kB, growing_run(2, 12));
        align(mode);
        const auto event = static_cast<uint32_t>(random() % 36);
        state.select_event({Side::kA, 0, 0, event});
        const TimeRange range = state.display_of(*state.selection.event);
        const double at = std::uniform_real_distribution<double>(range.begin_ns - span / 3,
                                                                 range.begin_ns + span / 3)(random);
        state.view.show({at - span / 2, at + span / 2});
        const double before = state.view.to_pixel(range.begin_ns);
        state.set_run(Side::kA, growing_run(1, 30, 2));  // lanes have other indices now
        state.set_run(Side::kB, growing_run(2, 31));
        ASSERT_TRUE(state.selection.event.has_value());
        EXPECT_EQ(*state.selection.event, (EventRef{Side::kA, 2, 0, event}));
        const auto pixel = [&] {
          return state.view.to_pixel(state.display_of(*state.selection.event).begin_ns);
        };
        ASSERT_NEAR(pixel(), before, 0.5) << static_cast<int>(mode) << " span " << span;
        state.wait();  // the anchors of new steps are found
        ASSERT_NEAR(pixel(), before, 0.5) << static_cast<int>(mode) << " span " << span;
      }
    }
  }
}

TEST_F(HeldViewTest, AnAreaOutlastsThatItsRunIsReadAgain) {
  for (const AlignMode mode : kModes) {
    state.set_run(Side::kA, growing_run(1, 12));
    state.set_run(Side::kB, growing_run(2, 12));
    align(mode);
    state.select_area({{somewhere(Side::kA), somewhere(Side::kA)}, {0}});
    state.wait();
    const AreaSelection before = *state.selection.area;
    const auto stats = state.area;
    state.set_run(Side::kA, growing_run(1, 20, 2));
    state.wait();
    ASSERT_TRUE(state.selection.area.has_value());
    EXPECT_EQ(state.tracks.tracks[state.selection.area->tracks.at(0)].key, "main/thread");
    EXPECT_NEAR(state.selection.area->display.begin_ns, before.display.begin_ns, 0.5);
    EXPECT_NEAR(state.selection.area->display.end_ns, before.display.end_ns, 0.5);
    for (const Side side : {Side::kA, Side::kB}) {
      ASSERT_TRUE(state.area[index_of(side)].has_value());
      EXPECT_NEAR(static_cast<double>(state.area[index_of(side)]->union_ns - stats[index_of(side)]->union_ns),
                  0, 1);
    }
    // Of steps it stays one of steps.
    state.select_steps(2, 4, false);
    state.select_area_of_selection();
    state.set_run(Side::kB, growing_run(2, 25));
    for (const Side side : {Side::kA, Side::kB}) {
      const auto& steps = state.run(side)->steps;
      EXPECT_EQ(state.span_of(side, state.selection.area->display),
                (RunSpan{steps[2].begin_ns, steps[4].end_ns}));
    }
    state.set_run(Side::kB, growing_run(3, 25));
    EXPECT_FALSE(state.selection.area.has_value()) << "of another run it means nothing";
  }
}

TEST_F(HeldViewTest, TheWholeRunStaysTheWholeRun) {
  state.fit_all();
  for (const AlignMode mode : kModes) {
    align(mode);
    EXPECT_GE(state.view.visible().length(), state.alignment.extent().length());
  }
  state.set_run(Side::kB, growing_run(2, 40));
  EXPECT_GE(state.view.visible().length(), state.alignment.extent().length());
}

}  // namespace
}  // namespace stepscope::viewer
