// SPDX-License-Identifier: Apache-2.0
//
// Deep links, areas, marks and the search for lanes: what the state knows afterwards.
#include "viewer/app_state.hpp"

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

using testing::LoopShape;
using testing::training_run;

class AppStateTest : public ::testing::Test {
 protected:
  AppStateTest() : state(Options()) {
    state.set_run(Side::kA, training_run("healthy", healthy));
    state.view.set_width(1000);
  }

  void follow(const std::string& at, const std::string& select = "", std::optional<Tab> tab = std::nullopt) {
    Options options;
    options.at = at;
    options.select = select;
    options.tab = tab;
    state.apply_deep_links(options);
  }

  LoopShape healthy;
  AppState state;
};

TEST_F(AppStateTest, ALinkToAStepSelectsItAndShowsAllOfIt) {
  follow("12");
  ASSERT_TRUE(state.selection.steps.has_value());
  EXPECT_EQ(state.selection.steps->first, 12U);
  EXPECT_EQ(state.selection.steps->last, 12U);
  const TimeRange step = state.alignment.slots()[12].display;
  EXPECT_LE(state.view.visible().begin_ns, step.begin_ns);
  EXPECT_GE(state.view.visible().end_ns, step.end_ns);
  EXPECT_LT(state.view.visible().length(), 1.5 * step.length());
  EXPECT_TRUE(state.load.errors.empty());
}

TEST_F(AppStateTest, ALinkToAStepThatIsNotThereSaysSoAndShowsTheWholeRun) {
  const TimeRange before = state.view.visible();
  follow("4711");
  ASSERT_EQ(state.load.errors.size(), 1U);
  EXPECT_EQ(state.load.errors[0], "--at 4711: there is no such step; the whole run is shown");
  EXPECT_FALSE(state.selection.steps.has_value());
  EXPECT_EQ(state.view.visible().begin_ns, before.begin_ns);
  EXPECT_EQ(state.view.visible().end_ns, before.end_ns);
}

TEST_F(AppStateTest, ChangesOfAnotherStripAreLeftOut) {
  state.set_step_changes({{7, 1, 2}, {4711, 1, 2}});
  ASSERT_EQ(state.step_changes.size(), 1U);
  EXPECT_EQ(state.step_changes[0].bar, 7U);
  state.set_run(Side::kA, training_run("other", healthy));
  EXPECT_TRUE(state.step_changes.empty());
}

TEST_F(AppStateTest, AnEventIsWhatBothRunsAreAlignedByWhereverAStepHasIt) {
  state.set_run(Side::kB, training_run("slow", {.wait = 25'000'000}));
  state.search_for("backward");
  state.find(true);
  state.wait();
  ASSERT_TRUE(state.selection.event.has_value());
  state.align_by_selection();
  EXPECT_EQ(state.align_mode, AlignMode::kAnchor);
  state.wait();
  ASSERT_TRUE(state.anchor.has_value());
  EXPECT_EQ(state.anchor->title(), "backward, 1st of the step");
  const StepSlot& slot = state.alignment.slots()[9];
  EXPECT_NEAR(slot.origin_ns - slot.display.begin_ns, 35e6, 1) << "B's wait and forward";
  EXPECT_TRUE(state.selection.event.has_value());
  state.selection.event.reset();
  state.align_by_selection();
  state.wait();
  EXPECT_EQ(state.anchor->name, "backward") << "without a selection the anchor stays";
}

TEST_F(AppStateTest, ALinkToATimeCountsFromTheStartOfTheRun) {
  follow("500ms");
  const double middle = (state.view.visible().begin_ns + state.view.visible().end_ns) / 2;
  EXPECT_EQ(state.alignment.to_time(Side::kA, middle), state.run(Side::kA)->begin_ns + 500'000'000);
  EXPECT_FALSE(state.selection.steps.has_value());
}

TEST_F(AppStateTest, ALinkThatSelectsTakesTheFirstMatchInView) {
  follow("12", "backward", Tab::kDetails);
  ASSERT_TRUE(state.selection.event.has_value());
  EXPECT_EQ(state.name_of(*state.selection.event).text, "backward");
  const StepModel& step = state.run(Side::kA)->steps[12];
  EXPECT_EQ(state.row_of(*state.selection.event).start(state.selection.event->index),
            step.begin_ns + healthy.wait + healthy.forward);
  EXPECT_EQ(state.tab, Tab::kDetails);
  EXPECT_EQ(state.search_box.result, "1 name");
}

TEST_F(AppStateTest, ALinkThatMatchesNothingSelectsNothing) {
  follow("", "no such kernel");
  EXPECT_FALSE(state.selection.event.has_value());
  EXPECT_EQ(state.search_box.result, "no match");
}

