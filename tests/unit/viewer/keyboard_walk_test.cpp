// SPDX-License-Identifier: Apache-2.0
//
// Without a mouse: two runs are opened, and by keys alone one comes to the cause, through every view and to each of its switches.
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include <imgui_internal.h>

#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/frame.hpp"
#include "viewer/frame_script.hpp"
#include "viewer/loader.hpp"
#include "viewer/view.hpp"

namespace stepscope::viewer {
namespace {

class KeyboardWalkTest : public testing::FrameTest {
 protected:
  void SetUp() override {
    for (const auto& [name, more] : {std::pair("before", ""), std::pair("after", " fetch.io=60ms")}) {
      std::filesystem::create_directories(dir_.file(name));
      stepscope::testing::write_job(dir_.file(name), std::string("steps=20 workers=2 fetch.cpu=20ms") + more);
    }
    Loader loader(dir_.file("before"), dir_.file("after"), [] {});
    while (!loader.finished()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    (void)loader.poll(state);
    ASSERT_TRUE(state.two_runs() && state.table_ready);
    settle();
  }
  void settle() {
    for (int i = 0; i < 2; ++i) {
      frames(2);
      state.background.wait();
    }
    frames(1);
  }
  // Through the palette: opens it, types what the command is called, Enter.
  void say(const CommandRow& row) {
    press(Key::kP, true, true);
    ASSERT_TRUE(state.palette_box.open) << row.name;
    ImGui::GetIO().AddInputCharactersUTF8(std::string(row.text).c_str());
    frames(2);
    press(Key::kEnter);
    ASSERT_FALSE(state.palette_box.open) << row.name;
    settle();
  }
  void say(const std::string& name) {
    const CommandRow* row = find_command(name);
    ASSERT_NE(row, nullptr) << name;
    say(*row);
  }
  void write(const std::string& text) {
    ImGui::GetIO().AddInputCharactersUTF8(text.c_str());
    frames(3);
  }
  [[nodiscard]] std::string shown() {
    FrameScript host(state, shell,
                     {[this] { frames(1); }, [](const std::string&) { return analysis::Status(); }});
    return host.visible_text().value();
  }
  [[nodiscard]] static float scrolled(const char* window) {
    return ImGui::FindWindowByName(window)->Scroll.y;
  }
  [[nodiscard]] std::string options() const {
    std::string text = link_text(state.capture());
    return text.substr(text.find("delta="));
  }

  stepscope::testing::TempDir dir_;
};

TEST_F(KeyboardWalkTest, FromTwoRunsToTheCauseAndBack) {
  press(Key::kJ);
  EXPECT_NE(state.message.find("finding 1 of"), std::string::npos) << state.message;
  EXPECT_TRUE(state.selection.steps.has_value());
  press(Key::kV);  // what it rests on
  settle();
  EXPECT_EQ(state.tab, Tab::kBatches);
  press(Key::kDown, false, true);  // the first batch
  settle();
  EXPECT_TRUE(state.selection.event.has_value());
  const int64_t first = state.row_of(*state.selection.event).start(state.selection.event->index);
  press(Key::kDown, false, true);
  settle();
  EXPECT_GT(state.row_of(*state.selection.event).start(state.selection.event->index), first);
  press(Key::kF);
  press(Key::kE);  // the largest cause
  EXPECT_NE(state.message.find("data."), std::string::npos) << state.message;
  ImGuiIO& io = ImGui::GetIO();
  for (int place = 0; place < 12; ++place) {  // all the way back
    compat::send_modifiers(io, false, false, true);
    compat::send_key(io, Key::kLeft, true);
    frames(1);
    compat::send_key(io, Key::kLeft, false);
    compat::send_modifiers(io, false, false);
    frames(2);
  }
  EXPECT_TRUE(state.selection.empty());
  EXPECT_EQ(state.message, "there is nothing further back");
}

TEST_F(KeyboardWalkTest, EveryViewIsOpenedByItsName) {
  std::set<Tab> opened;
  for (const CommandRow& row : command_table()) {
    if (row.name.starts_with("show-") && row.name != "show-evidence") {
      say(row);
      opened.insert(state.tab);
    }
  }
  for (const ViewRow& view : view_table()) {
    if (view.region == Region::kTab) {
      EXPECT_TRUE(opened.contains(view.tab)) << view.id;
    }
  }
}

// A switch changes something, and comes around to where it was.
TEST_F(KeyboardWalkTest, EverySwitchIsTurnedAndComesAround) {
  const std::set<std::string_view> others{"movers-filter", "movers-least", "sql-edit",    "sql-execute",
                                          "sql-cancel",    "edit-note",    "remove-mark", "histogram-range",
                                          "flame-whole",   "movers-by",    "batches-of"};
  press(Key::kJ);
  for (const CommandRow& row : command_table()) {
    if (row.group != "Switch" || others.contains(row.name)) {
      continue;
    }
    const std::string before = options();
    say(row);
    EXPECT_NE(options(), before) << row.name;
    for (int turn = 0; turn < 9 && options() != before; ++turn) {
      say(row);
    }
    EXPECT_EQ(options(), before) << row.name << " does not come around";
  }
}

TEST_F(KeyboardWalkTest, MoversAreFilteredByTyping) {
  say("movers-filter");
  write("gemm");
  EXPECT_EQ(state.view_options.movers.filter.text, "gemm");
  state.select_steps(2, 3, false);
  press(Key::kEscape);
  EXPECT_EQ(state.view_options.movers.filter.text, "gemm") << "Esc leaves the field as it is";
  EXPECT_TRUE(state.selection.steps.has_value()) << "and the selection too";
  EXPECT_FALSE(ImGui::GetIO().WantTextInput);
  press(Key::kEscape);
  EXPECT_FALSE(state.selection.steps.has_value());
}

TEST_F(KeyboardWalkTest, AQueryIsWrittenRunAndLeft) {
  say("sql-example");
  EXPECT_EQ(state.view_options.sql.text.substr(0, 30), "SELECT name, count(*) AS count");
  state.view_options.sql.text.clear();
  say("sql-edit");
  write("SELECT 6*7 AS answer");
  EXPECT_EQ(state.view_options.sql.text, "SELECT 6*7 AS answer");
  press(Key::kEscape);
  EXPECT_EQ(state.view_options.sql.text, "SELECT 6*7 AS answer");
  say("sql-execute");
  for (int i = 0; i < 200 && shown().find("1 rows") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    frames(2);
  }
  EXPECT_NE(shown().find("answer"), std::string::npos);
  EXPECT_NE(shown().find("42"), std::string::npos);
  press(Key::kDown, false, true);
  press(Key::kEnter, true);
  EXPECT_EQ(std::string(ImGui::GetClipboardText()), "answer\r\n42\r\n");
  EXPECT_EQ(state.message, "copied: row 1");
}

TEST_F(KeyboardWalkTest, AMarkIsSetNamedFoundAndTakenAway) {
  press(Key::kJ);
  press(Key::kM);
  ASSERT_EQ(state.marks.size(), 1U);
  press(Key::kY);
  settle();
  write("it stalls here");
  EXPECT_EQ(state.marks[0].text, "it stalls here");
  press(Key::kEscape);
  EXPECT_EQ(state.marks[0].text, "it stalls here");
  press(Key::k0);
  press(Key::kDown, false, true);
  press(Key::kEnter, true);
  EXPECT_TRUE(state.view.visible().contains(
      state.alignment.to_display(state.marks[0].side, state.marks[0].begin_ns)));
  say("remove-mark");
  EXPECT_TRUE(state.marks.empty());
}

TEST_F(KeyboardWalkTest, RowsOfEveryTableAreChosenAndOpened) {
  for (const char* tab : {"show-findings", "show-events", "show-flame", "show-delta-map", "show-ranks",
                          "show-batches", "show-histogram", "show-area", "show-movers"}) {
    press(Key::kEscape);
    press(Key::kHome);
    if (std::string_view(tab) == "show-area") {
      press(Key::kA, true);
    } else if (std::string_view(tab) == "show-histogram") {
      press(Key::kF, true);  // a search, Enter to the first match, and out of the field
      write("e");
      press(Key::kEnter);
      settle();
      press(Key::kEscape);
      EXPECT_FALSE(ImGui::GetIO().WantTextInput);
      EXPECT_TRUE(state.selection.event.has_value()) << "which stays";
      EXPECT_EQ(state.search_box.searched, "e");
    }
    say(tab);
    const TimeRange view = state.view.visible();
    const Selection selection = state.selection;
    const ViewOptions options = state.view_options;
    press(Key::kDown, false, true);
    press(Key::kDown, false, true);
    press(Key::kEnter, true);
    settle();
    EXPECT_TRUE(state.view.visible() != view || !(state.selection == selection) ||
                !(state.view_options == options))
        << tab;
  }
}

TEST_F(KeyboardWalkTest, LanesARunAndStepsAreSelected) {
  press(Key::kJ);
  press(Key::kX);
  EXPECT_EQ(state.selection.lanes.size(), 1U);
  press(Key::kU);
  EXPECT_EQ(state.selection.run, Side::kA);
  press(Key::kU);
  EXPECT_EQ(state.selection.run, Side::kB);
  press(Key::kU);
  EXPECT_FALSE(state.selection.run.has_value());
  press(Key::kRightBracket);
  const StepSelection one = *state.selection.steps;
  press(Key::kRightBracket, false, true);
  EXPECT_EQ(state.selection.steps->last, one.last + 1);
  press(Key::kLeftBracket, false, true);
  press(Key::kLeftBracket, false, true);
  EXPECT_EQ(state.selection.steps, one) << "one step is the least";
  press(Key::kX);
  EXPECT_TRUE(state.selection.lanes.size() <= 1);
  const size_t groups = state.tracks.groups.size();
  press(Key::kH, false, true);
  EXPECT_EQ(state.collapsed.size(), groups);
  press(Key::kH, false, true);
  EXPECT_TRUE(state.collapsed.empty());
  press(Key::kH);
  EXPECT_EQ(state.collapsed.size(), 1U);
}

TEST_F(KeyboardWalkTest, TheHelpIsScrolledAndTheLanesBelowItAreNot) {
  ImGui::GetIO().DisplaySize = ImVec2(900, 400);
  type('?');
  ASSERT_TRUE(state.help_open);
  EXPECT_EQ(scrolled("help"), 0);
  for (int i = 0; i < 5; ++i) {
    press(Key::kDown);
  }
  EXPECT_GT(scrolled("help"), 100);
  EXPECT_EQ(state.scroll_y, 0);
  for (int i = 0; i < 6; ++i) {
    press(Key::kUp);
  }
  EXPECT_EQ(scrolled("help"), 0);
}

TEST_F(KeyboardWalkTest, PanesGrowAndShrink) {
  const Panes before = state.panes;
  for (const char* command : {"taller-panel", "taller-strip", "wider-table"}) {
    say(command);
  }
  EXPECT_GT(state.panes.drawer, before.drawer);
  EXPECT_GT(state.panes.strip, before.strip);
  EXPECT_GT(state.panes.table, before.table);
  for (const char* command : {"shorter-panel", "shorter-strip", "narrower-table"}) {
    say(command);
  }
  EXPECT_NEAR(state.panes.drawer, before.drawer, 1e-5);
  EXPECT_NEAR(state.panes.strip, before.strip, 1e-3);
  EXPECT_NEAR(state.panes.table, before.table, 1e-5);
}

}  // namespace
}  // namespace stepscope::viewer
