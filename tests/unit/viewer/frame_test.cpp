// SPDX-License-Identifier: Apache-2.0
//
// The window driven by keys and mouse, without a window.
#include "tests/unit/viewer/support/frame.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

using testing::FrameTest;

TEST_F(FrameTest, EveryViewDrawsThreeFramesEmptyWithOneRunAndWithTwo) {
  frames(3);
  load_one();
  frames(3);
  load_two();
  for (const Command tab : {Command::kTabTerms, Command::kTabFindings, Command::kTabDetails,
                            Command::kTabArea, Command::kTabNotes, Command::kHelp}) {
    state.execute(tab);
    frames(3);
    EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, 1000);
  }
}

TEST_F(FrameTest, EverySizeFromTinyToHugeDraws) {
  load_two();
  for (const ImVec2 size : {ImVec2(320, 240), ImVec2(640, 300), ImVec2(3840, 2160), ImVec2(1, 1)}) {
    ImGui::GetIO().DisplaySize = size;
    frames(3);
  }
}

TEST_F(FrameTest, KeysZoomAndPan) {
  load_one();
  frames(2);
  const double whole = state.view.visible().length();
  press(Key::kW);
  const double zoomed = state.view.visible().length();
  EXPECT_LT(zoomed, whole * 0.9);
  const double begin = state.view.visible().begin_ns;
  press(Key::kD);
  EXPECT_GT(state.view.visible().begin_ns, begin);
  press(Key::kA);
  EXPECT_NEAR(state.view.visible().begin_ns, begin, whole * 1e-9);
  press(Key::kS);
  press(Key::k0);
  EXPECT_GE(state.view.visible().length(), whole * 0.999);
}

TEST_F(FrameTest, ControlWheelKeepsTheTimeUnderThePointer) {
  load_one();
  frames(2);
  const double before = state.view.to_time(400);
  wheel(kGutter + 400, 300, 3, true);
  EXPECT_NEAR(state.view.to_time(400), before, 10);
  EXPECT_LT(state.view.visible().length(), state.view.bounds().length());
}

TEST_F(FrameTest, AClickOnAnEventSelectsItAndShowsItsDetails) {
  load_one();
  state.go_to_step(5);
  frames(3);
  const StepModel& step = state.run(Side::kA)->steps[5];
  click(x_of(step.begin_ns + healthy.wait + healthy.forward + healthy.backward / 2), y_of_lane(0));
  ASSERT_TRUE(state.selection.event.has_value());
  EXPECT_EQ(state.name_of(*state.selection.event).text, "backward");
  EXPECT_EQ(state.tab, Tab::kDetails);
  ASSERT_EQ(state.details.size(), 1U);
  const uint32_t index = state.selection.event->index;
  press(Key::kPeriod);
  EXPECT_EQ(state.selection.event->index, index + 1);
  press(Key::kComma);
  EXPECT_EQ(state.selection.event->index, index);
  press(Key::kF);
  EXPECT_LT(state.view.visible().length(), 3.0 * static_cast<double>(healthy.backward));
  press(Key::kEscape);
  EXPECT_FALSE(state.selection.event.has_value());
}

TEST_F(FrameTest, AMiddleClickZoomsToTheEventUnderIt) {
  load_one();
  state.go_to_step(5);
  frames(3);
  const StepModel& step = state.run(Side::kA)->steps[5];
  click(x_of(step.begin_ns + healthy.wait + healthy.forward + healthy.backward / 2), y_of_lane(0), 2);
  ASSERT_TRUE(state.selection.event.has_value());
  EXPECT_EQ(state.name_of(*state.selection.event).text, "backward");
  EXPECT_LT(state.view.visible().length(), 3.0 * static_cast<double>(healthy.backward));
}

