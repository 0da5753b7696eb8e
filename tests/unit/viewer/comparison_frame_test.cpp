// SPDX-License-Identifier: Apache-2.0
//
// The views that compare two runs, driven by mouse and keys, without a window.
#include <algorithm>
#include <memory>
#include <set>

#include "tests/unit/viewer/support/frame.hpp"
#include "viewer/frame_script.hpp"
#include "viewer/scope.hpp"
#include "viewer/view.hpp"

namespace stepscope::viewer {
namespace {

class ComparisonFrameTest : public testing::FrameTest {
 protected:
  void open(Command tab) {
    load_two();
    state.set_delta_map(std::make_shared<const DeltaMap>(
        DeltaMap::make(*state.run(Side::kA), *state.run(Side::kB), state.tracks, state.alignment.slots())));
    state.execute(tab);
    frames(4);
  }
  // The tabs of the lower panel begin here; a view's head takes the first line.
  static constexpr float kTabX = 717 + 8;
  static constexpr float kTabY = 720 - 24 - 216;
  static constexpr float kHeadY = kTabY + 58;
};

class DeltaMapFrameTest : public ComparisonFrameTest {
 protected:
  void SetUp() override { open(Command::kTabDeltaMap); }
  // Steps of 8.7 pixels right of the titles, lanes of 26 below the head.
  [[nodiscard]] static float x_of_step(int step) {
    constexpr float kLeft = kTabX + 149;  // "worker 0" and "main thread" with 8 pixels beside each
    return kLeft + (1280 - 8 - 4 - kLeft) * (static_cast<float>(step) + 0.5F) / 40;
  }
  [[nodiscard]] static float y_of_row(int row) { return kHeadY + 36 + 26 * static_cast<float>(row); }
};

TEST_F(DeltaMapFrameTest, AClickGoesToTheStepAndUnfoldsTheLanes) {
  ASSERT_TRUE(state.delta_map);
  state.collapsed.insert(state.tracks.groups[2].key);
  click(x_of_step(20), y_of_row(2));
  ASSERT_TRUE(state.selection.steps.has_value());
  EXPECT_EQ(state.selection.steps->first, 20U);
  EXPECT_EQ(state.selection.steps->last, 20U);
  EXPECT_TRUE(state.collapsed.empty());
  const TimeRange step = state.alignment.slots()[20].display;
  EXPECT_LT(state.view.visible().length(), 2 * step.length());
  EXPECT_LE(state.view.visible().begin_ns, step.begin_ns);
}

TEST_F(DeltaMapFrameTest, ADragSelectsSteps) {
  drag(x_of_step(10), y_of_row(0), x_of_step(14), y_of_row(0));
  ASSERT_TRUE(state.selection.steps.has_value());
  EXPECT_EQ(state.selection.steps->first, 10U);
  EXPECT_EQ(state.selection.steps->last, 14U);
}

TEST_F(DeltaMapFrameTest, TheMeasureIsChosenInItsHead) {
  EXPECT_EQ(state.delta_measure, DeltaMeasure::kBusy);
  click(kTabX + 75, kHeadY + 8);
  EXPECT_EQ(state.delta_measure, DeltaMeasure::kExposed);
}

TEST_F(DeltaMapFrameTest, AMapOfOtherRunsIsNotShown) {
  state.set_run(Side::kB, testing::training_run("short", {.steps = 5}));
  EXPECT_FALSE(state.delta_map);
  state.set_delta_map(std::make_shared<const DeltaMap>(DeltaMap::make(
      *state.run(Side::kA), *state.run(Side::kA), state.tracks,
      Alignment::pair(*state.run(Side::kA), *state.run(Side::kA), AlignMode::kStepStart).slots())));
  EXPECT_FALSE(state.delta_map) << "it has other steps";
  frames(3);
}

class WaterfallFrameTest : public ComparisonFrameTest {};

TEST_F(WaterfallFrameTest, AClickOnATermLeadsToItsPlace) {
  open(Command::kTabWaterfall);
  const int all = ImGui::GetDrawData()->TotalVtxCount;
  for (float y = kTabY + 200; y > kTabY + 30 && !state.selection.event; y -= 6) {
    click(kTabX + 200, y);
  }
  ASSERT_TRUE(state.selection.event.has_value());
  EXPECT_EQ(state.name_of(*state.selection.event).text, "wait for batch");
  state.execute(Command::kTabWaterfall);
  state.table.comparison = false;
  frames(3);
  EXPECT_LT(ImGui::GetDrawData()->TotalVtxCount, all) << "one run has no waterfall, and says so";
}

class TabStripFrameTest : public ComparisonFrameTest {
 protected:
  [[nodiscard]] static std::set<Tab> tabs() {
    std::set<Tab> all;
    for (const ViewRow& row : view_table()) {
      if (row.region == Region::kTab) {
        all.insert(row.tab);
      }
    }
    return all;
  }
};

TEST_F(TabStripFrameTest, EveryTabIsInSightAndOneClickAway) {
  open(Command::kTabFindings);
  std::set<Tab> reached;
  for (const float y : {kTabY + 14, kTabY + 34}) {
    for (float x = kTabX + 4; x < 1270; x += 16) {
      click(x, y);
      reached.insert(state.tab);
    }
  }
  EXPECT_EQ(reached, tabs());
}

TEST_F(TabStripFrameTest, TermsStandBesideAndLeaveTheTabOpen) {
  open(Command::kTabMovers);
  press(Key::k1);
  EXPECT_EQ(state.tab, Tab::kMovers);
  ImGui::GetIO().DisplaySize = ImVec2(600, 720);  // one thing at a time
  frames(2);
  press(Key::k1);
  EXPECT_EQ(state.tab, Tab::kTerms);
  press(Key::k8);
  EXPECT_EQ(state.tab, Tab::kMovers);
}

class MoversFrameTest : public ComparisonFrameTest {
 protected:
  void SetUp() override {
    MoverTable table{"kernel", 21'000'000, {}};
    const std::pair<const char*, int64_t> rows[] = {{"backward", 20'000'000}, {"attention", 1'000'000}};
    for (const auto& [name, delta_ns] : rows) {
      Mover mover;
      mover.label = name;
      mover.delta_ns = delta_ns;
      mover.share = static_cast<double>(delta_ns) / 21e6;
      mover.tier = "exact";
      mover.names = {std::vector<std::string>{name}, std::vector<std::string>{name}};
      table.movers.push_back(mover);
    }
    load_two();
    const auto places = find_worst(*state.run(Side::kB), Side::kB,
                                   std::vector<const std::vector<std::string>*>{&table.movers[0].names[1]});
    table.movers[0].place = places[0];
    state.set_movers({table});
    state.execute(Command::kTabMovers);
    frames(4);
  }
  // From below, so that no heading is clicked on the way; 0 when there is no such row.
  float find_row(const std::string& label) {
    for (float y = kTabY + 200; y > kHeadY; y -= 5) {
      click(kTabX + 60, y);
      if (state.selection.highlight == label) {
        return y;
      }
    }
    return 0;
  }
  [[nodiscard]] bool lit(Side side, const std::string& text) const {
    for (uint32_t name = 0; name < state.run(side)->names.size(); ++name) {
      if (state.run(side)->names[name].text == text) {
        return !state.dimmed(side, name);
      }
    }
    return false;
  }
};

TEST_F(MoversFrameTest, AClickLightsUpTheEventsOfARowInBothRunsUntilAllIsCleared) {
  ASSERT_GT(find_row("attention"), 0);
  for (const Side side : {Side::kA, Side::kB}) {
    EXPECT_TRUE(lit(side, "attention"));
    EXPECT_FALSE(lit(side, "backward"));
  }
  press(Key::kEscape);
  EXPECT_TRUE(lit(Side::kA, "backward"));
}

TEST_F(MoversFrameTest, ARowThatIsLitUpLeavesTheSelectedRunAndLanes) {
  state.select_run(Side::kB);
  state.execute(Command::kSelectLane);
  const Selection before = state.selection;
  const Mover& mover = state.movers[0].movers[0];
  state.light_up(mover.label, mover.names);
  EXPECT_EQ(state.selection.run, Side::kB);
  EXPECT_EQ(state.selection.lanes, before.lanes);
}

TEST_F(MoversFrameTest, ADoubleClickGoesToTheStepInWhichItTakesLongest) {
  double_click(kTabX + 60, find_row("backward"));
  ASSERT_TRUE(state.selection.event.has_value());
  EXPECT_EQ(state.selection.event->side, Side::kB);
  EXPECT_EQ(state.name_of(*state.selection.event).text, "backward");
}

TEST_F(MoversFrameTest, AScriptLightsUpARowAndARowOfSeveralNamesHasOneHistogram) {
  FrameScript host(state, shell,
                   {[this] { frames(1); }, [](const std::string&) { return analysis::Status(); }});
  const auto follow = [&](const std::string& text) {
    return run_script(parse_script(text, "walk").value(), "walk", state, host).sentence;
  };
  EXPECT_EQ(follow("mover 2\n"), "");
  EXPECT_TRUE(lit(Side::kB, "attention"));
  EXPECT_FALSE(lit(Side::kB, "backward"));
  EXPECT_EQ(follow("mover 3\n"), "walk:1: mover: there are 2 movers");
  state.light_up("old + new", {std::vector<std::string>{"forward"}, std::vector<std::string>{"backward"}});
  const std::optional<NameChoice> chosen = chosen_name(state);
  ASSERT_TRUE(chosen.has_value());
  const RunModel& run = *state.run(Side::kB);
  const std::vector<uint8_t> wanted = chosen_names(run, *chosen);
  for (size_t name = 0; name < run.names.size(); ++name) {
    const bool either = run.names[name].text == "forward" || run.names[name].text == "backward";
    EXPECT_EQ(wanted[name] != 0, either) << run.names[name].text;
  }
  EXPECT_EQ(follow("tab histogram\nexpect 2 names:\n"), "");
}

TEST_F(ComparisonFrameTest, TheRowUnderAPairSaysWhatItsLanesDidInTheStep) {
  open(Command::kTabTerms);
  state.go_to_step(5);
  frames(3);
  const auto row = std::find_if(state.layout.items.begin(), state.layout.items.end(),
                                [](const TrackItem& item) { return item.kind == TrackItem::Kind::kDelta; });
  ASSERT_NE(row, state.layout.items.end());
  move(100, 300);  // the titles
  const int without = ImGui::GetDrawData()->TotalVtxCount;
  move(700, kToolbar + kStrip + 62 - state.scroll_y + row->y + row->height / 2);
  EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, without + 200) << "a tooltip of four lines";
}

// Worker 0 fetches in every second step: what lies between is a thing that can be looked at.
TEST_F(ComparisonFrameTest, AGapIsHoveredSelectedAndZoomedTo) {
  load_one();
  state.go_to_step(5);
  frames(3);
  const StepModel& step = state.run(Side::kA)->steps[5];
  const float x = x_of(step.begin_ns + step.duration_ns() / 2);
  move(x, y_of_lane(1));
  EXPECT_TRUE(state.hovered_gap.has_value());
  click(x, y_of_lane(1));
  ASSERT_TRUE(state.gap.has_value());
  EXPECT_EQ(state.gap->end_ns - state.gap->begin_ns, 2 * step.duration_ns() - healthy.fetch);
  press(Key::kF);
  EXPECT_LT(state.view.visible().length(),
            3.0 * static_cast<double>(state.gap->end_ns - state.gap->begin_ns));
  press(Key::kEscape);
  EXPECT_FALSE(state.gap.has_value());
}

}  // namespace
}  // namespace stepscope::viewer
