// SPDX-License-Identifier: Apache-2.0
//
// Moving through the window by keyboard, by script and by dragging its edges, without a window.
#include <algorithm>
#include <string>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/frame.hpp"
#include "viewer/frame_script.hpp"
#include "viewer/user_files.hpp"

namespace stepscope::viewer {
namespace {

using testing::FrameTest;

class NavigationTest : public FrameTest {
 protected:
  FrameScript host() {
    return FrameScript(state, shell,
                       {[this] { frames(1); },
                        [this](const std::string& path) {
                          pictures_.push_back(path);
                          return analysis::Status();
                        }});
  }
  // Runs a script; what went wrong.
  std::string script(const std::string& text, Exit expected = Exit::kOk) {
    const auto lines = parse_script(text, "walk");
    if (!lines.ok()) {
      return lines.status().message();
    }
    FrameScript around = host();
    const ScriptEnd end = run_script(lines.value(), "walk", state, around);
    EXPECT_EQ(end.code, expected) << end.sentence;
    return end.sentence;
  }
  std::string shown() {
    FrameScript around = host();
    return around.visible_text().value();
  }

  std::vector<std::string> pictures_;
};

TEST_F(NavigationTest, ThePaletteFindsACommandAndEnterDoesIt) {
  load_two();
  frames(2);
  press(Key::kP, true, true);
  ASSERT_TRUE(state.palette_box.open);
  for (const char c : std::string("show whole")) {
    type(c);
  }
  EXPECT_EQ(std::string(state.palette_box.text.data()), "show whole") << "letters are text, not commands";
  EXPECT_EQ(script("expect Show the whole run\nexpect-not Dark or light\n"), "");
  state.go_to_step(5);
  press(Key::kEnter);
  EXPECT_FALSE(state.palette_box.open);
  EXPECT_GE(state.view.visible().length(), state.view.bounds().length());
}

TEST_F(NavigationTest, ThePaletteLiesOverTheWindowAndTakesClicks) {
  load_two();
  frames(2);
  press(Key::kP, true, true);
  const double whole = state.view.visible().length();
  click(640, (720 - 380) * 0.15F + 12 + 30 + 12);  // its first row: zoom in
  EXPECT_FALSE(state.palette_box.open);
  EXPECT_LT(state.view.visible().length(), whole * 0.9);
  press(Key::kP, true, true);
  click(640, 700);  // beside it
  EXPECT_FALSE(state.palette_box.open);
}

TEST_F(NavigationTest, ThePaletteIsLeftByEscapeAndChosenFromByArrows) {
  load_two();
  frames(2);
  press(Key::kP, true, true);
  press(Key::kDown);
  press(Key::kDown);
  EXPECT_EQ(state.palette_box.chosen, 2U);
  press(Key::kUp);
  press(Key::kEnter);  // the second of the table: zoom out
  EXPECT_FALSE(state.palette_box.open);
  press(Key::kP, true, true);
  press(Key::kEscape);
  EXPECT_FALSE(state.palette_box.open);
  EXPECT_NE(shown().find("events"), std::string::npos);
}

TEST_F(NavigationTest, OtherKeysDoWhatTheUsualOnesDidAndHelpShowsThem) {
  load_one();
  ASSERT_TRUE(state.keys.apply("toggle-theme = F9\nhelp = Ctrl+H\n", "keys").empty());
  frames(2);
  press(Key::kT);
  EXPECT_EQ(state.theme, Theme::kDark);
  press(Key::kF9);
  EXPECT_EQ(state.theme, Theme::kLight);
  press(Key::kH, true);
  EXPECT_TRUE(state.help_open);
  EXPECT_EQ(script("expect Zoom about the pointer\nexpect Search for a name\nexpect Larger text\n"), "")
      << "every column shows its text";
  EXPECT_NE(shown().find("Ctrl H"), std::string::npos);
  EXPECT_NE(shown().find("F9"), std::string::npos);
}

TEST_F(NavigationTest, AltLeftGoesBackToWhereOneWasAndAltRightForward) {
  load_two();
  frames(2);
  const Link start = state.capture();
  press(Key::kRightBracket);
  frames(1);
  const Link step = state.capture();
  ASSERT_NE(step, start);
  EXPECT_EQ(script("key Alt+Left"), "");
  EXPECT_EQ(state.capture(), start);
  EXPECT_EQ(script("key Alt+Right"), "");
  EXPECT_EQ(state.capture(), step);
}

TEST_F(NavigationTest, ALinkAndTheTableInFrontGoToTheClipboard) {
  load_two();
  frames(2);
  press(Key::kL, true);
  Link link;
  EXPECT_EQ(parse_link(ImGui::GetClipboardText(), link), "");
  EXPECT_EQ(link, state.capture());
  press(Key::k1);
  press(Key::kC, true, true);
  EXPECT_EQ(std::string(ImGui::GetClipboardText()).substr(0, 18), "term,rank,a_ns,b_n");
  EXPECT_EQ(state.message, "copied 2 rows");
  click(kGutter + 400, kToolbar + 50);  // the step strip
  press(Key::kC, true);
  const std::string steps = ImGui::GetClipboardText();
  EXPECT_EQ(steps.substr(0, 22), "step\tclass\ta_ns\tb_ns\td");
  EXPECT_EQ(std::count(steps.begin(), steps.end(), '\n'), 41);
  press(Key::k4);  // the area: nothing is in it
  press(Key::kC, true);
  EXPECT_EQ(state.message, "there is no table in front, or it is empty: nothing was copied");
  EXPECT_EQ(script("tab waterfall"), "");  // a picture, not the terms beside it
  press(Key::kC, true);
  EXPECT_EQ(state.message, "there is no table in front, or it is empty: nothing was copied");
}

TEST_F(NavigationTest, AClickOnALaneTitleSelectsTheLaneAndWithControlOneMore) {
  load_one();
  frames(2);
  click(80, y_of_lane(1));
  EXPECT_EQ(state.selection.lanes, (std::set<std::string>{"worker 0/main thread"}));
  EXPECT_EQ(script("expect 1 lane selected\n"), "");
  compat::send_modifiers(ImGui::GetIO(), true, false);
  click(80, y_of_lane(2));
  compat::send_modifiers(ImGui::GetIO(), false, false);
  EXPECT_EQ(state.selection.lanes.size(), 2U);
  click(80, y_of_lane(2));
  EXPECT_EQ(state.selection.lanes, (std::set<std::string>{"worker 1/main thread"}));
  click(80, y_of_lane(2));
  EXPECT_TRUE(state.selection.lanes.empty());
}

TEST_F(NavigationTest, EdgesAreDraggedAndStayInReason) {
  load_two();
  frames(2);
  drag(600, kToolbar + kStrip - 2, 600, kToolbar + kStrip + 58);
  EXPECT_NEAR(state.panes.strip, 164, 2);
  const float drawer = 720 - 24 - 216 - 3;
  drag(600, drawer, 600, drawer - 72);
  EXPECT_NEAR(state.panes.drawer, 0.4F, 0.01F);
  drag(1280 * 0.56F, 680, 640, 680);
  EXPECT_NEAR(state.panes.table, 0.5F, 0.01F);
  drag(600, 720 - 24 - 288 - 3, 600, 2000);
  EXPECT_GE(state.panes.drawer, 0.1F);
}

TEST_F(NavigationTest, ASmallWindowAndDoubleScaleDrawWhatThereIsRoomFor) {
  load_two();
  for (const float scale : {1.0F, 2.0F}) {
    for (const ImVec2 size : {ImVec2(300, 200), ImVec2(640, 480), ImVec2(1280, 720)}) {
      ImGui::GetIO().DisplaySize = size;
      for (int i = 0; i < 4; ++i) {
        ImGui::NewFrame();
        shell.draw(state, scale);
        ImGui::Render();
        compat::finish_headless_frame();
      }
      EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, 300) << size.x << "x" << size.y << " at " << scale;
      EXPECT_GT(state.view.width(), 0);
    }
  }
  ImGui::GetIO().DisplaySize = ImVec2(300, 200);
  EXPECT_EQ(script("key Ctrl+Shift+P\nexpect Zoom in\nkey Escape\nhelp\nexpect Keys and mouse\n"), "");
}

TEST_F(NavigationTest, TheKeyboardAloneLeadsFromFindingToFinding) {
  load_two();
  FindingRow second = state.table.findings[0];
  second.text = "The forward is slower too.";
  second.place = Place{Side::kB, 0, 50'000'000 + slow.wait, 50'000'000 + slow.wait + slow.forward};
  FindingRow nowhere = second;
  nowhere.place.reset();
  state.table.findings.push_back(nowhere);
  state.table.findings.push_back(second);
  frames(2);
  press(Key::kJ);
  EXPECT_EQ(state.message, "finding 1 of 3: Workers take longer to fetch a batch.");
  EXPECT_EQ(state.name_of(*state.selection.event).text, "wait for batch");
  press(Key::kJ);
  EXPECT_EQ(state.name_of(*state.selection.event).text, "forward") << "the one without a place is passed by";
  press(Key::kK);
  EXPECT_EQ(state.name_of(*state.selection.event).text, "wait for batch");
  press(Key::kF);
  EXPECT_LT(state.view.visible().length(), 3.0 * static_cast<double>(slow.wait));
  state.table.findings = {nowhere};
  press(Key::kJ);
  EXPECT_EQ(state.message, "no finding has a place to look at");
}

TEST_F(NavigationTest, AScriptWalksFromTheFindingToItsCause) {
  load_two();
  stepscope::testing::TempDir dir;
  EXPECT_EQ(script("# the slow run waits\n"
                   "expect Workers take longer to fetch a batch.\n"
                   "finding 1\n"
                   "expect wait for batch\n"
                   "expect 25.0 ms\n"
                   "key F\n"
                   "screenshot cause.png\n"
                   "tab terms\n"
                   "csv " +
                       dir.file("terms.csv") +
                       "\n"
                       "mark\n"
                       "note here\n"
                       "show-marks\n"
                       "expect there\n",
                   Exit::kFailed),
            "walk:13: expect: the window does not show 'there'");
  EXPECT_EQ(pictures_, std::vector<std::string>{"cause.png"});
  EXPECT_EQ(state.name_of(*state.selection.event).text, "wait for batch");
  EXPECT_LT(state.view.visible().length(), 3.0 * static_cast<double>(slow.wait));
  ASSERT_EQ(state.marks.size(), 1U);
  EXPECT_EQ(state.marks[0].text, "here");
  EXPECT_EQ(read_file(dir.file("terms.csv")).value()->substr(0, 5), "term,");
}

TEST_F(NavigationTest, EveryVerbOfAScriptMovesWhatItSays) {
  load_two();
  EXPECT_EQ(script("step 12\nname attent\nlane worker 1\nalign time\nshown b\nrange 100ms 200ms\n"
                   "link tab=marks,step=3\nterm data.fetch\nevent backward\nexpect-not Nothing to see\n"),
            "");
  EXPECT_EQ(state.align_mode, AlignMode::kAbsolute);
  EXPECT_EQ(state.shown, Shown::kOnlyB);
  EXPECT_EQ(state.name_of(*state.selection.event).text, "backward");
  for (const auto& [line, said] : {std::pair("step 4711", "there is no step 4711"),
                                   std::pair("name zebra", "no event is named like 'zebra'"),
                                   std::pair("lane zebra", "no lane is titled like 'zebra'"),
                                   std::pair("event zebra", "no event is named like 'zebra'"),
                                   std::pair("term zebra", "there is no place for a term zebra"),
                                   std::pair("finding 9", "there are 1 findings"),
                                   std::pair("link step=4711", "there is no step 4711")}) {
    state.clear();
    const std::string verb = std::string(line).substr(0, std::string(line).find(' '));
    EXPECT_EQ(script(line, Exit::kFailed), "walk:1: " + verb + ": " + said);
  }
}

TEST_F(NavigationTest, AScriptThatIsWrongIsRefusedBeforeItBegins) {
  for (const auto& [text, said] :
       {std::pair("\n\nfly", "walk:3: 'fly' is neither a verb nor a command; docs/viewer.md lists them"),
        std::pair("zoom-in twice", "walk:1: the command zoom-in takes nothing"),
        std::pair("key Hyper+X", "walk:1: key takes a key, such as Ctrl+Shift+P"),
        std::pair("step one", "walk:1: step takes a step's number"),
        std::pair("range 2s 1s", "walk:1: range takes two times since the start, such as 12.5s 13s"),
        std::pair("tab moon", "walk:1: tab takes terms, findings, details, ..."),
        std::pair("screenshot", "walk:1: screenshot takes a file name"),
        std::pair("link step=x", "walk:1: link takes the text of a link")}) {
    EXPECT_EQ(script(text), said);
  }
}

}  // namespace
}  // namespace stepscope::viewer