TEST_F(FrameTest, ADoubleClickBesideEveryEventLeavesTheViewAlone) {
  load_one();
  state.go_to_step(5);
  frames(3);
  state.execute(Command::kFitAll);
  frames(2);
  const double whole = state.view.visible().length();
  double_click(80, kToolbar + kStrip + 22 + 20 + 11);  // the title of a process
  EXPECT_EQ(state.view.visible().length(), whole);
  double_click(x_of(state.run(Side::kA)->begin_ns + 1000), y_of_lane(0));  // before the first event
  EXPECT_EQ(state.view.visible().length(), whole);
  const StepModel& step = state.run(Side::kA)->steps[5];
  double_click(x_of(step.begin_ns + healthy.wait + healthy.forward + healthy.backward / 2), y_of_lane(0));
  EXPECT_LT(state.view.visible().length(), whole / 10);
}

TEST_F(FrameTest, KeysOfAreaAllMarkAndLanes) {
  load_one();
  state.go_to_step(5);
  frames(2);
  press(Key::kR);
  ASSERT_TRUE(state.selection.area.has_value());
  press(Key::kA, true);
  EXPECT_EQ(state.selection.area->display.length(), state.alignment.extent().length());
  const int plain = ImGui::GetDrawData()->TotalVtxCount;
  press(Key::kM);
  press(Key::kM, false, true);
  EXPECT_EQ(state.marks.size(), 2U);
  EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, plain) << "marks are drawn";
  press(Key::kP, true);
  for (const char c : std::string("worker 1")) {
    type(c);
  }
  EXPECT_EQ(state.search_box.result, "1 lane");
  const size_t items = state.layout.items.size();
  state.collapsed.insert(state.tracks.groups[2].key);
  frames(2);
  EXPECT_EQ(state.layout.items.size(), items - 1);
  press(Key::kEnter);
  EXPECT_EQ(state.layout.items.size(), items);
}

TEST_F(FrameTest, ADragSelectsAnAreaWithUnionStatistics) {
  load_one();
  state.go_to_step(5);
  frames(3);
  const StepModel& step = state.run(Side::kA)->steps[5];
  drag(x_of(step.begin_ns), y_of_lane(0), x_of(step.end_ns), y_of_lane(0));
  ASSERT_TRUE(state.selection.area.has_value());
  ASSERT_TRUE(state.area[0].has_value());
  EXPECT_EQ(state.area[0]->lanes, 1U);
  // The main thread is busy all the time; nested "attention" does not count twice.
  EXPECT_NEAR(static_cast<double>(state.area[0]->union_ns), static_cast<double>(state.area[0]->length_ns),
              static_cast<double>(state.area[0]->length_ns) * 0.01);
}

TEST_F(FrameTest, AControlDragZoomsToTheArea) {
  load_one();
  frames(2);
  const double t0 = state.view.to_time(200);
  const double t1 = state.view.to_time(500);
  drag(kGutter + 200, y_of_lane(0), kGutter + 500, y_of_lane(0), true);
  EXPECT_NEAR(state.view.visible().begin_ns, t0, (t1 - t0) * 0.02);
  EXPECT_NEAR(state.view.visible().end_ns, t1, (t1 - t0) * 0.02);
  EXPECT_FALSE(state.selection.area.has_value());
}

TEST_F(FrameTest, AClickInTheStripGoesToThatStepAndADragSelectsAStretch) {
  load_two();
  frames(3);
  const float width = 1280 - kGutter - 10;
  click(kGutter + width * 20.5F / 40, kToolbar + 50);
  ASSERT_TRUE(state.selection.steps.has_value());
  EXPECT_EQ(state.selection.steps->first, 20U);
  const TimeRange step = state.alignment.slots()[20].display;
  EXPECT_LE(state.view.visible().begin_ns, step.begin_ns);
  EXPECT_GE(state.view.visible().end_ns, step.end_ns);
  EXPECT_LT(state.view.visible().length(), 3 * step.length());
  drag(kGutter + width * 10.5F / 40, kToolbar + 50, kGutter + width * 14.5F / 40, kToolbar + 50);
  EXPECT_EQ(state.selection.steps->first, 10U);
  EXPECT_EQ(state.selection.steps->last, 14U);
}

