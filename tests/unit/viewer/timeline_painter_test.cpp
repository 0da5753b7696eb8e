// SPDX-License-Identifier: Apache-2.0
//
// What the timeline paints, primitive by primitive, through a painter that only remembers.
#include "viewer/timeline/timeline_painter.hpp"

#include <algorithm>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/recording_painter.hpp"
#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

using testing::RecordingPainter;

class TimelinePainterTest : public ::testing::Test {
 protected:
  void paint() {
    geo = {.x = 0,
           .y = 0,
           .width = 1200,
           .height = 600,
           .gutter = 200,
           .ruler = 22,
           .rulers = state.align_mode == AlignMode::kStepNormalised ? size_t{2} : size_t{1},
           .steps = 20,
           .delta = state.two_runs() ? 20.0F : 0.0F,
           .unit = 1};
    state.view.set_width(1000);
    LayoutMetrics metrics;
    metrics.delta = 8;
    state.refresh_layout(metrics);
    TimelinePainter timeline(painter, state, geo, scratch);
    timeline.paint_lanes();
    timeline.paint_ruler();
    timeline.paint_overlay(-1, std::nullopt);
  }
  void load(bool two) {
    state.set_run(Side::kA, testing::training_run("a", {}));
    if (two) {
      state.set_run(Side::kB, testing::training_run("b", testing::LoopShape{.wait = 25'000'000}));
    }
    state.view.set_width(1000);
  }

  AppState state{Options()};
  RecordingPainter painter;
  TimelineGeometry geo;
  TimelinePainter::Scratch scratch;
};

TEST_F(TimelinePainterTest, EachEventOfAStepIsABoxOfItsColourAtItsPlace) {
  load(false);
  const StepModel& step = state.run(Side::kA)->steps[5];
  state.show_display(state.alignment.to_display(Side::kA, step.begin_ns, step.end_ns));
  paint();
  const auto backward = painter.of(Category::kBackward);
  ASSERT_FALSE(backward.empty());
  const double npp = state.view.ns_per_pixel();
  EXPECT_NEAR(backward[0].x1 - backward[0].x0, 20e6 / npp, 2);
  EXPECT_NEAR(backward[0].x0, 200 + 14e6 / npp, 2);
  EXPECT_TRUE(painter.says("backward"));
  EXPECT_TRUE(painter.says("forward"));
}

TEST_F(TimelinePainterTest, LanesStayOutOfTheGutterAndLabelsInsideTheirBoxes) {
  load(true);
  state.go_to_step(8);
  paint();
  for (const Category category :
       {Category::kCompute, Category::kBackward, Category::kDataWait, Category::kDataWork}) {
    for (const Box& box : painter.of(category)) {
      if (box.x1 > 200) {  // what lies in the gutter is B's tag, in the same blue
        EXPECT_GE(box.x0, 199.9F);
      }
      EXPECT_LE(box.x1, 1200.1F);
    }
  }
  for (const RecordingPainter::Text& text : painter.texts) {
    if (text.text == "wait for batch") {
      EXPECT_LE(text.x + 7.0F * static_cast<float>(text.text.size()), text.clip_x1 + 0.1F);
    }
  }
}

TEST_F(TimelinePainterTest, TwoRunsShowBothLanesAndTheDifferenceOfTheStep) {
  load(true);
  state.go_to_step(8);
  paint();
  const auto waits = painter.of(Category::kDataWait);
  ASSERT_GE(waits.size(), 2U);
  float longest = 0;
  float shortest = 1e9F;
  for (const Box& box : waits) {
    longest = std::max(longest, box.x1 - box.x0);
    shortest = std::min(shortest, box.x1 - box.x0);
  }
  EXPECT_GT(longest, 4 * shortest);  // 25 ms against 4 ms
  EXPECT_TRUE(painter.says("▲ +21.0 ms"));
}

// B waits 21 ms longer: there A's lane has nothing and B's is busy.
TEST_F(TimelinePainterTest, TheRowUnderAPairOfLanesShowsWhereBIsBusier) {
  load(true);
  state.show_display(state.alignment.slots()[8].display);
  paint();
  const Color more = difference_on(palette(Theme::kDark).panel, 1, Theme::kDark);
  float widest = 0;
  for (const Box& box : painter.all) {
    if (box.color == more && box.y1 - box.y0 < 8 && box.x0 >= 200) {
      widest = std::max(widest, box.x1 - box.x0);
    }
  }
  EXPECT_NEAR(widest, 21e6 / state.view.ns_per_pixel(), 3);
}

TEST_F(TimelinePainterTest, TheRowUnderAPairFadesWithIt) {
  load(true);
  state.show_display(state.alignment.slots()[8].display);
  const Color more = difference_on(palette(Theme::kDark).panel, 1, Theme::kDark);
  const auto shown = [&] {
    painter = RecordingPainter();
    paint();
    return std::any_of(painter.all.begin(), painter.all.end(), [&](const Box& box) {
      return box.color == more && box.y1 - box.y0 < 8 && box.x0 >= 200;
    });
  };
  EXPECT_TRUE(shown());
  state.select_run(Side::kB);
  EXPECT_FALSE(shown()) << "it is of both";
  state.select_run(std::nullopt);
  EXPECT_TRUE(shown());
  state.selection.lanes = {"another lane"};
  EXPECT_FALSE(shown());
}

