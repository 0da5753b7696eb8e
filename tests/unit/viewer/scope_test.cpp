// SPDX-License-Identifier: Apache-2.0
//
// What the selection means for views that compute over many events.
#include "viewer/scope.hpp"

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

class ScopeTest : public ::testing::Test {
 protected:
  ScopeTest() : state(Options()) {
    state.set_run(Side::kA, testing::training_run("healthy", {}));
    state.view.set_width(1000);
  }
  [[nodiscard]] std::vector<LaneSpan> spans(Side side) const {
    return spans_of(state, scope_of(state), side);
  }
  AppState state;
};

TEST_F(ScopeTest, WithoutASelectionItIsAllOfEveryLane) {
  const Scope scope = scope_of(state);
  EXPECT_TRUE(scope.whole);
  EXPECT_EQ(scope.steps, 40U);
  EXPECT_EQ(scope_words(state), "whole run");
  EXPECT_EQ(spans(Side::kA).size(), 3U);
  EXPECT_TRUE(spans(Side::kB).empty());
}

TEST_F(ScopeTest, SelectedStepsAreTheirTimeOnAllLanes) {
  state.select_steps(5, 6, false);
  EXPECT_EQ(scope_words(state), "steps 5 to 6");
  EXPECT_EQ(scope_of(state).steps, 2U);
  ASSERT_EQ(spans(Side::kA).size(), 3U);
  EXPECT_EQ(spans(Side::kA)[0].begin_ns, state.run(Side::kA)->steps[5].begin_ns);
  EXPECT_EQ(spans(Side::kA)[0].end_ns, state.run(Side::kA)->steps[6].end_ns);
}

// Steps are pairs of steps, whatever the axis is: by the clock B's fifth step is long over when A's begins.
TEST_F(ScopeTest, SelectedStepsAreTheSameInBothRunsUnderEveryAlignment) {
  state.set_run(Side::kB, testing::training_run("slow", {.wait = 25'000'000}));
  for (const auto& [first, last] : {std::pair<size_t, size_t>(5, 6), {0, 0}, {31, 39}}) {
    for (const AlignMode mode :
         {AlignMode::kStepStart, AlignMode::kAbsolute, AlignMode::kStepNormalised, AlignMode::kAnchor}) {
      state.set_alignment(mode);
      state.wait();
      state.select_steps(first, last, true);
      for (const Side side : {Side::kA, Side::kB}) {
        const auto& steps = state.run(side)->steps;
        ASSERT_EQ(spans(side).size(), 3U);
        for (const LaneSpan& span : spans(side)) {
          EXPECT_EQ(span.begin_ns, steps[first].begin_ns) << static_cast<int>(mode);
          EXPECT_EQ(span.end_ns, steps[last].end_ns) << static_cast<int>(mode);
        }
        // As an area, too.
        const auto as_area = [&, from = first, to = last] {
          AppState same(Options{});
          same.set_run(Side::kA, state.run_data(Side::kA));
          same.set_run(Side::kB, state.run_data(Side::kB));
          same.set_alignment(mode);
          same.wait();
          same.select_steps(from, to, true);
          same.select_area_of_selection();
          same.wait();
          EXPECT_EQ(same.area[index_of(side)]->length_ns, steps[to].end_ns - steps[from].begin_ns);
          return spans_of(same, scope_of(same), side);
        };
        EXPECT_EQ(spans(side), as_area());
      }
    }
  }
}

TEST_F(ScopeTest, AnAreaOfStepsThatAreNoLongerSelectedIsAnotherScope) {
  state.set_run(Side::kB, testing::training_run("slow", {.wait = 25'000'000}));
  state.set_alignment(AlignMode::kAbsolute);
  state.select_steps(20, 21, false);
  state.select_area_of_selection();
  const Scope of_steps = scope_of(state);
  EXPECT_EQ(spans(Side::kB)[0].begin_ns, state.run(Side::kB)->steps[20].begin_ns);
  state.clear_selected(Dimension::kSteps);
  EXPECT_FALSE(scope_of(state) == of_steps);
  EXPECT_EQ(spans(Side::kB)[0].begin_ns, spans(Side::kA)[0].begin_ns) << "by the clock now";
}

TEST_F(ScopeTest, AnAreaIsItsTimeOnItsLanesInBothRuns) {
  state.set_run(Side::kB, testing::training_run("slow", {.wait = 25'000'000}));
  state.select_area({state.alignment.slots()[3].display, {1}});
  EXPECT_EQ(scope_words(state), "selected area");
  for (const Side side : {Side::kA, Side::kB}) {
    ASSERT_EQ(spans(side).size(), 1U);
    EXPECT_EQ(spans(side)[0].lane, 1U);
    EXPECT_EQ(spans(side)[0].begin_ns, state.run(side)->steps[3].begin_ns);
  }
  EXPECT_EQ(spans(Side::kB)[0].end_ns, state.run(Side::kB)->steps[3].end_ns);
}

TEST_F(ScopeTest, ARunThatIsHiddenOrReplacedIsAnotherScope) {
  state.set_run(Side::kB, testing::training_run("slow", {}));
  const Scope both = scope_of(state);
  state.shown = Shown::kOnlyB;
  EXPECT_FALSE(scope_of(state) == both);
  EXPECT_EQ(shown_runs(state)[0], nullptr);
  state.shown = Shown::kBoth;
  EXPECT_TRUE(scope_of(state) == both);
  state.set_run(Side::kB, state.run_data(Side::kB));
  EXPECT_FALSE(scope_of(state) == both) << "the same run read again may have more in it";
}

TEST_F(ScopeTest, TheHighlightedNameComesBeforeTheSearch) {
  EXPECT_FALSE(chosen_name(state).has_value());
  state.search_for("ward");
  EXPECT_EQ(chosen_name(state), (NameChoice{"ward", true}));
  state.highlight("backward");
  EXPECT_EQ(chosen_name(state), (NameChoice{"backward", false}));
}

TEST_F(ScopeTest, AnEventThatIsPickedFromAListLeavesTheListAsItIs) {
  state.open_tab(Tab::kEvents);
  state.select_steps(2, 4, false);
  const Scope before = scope_of(state);
  state.visit(EventRef{Side::kA, 0, 0, 30});
  EXPECT_TRUE(scope_of(state) == before);
  EXPECT_EQ(state.tab, Tab::kEvents);
  ASSERT_TRUE(state.selection.event.has_value());
  EXPECT_EQ(state.selection.event->index, 30U);
  state.wait();
  EXPECT_EQ(state.details.size(), 1U) << "its details are there when somebody looks";
}

TEST_F(ScopeTest, AViewThatFollowsTheSelectionIsNotPushedAside) {
  for (const Tab tab : {Tab::kHistogram, Tab::kFlame, Tab::kEvents}) {
    state.open_tab(tab);
    state.select_event({Side::kA, 0, 0, 3});
    EXPECT_EQ(state.tab, tab);
    state.select_all();
    EXPECT_EQ(state.tab, tab);
  }
  state.open_tab(Tab::kFindings);
  state.select_event({Side::kA, 0, 0, 3});
  EXPECT_EQ(state.tab, Tab::kDetails);
  state.select_all();
  EXPECT_EQ(state.tab, Tab::kArea);
}

}  // namespace
}  // namespace stepscope::viewer