TEST_F(FrameTest, ADoubleClickOnATermLeadsToItsPlace) {
  load_two();
  frames(3);
  const float drawer = 720 - 24 - 216;  // the table's first rows: heading, sum, then the terms
  move(60, drawer + 48);
  for (int i = 0; i < 2; ++i) {
    compat::send_button(ImGui::GetIO(), 0, true);
    frames(1);
    compat::send_button(ImGui::GetIO(), 0, false);
    frames(1);
  }
  ASSERT_TRUE(state.selection.event.has_value());
  EXPECT_EQ(state.selection.event->side, Side::kB);
  EXPECT_EQ(state.name_of(*state.selection.event).text, "wait for batch");
}

TEST_F(FrameTest, SlashSearchesAndEnterGoesFromMatchToMatch) {
  load_one();
  frames(2);
  type('/');
  frames(2);
  for (const char c : std::string("atten")) {
    type(c);
  }
  EXPECT_EQ(state.search[0].text(), "atten");
  EXPECT_EQ(state.search[0].name_count(), 1U);
  press(Key::kEnter);
  ASSERT_TRUE(state.selection.event.has_value());
  const uint32_t first = state.selection.event->index;
  press(Key::kEnter);
  EXPECT_EQ(state.selection.event->index, first + 1);
  press(Key::kEnter, false, true);
  EXPECT_EQ(state.selection.event->index, first);
  const double zoom = state.view.visible().length();
  type('w');  // a letter in the search box is text, not a command
  EXPECT_EQ(state.view.visible().length(), zoom);
  EXPECT_TRUE(state.search[0].text().ends_with("w")) << state.search[0].text();
}

TEST_F(FrameTest, SpaceBlinksBetweenTheRuns) {
  load_two();
  frames(2);
  const auto sides = [&] {
    return std::pair(
        std::count_if(
            state.layout.items.begin(), state.layout.items.end(),
            [](const TrackItem& i) { return i.kind == TrackItem::Kind::kLane && i.side == Side::kA; }),
        std::count_if(state.layout.items.begin(), state.layout.items.end(), [](const TrackItem& i) {
          return i.kind == TrackItem::Kind::kLane && i.side == Side::kB;
        }));
  };
  EXPECT_EQ(sides(), (std::pair<long, long>(3, 3)));
  press(Key::kSpace);
  EXPECT_EQ(sides(), (std::pair<long, long>(3, 0)));
  press(Key::kSpace);
  EXPECT_EQ(sides(), (std::pair<long, long>(0, 3)));
  press(Key::kSpace);
  EXPECT_EQ(sides(), (std::pair<long, long>(3, 3)));
}

TEST_F(FrameTest, AClickOnAProcessFoldsIt) {
  load_one();
  frames(2);
  const float header = kToolbar + kStrip + 22 + 20 + 11;
  const size_t items = state.layout.items.size();
  click(80, header);
  EXPECT_EQ(state.layout.items.size(), items - 1);
  click(80, header);
  EXPECT_EQ(state.layout.items.size(), items);
}

TEST_F(FrameTest, QuestionMarkOpensTheHelpAndEscapeClosesIt) {
  load_one();
  frames(2);
  type('?');
  EXPECT_TRUE(state.help_open);
  press(Key::kEscape);
  EXPECT_FALSE(state.help_open);
}

TEST_F(FrameTest, ARunThatCannotBeOpenedSaysSoInThePlaceOfTheLanes) {
  state.load.errors = {"/runs/x: not a recording; give a *.stepscope file or a directory of them"};
  frames(3);
  EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, 200);
}

TEST_F(FrameTest, ThemeAndTextSizeFollowTheirKeys) {
  load_two();
  frames(2);
  press(Key::kT);
  EXPECT_EQ(state.theme, Theme::kLight);
  EXPECT_GT(ImGui::GetStyle().Colors[ImGuiCol_PopupBg].x, 0.7F);
  press(Key::kEqual, true);
  EXPECT_GT(state.user_scale, 1);
  press(Key::k0, true);
  EXPECT_EQ(state.user_scale, 1);
}

}  // namespace
}  // namespace stepscope::viewer