TEST_F(TimelinePainterTest, StretchedStepsHaveARulerForEachRun) {
  load(true);
  state.set_alignment(AlignMode::kStepNormalised);
  state.show_display(state.alignment.slots()[8].display);
  paint();
  EXPECT_TRUE(painter.says("time of A"));
  EXPECT_TRUE(painter.says("time of B"));
  // A's 37 ms and B's 58 ms take the same room, so that only B's ruler goes past 40.
  const auto reaches = [&](const char* label) {
    return std::any_of(painter.texts.begin(), painter.texts.end(),
                       [&](const RecordingPainter::Text& text) { return text.text.starts_with(label); });
  };
  EXPECT_TRUE(reaches("+30"));
  EXPECT_TRUE(reaches("+50"));
}

TEST_F(TimelinePainterTest, ZoomedOutTheNumberOfBoxesIsBoundedByThePixels) {
  state.set_run(Side::kA, testing::dense_run(4, 200'000, 3));
  paint();
  EXPECT_LT(painter.all.size(), 4U * 1000 + 3000);
}

TEST_F(TimelinePainterTest, WhatDoesNotMatchTheSearchStandsBack) {
  load(false);
  state.go_to_step(5);
  state.search_for("attention");
  paint();
  EXPECT_TRUE(painter.of(Category::kBackward).empty());
  EXPECT_FALSE(painter.of(Category::kRange).empty());
}

TEST_F(TimelinePainterTest, AnArrowLeadsFromTheFetchToTheWaitForIt) {
  load(false);
  state.go_to_step(5);
  const EventRow& rows = state.run(Side::kA)->lanes[0].rows[0];
  const auto wait = static_cast<uint32_t>(rows.first_starting_at(state.run(Side::kA)->steps[5].begin_ns));
  state.select_event({Side::kA, 0, 0, wait});
  paint();
  const size_t without = painter.triangles.size();
  state.flows = {{FlowKind::kBatch, false, {Side::kA, 2, 0, 2}}};
  painter = RecordingPainter();
  paint();
  ASSERT_EQ(painter.triangles.size(), without + 1);
  const double start = state.display_of(*state.selection.event).begin_ns;
  EXPECT_NEAR(painter.triangles.back().first, 200 + state.view.to_pixel(start), 1);
}

TEST_F(TimelinePainterTest, ASelectedGapSaysWhatTheLedgerCallsIt) {
  load(false);
  state.go_to_step(5);
  const StepModel& step = state.run(Side::kA)->steps[5];
  const auto gap = gap_at(*state.run(Side::kA), Side::kA, 1, step.begin_ns + step.duration_ns() / 2);
  ASSERT_TRUE(gap.has_value());
  std::promise<void> go;  // until then nothing is answered
  state.clicks.post(std::make_shared<Cancelled>(false), [&go] { go.get_future().wait(); });
  state.select_gap(*gap);
  paint();
  EXPECT_TRUE(painter.says("idle 44.0 ms  ·  ...")) << "the ledger is asked";
  go.set_value();
  state.wait();
  state.gap_causes = {{"data.dispatch", 1'500'000}};
  paint();
  EXPECT_TRUE(painter.says("idle 44.0 ms  ·  data.dispatch 1.50 ms"));
}

TEST_F(TimelinePainterTest, TheSelectedEventIsOutlined) {
  load(false);
  state.go_to_step(5);
  state.search_for("attention");
  state.find(true);
  state.wait();
  ASSERT_TRUE(state.selection.event.has_value());
  paint();
  ASSERT_EQ(painter.outlines.size(), 1U);
}

// Labels are looked for a stride ahead. A run that was resumed counts some steps again, and none of its labels is lost.
TEST_F(TimelinePainterTest, StepsThatAreCountedAgainHaveTheirLabelsTwice) {
  const auto run = testing::dense_run(1, 4000, 1, 400);
  auto resumed = std::make_shared<RunModel>(*run);
  for (size_t s = 0; s < resumed->steps.size(); ++s) {
    resumed->steps[s].number = static_cast<int64_t>(s < 190 ? s : s - 90);  // 0 .. 189, 100 .. 309
  }
  state.set_run(Side::kA, resumed);
  state.fit_all();
  paint();
  const auto times = [&](const std::string& label) {
    return std::count_if(painter.texts.begin(), painter.texts.end(),
                         [&](const RecordingPainter::Text& text) { return text.text == label; });
  };
  for (const char* twice : {"100", "120", "140", "160", "180"}) {
    EXPECT_EQ(times(twice), 2) << twice;
  }
  for (const char* once : {"20", "80", "200", "300"}) {
    EXPECT_EQ(times(once), 1) << once;
  }
}

}  // namespace
}  // namespace stepscope::viewer