TEST_F(AppStateTest, TheAreaOfAnEventIsItsTimeOnItsLane) {
  follow("12", "backward");
  state.execute(Command::kAreaOfSelection);
  state.wait();
  ASSERT_TRUE(state.selection.area.has_value());
  EXPECT_EQ(state.selection.area->tracks, std::vector<size_t>{0});
  EXPECT_NEAR(state.selection.area->display.length(), static_cast<double>(healthy.backward), 1);
  ASSERT_TRUE(state.area[0].has_value());
  EXPECT_EQ(state.area[0]->union_ns, healthy.backward);
}

TEST_F(AppStateTest, TheAreaOfAStepTakesAllLanes) {
  state.go_to_step(3);
  state.execute(Command::kAreaOfSelection);
  state.wait();
  ASSERT_TRUE(state.area[0].has_value());
  EXPECT_EQ(state.area[0]->lanes, 3U);
  EXPECT_EQ(state.area[0]->length_ns,
            state.run(Side::kA)->steps[3].end_ns - state.run(Side::kA)->steps[3].begin_ns);
}

TEST_F(AppStateTest, SelectAllTakesTheWholeRun) {
  state.execute(Command::kSelectAll);
  ASSERT_TRUE(state.selection.area.has_value());
  EXPECT_EQ(state.selection.area->display.begin_ns, state.alignment.extent().begin_ns);
  EXPECT_EQ(state.selection.area->display.end_ns, state.alignment.extent().end_ns);
}

TEST_F(AppStateTest, AMarkStaysWithItsMomentAndGoesWhenItIsSetAgain) {
  follow("12", "backward");
  const StepModel& step = state.run(Side::kA)->steps[12];
  const int64_t begin = step.begin_ns + healthy.wait + healthy.forward;
  state.execute(Command::kMark);
  state.execute(Command::kMarkSpan);
  ASSERT_EQ(state.marks.size(), 2U);
  EXPECT_EQ(state.marks[0], (Mark{Side::kA, begin, begin}));
  EXPECT_EQ(state.marks[1], (Mark{Side::kA, begin, begin + healthy.backward}));
  LoopShape slow = healthy;
  slow.wait *= 5;
  state.set_run(Side::kB, training_run("slow", slow));  // the axis stretches; the mark's moment stays
  EXPECT_EQ(state.marks[0].begin_ns, begin);
  follow("12", "backward");
  ASSERT_EQ(state.selection.event->side, Side::kA);
  state.execute(Command::kMark);
  ASSERT_EQ(state.marks.size(), 1U);
  EXPECT_GT(state.marks[0].end_ns, state.marks[0].begin_ns);
}

TEST_F(AppStateTest, AMarkBelongsToTheRunThatItIsSetIn) {
  state.set_run(Side::kB, training_run("slow", {.wait = 25'000'000}));
  state.select_gap({Side::kB, 1, 80'000'000, 99'000'000});
  state.execute(Command::kMarkSpan);
  ASSERT_EQ(state.marks.size(), 1U);
  EXPECT_EQ(state.marks[0], (Mark{Side::kB, 80'000'000, 99'000'000})) << "the gap is B's";
  state.clear();
  state.shown = Shown::kOnlyB;
  state.execute(Command::kMark);
  EXPECT_EQ(state.marks.at(1).side, Side::kB) << "a mark of A would not be seen";
}

TEST_F(AppStateTest, MarksAreVisitedInTheOrderOfTime) {
  for (const size_t step : {36U, 4U, 12U}) {
    state.go_to_step(step);
    state.execute(Command::kMark);
    state.set_mark_text(state.marks.size() - 1, "step " + std::to_string(step));
  }
  const auto visit = [this](Command command) {
    state.execute(command);
    return state.message;
  };
  // With the whole run on screen the view cannot move: what counts is where one has been.
  state.fit_all();
  EXPECT_EQ(visit(Command::kPreviousMark), "step 12");
  EXPECT_EQ(visit(Command::kPreviousMark), "step 4");
  EXPECT_EQ(visit(Command::kPreviousMark), "there is no mark before");
  EXPECT_EQ(visit(Command::kNextMark), "step 12");
  EXPECT_EQ(visit(Command::kNextMark), "step 36");
  EXPECT_EQ(visit(Command::kNextMark), "there is no mark further on");
  state.go_to_step(8);  // elsewhere: from there
  EXPECT_EQ(visit(Command::kNextMark), "step 12");
  EXPECT_EQ(state.alignment.slot_at((state.view.visible().begin_ns + state.view.visible().end_ns) / 2), 12U);
}

