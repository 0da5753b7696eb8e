// SPDX-License-Identifier: Apache-2.0
//
// The selection as it is changed: what goes with an event that is left, what a search comes to next, what an area is counted over.
#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/scope.hpp"

namespace stepscope::viewer {
namespace {

using testing::training_run;

class SelectionActionsTest : public ::testing::Test {
 protected:
  SelectionActionsTest() : state(Options()) {
    state.set_run(Side::kA, training_run("healthy", {}));
    state.set_run(Side::kB, training_run("slow", {.wait = 25'000'000}));
    state.view.set_width(1000);
  }
  [[nodiscard]] uint64_t counted(Side side) {
    state.wait();
    uint64_t count = 0;
    for (const NameStat& stat : state.area[index_of(side)]->names) {
      count += stat.count;
    }
    return count;
  }
  AppState state;
};

// A run in which every event has an arrow to the first one.
std::shared_ptr<const RunModel> run_with_arrows() {
  auto run = std::make_shared<RunModel>(*training_run("arrows", {}));
  const EventRow& row = run->lanes[0].rows[0];
  const FlowModel flow{FlowKind::kLaunch, true, run->lanes[0].source_lane, row.start(0), row.duration(0)};
  run->flows = [flow](uint32_t, trace::Kind, int64_t, int64_t) { return std::vector{flow}; };
  return run;
}

TEST_F(SelectionActionsTest, ArrowsAndDetailsGoWithTheEventThatIsLeft) {
  state.set_run(Side::kA, run_with_arrows());
  const auto leave = [&](auto&& action) {
    state.select_event({Side::kA, 0, 0, 5});
    state.wait();
    ASSERT_EQ(state.flows.size(), 1U);
    action();
    ASSERT_FALSE(state.selection.event.has_value());
    EXPECT_TRUE(state.flows.empty());
    EXPECT_TRUE(state.details.empty());
  };
  leave([&] { state.select_steps(2, 3, false); });
  leave([&] { state.select_area({state.alignment.slots()[3].display, {}}); });
  leave([&] { state.select_name(std::nullopt, "optimizer of another lane"); });
  leave([&] { state.select_gap(GapRef{Side::kA, 1, 0, 1}); });
}

// Lanes and rows of one run, and both runs, have events that start together.
TEST_F(SelectionActionsTest, ASearchComesToEveryMatchThatStartsAtTheSameMoment) {
  for (const AlignMode mode : {AlignMode::kStepStart, AlignMode::kStepNormalised, AlignMode::kAbsolute}) {
    state.clear();
    state.set_alignment(mode);
    state.search_for("a");  // forward, attention, backward, wait for batch, fetch batch, AdamW.step
    size_t matches = 0;
    for (const Side side : {Side::kA, Side::kB}) {
      for (const LaneModel& lane : state.run(side)->lanes) {
        for (const EventRow& row : lane.rows) {
          for (size_t i = 0; i < row.size(); ++i) {
            matches += state.search[index_of(side)].matches(row.name(i)) ? 1U : 0U;
          }
        }
      }
    }
    for (const bool forward : {true, false}) {
      state.selection.event.reset();
      state.fit_all();
      std::vector<EventRef> found;
      double before = forward ? -1e18 : 1e18;
      for (size_t n = 0; n < matches; ++n) {
        state.find(forward);
        state.wait();
        ASSERT_TRUE(state.selection.event.has_value());
        const EventRef ref = *state.selection.event;
        EXPECT_TRUE(std::find(found.begin(), found.end(), ref) == found.end()) << "once around, each once";
        found.push_back(ref);
        const double at = state.display_of(ref).begin_ns;
        EXPECT_TRUE(forward ? at >= before - 1 : at <= before + 1);
        before = at;
      }
      state.find(forward);
      state.wait();
      EXPECT_EQ(*state.selection.event, found.front()) << "around";
    }
  }
}

TEST_F(SelectionActionsTest, AnAreaIsCountedOverWhatTheOtherDimensionsLetThrough) {
  const auto slots = state.alignment.slots();
  state.select_area({{slots[2].display.begin_ns, slots[9].display.end_ns}, {}});
  const uint64_t all = counted(Side::kA);
  state.select_lane(0, false);
  const uint64_t main = counted(Side::kA);
  EXPECT_LT(main, all);
  EXPECT_EQ(main, 8U * 5U) << "eight steps of five events";
  state.select_run(Side::kB);
  state.wait();
  EXPECT_FALSE(state.area[0].has_value());
  EXPECT_EQ(counted(Side::kB), main);
  state.select_run(std::nullopt);
  state.execute(Command::kSwapRuns);  // only A on screen
  state.wait();
  EXPECT_FALSE(state.area[1].has_value());
  EXPECT_EQ(counted(Side::kA), main);
  state.execute(Command::kSwapRuns);
  state.execute(Command::kSwapRuns);
  state.clear_selected(Dimension::kLanes);
  EXPECT_EQ(counted(Side::kA), all);
}

TEST_F(SelectionActionsTest, StepsAndAnAreaBesideThemDoNotHideEachOther) {
  const auto slots = state.alignment.slots();
  state.select_steps(3, 5, false);
  state.select_area({slots[4].display, {}});
  EXPECT_TRUE(state.selection.steps.has_value()) << "the area lies in them";
  EXPECT_EQ(selected_time(state), slots[4].display);
  state.select_area({{slots[4].display.begin_ns, slots[8].display.end_ns}, {}});
  EXPECT_FALSE(state.selection.steps.has_value());
  EXPECT_EQ(selected_slots(state), (StepSelection{4, 8}));
}

TEST_F(SelectionActionsTest, WhatHasNothingInCommonIsNothing) {
  state.select_area({state.alignment.slots()[3].display, {1}});
  EXPECT_EQ(spans_of(state, scope_of(state), Side::kA).size(), 1U);
  state.select_lane(0, false);
  EXPECT_TRUE(scope_of(state).nothing);
  EXPECT_TRUE(spans_of(state, scope_of(state), Side::kA).empty());
  state.wait();
  EXPECT_EQ(state.area[0]->union_ns, 0);
  EXPECT_FALSE(scope_of(state).whole) << "never the whole run instead";
}

TEST_F(SelectionActionsTest, LanesAndARunLimitTheWholeRunToo) {
  state.select_lane(1, false);
  state.select_run(Side::kB);
  const Scope scope = scope_of(state);
  EXPECT_TRUE(scope.whole);
  EXPECT_TRUE(spans_of(state, scope, Side::kA).empty());
  ASSERT_EQ(spans_of(state, scope, Side::kB).size(), 1U);
  EXPECT_EQ(spans_of(state, scope, Side::kB)[0].lane, 1U);
  EXPECT_EQ(scope_words(state), "whole run, 1 lane, only B");
}

TEST_F(SelectionActionsTest, SeveralNamesAreChosenTogether) {
  state.select_name(std::nullopt, "forward");
  state.select_name(std::nullopt, "backward", true);
  const auto chosen = chosen_name(state);
  ASSERT_TRUE(chosen.has_value());
  const std::vector<uint8_t> wanted = chosen_names(*state.run(Side::kA), *chosen);
  size_t names = 0;
  for (size_t name = 0; name < wanted.size(); ++name) {
    const std::string& text = state.run(Side::kA)->names[name].text;
    EXPECT_EQ(wanted[name] != 0, text == "forward" || text == "backward") << text;
    names += wanted[name];
  }
  EXPECT_EQ(names, 2U);
}

TEST_F(SelectionActionsTest, GoingBackAfterAGapFindsItAgain) {
  state.remember_place(0);
  state.select_steps(4, 6, false);
  state.remember_place(10);
  const std::optional<GapRef> gap =
      gap_at(*state.run(Side::kA), Side::kA, 1, state.run(Side::kA)->steps[5].begin_ns + 1);
  ASSERT_TRUE(gap.has_value());
  state.select_gap(*gap);
  state.remember_place(20);
  state.clear();
  state.remember_place(30);
  state.execute(Command::kBack);
  EXPECT_EQ(state.gap, gap);
  EXPECT_TRUE(state.selection.steps.has_value());
  state.remember_place(31);
  state.execute(Command::kBack);
  EXPECT_FALSE(state.gap.has_value());
  EXPECT_EQ(state.selection.steps, (StepSelection{4, 6}));
  state.remember_place(32);
  state.execute(Command::kForward);
  EXPECT_EQ(state.gap, gap) << "what the window made of a place on the way is no new place";
}

TEST_F(SelectionActionsTest, TypingAWordIsOnePlaceOfTheHistory) {
  state.remember_place(0);
  state.select_steps(4, 6, false);
  state.remember_place(5);
  for (const char* typed : {"b", "ba", "bac", "back"}) {
    state.search_for(typed);
    state.remember_place(10);
  }
  state.execute(Command::kBack);
  EXPECT_EQ(state.search_box.searched, "");
  EXPECT_TRUE(state.selection.steps.has_value());
}

}  // namespace
}  // namespace stepscope::viewer