TEST_F(AppStateTest, LanesAreFoundByTheTitlesOfProcessAndLane) {
  state.execute(Command::kFindLane);
  state.search_for("worker");
  EXPECT_EQ(state.search_box.result, "2 lanes");
  state.collapsed.insert(state.tracks.groups[1].key);
  state.find(true);
  EXPECT_EQ(state.reveal_track, 1U);
  EXPECT_TRUE(state.collapsed.empty()) << "a folded process is unfolded to show its lane";
  state.find(true);
  EXPECT_EQ(state.reveal_track, 2U);
  state.find(true);
  EXPECT_EQ(state.reveal_track, 1U);
  state.find(false);
  EXPECT_EQ(state.reveal_track, 2U);
  EXPECT_FALSE(state.selection.event.has_value());
  state.execute(Command::kSearch);
  EXPECT_EQ(state.search_box.searched, "") << "a search for names begins afresh";
  state.search_for("worker");
  EXPECT_EQ(state.search_box.result, "no match");
}

// A run that resumed from a checkpoint: steps 15 to 19 are there twice.
TEST_F(AppStateTest, OfStepsThatAreCountedTwiceTheNearestIsMeantAndThenTheOther) {
  RunModel resumed = *state.run(Side::kA);
  for (size_t i = 20; i < resumed.steps.size(); ++i) {
    resumed.steps[i].number -= 5;
  }
  state.set_run(Side::kA, std::make_shared<const RunModel>(resumed));
  const auto go = [&](int64_t number) {
    EXPECT_TRUE(state.go_to_step_number(number));
    EXPECT_EQ(state.selection.steps->first, state.selection.steps->last);
    return state.selection.steps->first;
  };
  state.go_to_step(30);  // nearer to the second
  EXPECT_EQ(go(17), 22U);
  EXPECT_EQ(state.message, "step 17 (2nd of 2)");
  EXPECT_EQ(go(17), 17U);
  EXPECT_EQ(state.message, "step 17 (1st of 2)");
  EXPECT_EQ(go(17), 22U);
  state.message.clear();
  EXPECT_EQ(go(3), 3U);
  EXPECT_EQ(state.message, "");
  EXPECT_EQ(go(17), 17U) << "nearer to the first";
  EXPECT_FALSE(state.go_to_step_number(36));
  // Links say numbers: those around where they look.
  state.select_steps(21, 23, true);
  const Link second = state.capture();
  EXPECT_EQ(second.steps, (std::pair<int64_t, int64_t>{16, 18}));
  state.select_steps(18, 21, true);
  const Link across = state.capture();
  EXPECT_EQ(across.steps, (std::pair<int64_t, int64_t>{18, 16}));
  state.go_to_step(0);
  for (const auto& [link, first, last] : {std::tuple(second, 21U, 23U), std::tuple(across, 18U, 21U)}) {
    Link parsed;
    EXPECT_EQ(parse_link(link_text(link), parsed), "");
    EXPECT_EQ(state.apply(parsed), "");
    EXPECT_EQ(state.selection.steps, (StepSelection{first, last}));
  }
}

TEST_F(AppStateTest, ASelectedNameStandsOutInItsRunAndLeavesStepsAndLanesAlone) {
  LoopShape slow = healthy;
  slow.wait *= 5;
  state.set_run(Side::kB, training_run("slow", slow));
  state.select_steps(3, 5, false);
  state.select_lane(Side::kB, 1, false);
  state.select_name(std::nullopt, "backward");
  EXPECT_EQ(state.selection.lanes, (std::set<std::string>{"worker 0/main thread"}));
  EXPECT_FALSE(state.selects_track(0));
  EXPECT_TRUE(state.selects_track(1));
  ASSERT_TRUE(state.selection.steps.has_value());
  EXPECT_EQ(state.selection.steps->last, 5U);
  for (const Side side : {Side::kA, Side::kB}) {
    EXPECT_TRUE(state.dimmed(side, 1)) << "forward";
    EXPECT_FALSE(state.dimmed(side, 3)) << "backward";
  }
  state.select_name(Side::kB, "forward");
  EXPECT_TRUE(state.dimmed(Side::kA, 1));
  EXPECT_FALSE(state.dimmed(Side::kB, 1));
  state.clear_selected(Dimension::kNames);
  state.clear_selected(Dimension::kRun);
  EXPECT_FALSE(state.dimmed(Side::kB, 3));
  state.execute(Command::kClear);
  EXPECT_TRUE(state.selection.empty());
}

}  // namespace
}  // namespace stepscope::viewer
