// SPDX-License-Identifier: Apache-2.0
//
// What outlives a window: notes beside the run, sizes of the panes, keys; and what is said of files that are no good.
#include "viewer/session.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/user_files.hpp"

namespace stepscope::viewer {
namespace {

using testing::LoopShape;
using testing::training_run;

constexpr int64_t kNow = 1'764'270'000'000;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : run_path_(dir_.file("healthy")) {
    std::filesystem::create_directories(run_path_);
    for (const char* variable : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"}) {
      setenv(variable, dir_.file("home").c_str(), 1);
    }
  }
  ~SessionTest() override {
    for (const char* variable : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"}) {
      unsetenv(variable);
    }
  }

  std::shared_ptr<const RunModel> run_at(const std::string& path, const std::string& id = "main-r0-node-1") {
    RunModel model = *training_run("healthy", LoopShape());
    model.begin_ns = 1'000;
    model.path = path;
    model.id = id;
    return std::make_shared<const RunModel>(std::move(model));
  }

  // A window that opens the run; what it says about its notes.
  struct Window {
    AppState state{Options()};
    SessionNotes notes;
  };
  std::unique_ptr<Window> window(std::vector<std::string>* problems = nullptr) {
    auto opened = std::make_unique<Window>();
    opened->state.set_run(Side::kA, run_at(run_path_));
    const std::vector<std::string> said = opened->notes.open(opened->state);
    if (problems != nullptr) {
      *problems = said;
    } else {
      EXPECT_TRUE(said.empty());
    }
    return opened;
  }

  static void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read(const std::string& path) { return read_file(path).value().value_or("(no file)"); }

  stepscope::testing::TempDir dir_;
  std::string run_path_;
};

TEST_F(SessionTest, AMarkWithItsNoteIsThereInTheNextWindow) {
  const auto first = window();
  first->state.go_to_step(5);
  first->state.execute(Command::kMarkSpan);
  first->state.set_mark_text(0, "here it \"stalls\"\n\xC3\xA4");
  EXPECT_EQ(first->notes.keep(first->state), "");
  const auto second = window();
  ASSERT_EQ(second->state.marks.size(), 1U);
  EXPECT_EQ(second->state.marks[0], first->state.marks[0]);
  struct stat info {};
  ASSERT_EQ(stat((run_path_ + "/stepscope-notes.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U) << "as private as the recording";
  second->state.remove_mark(0);
  EXPECT_EQ(second->notes.keep(second->state), "");
  EXPECT_TRUE(window()->state.marks.empty());
}

TEST_F(SessionTest, TwoWindowsKeepTheMarksOfBoth) {
  const auto one = window();
  const auto two = window();
  one->state.go_to_step(5);
  one->state.execute(Command::kMark);
  EXPECT_EQ(one->notes.keep(one->state), "");
  two->state.go_to_step(9);
  two->state.execute(Command::kMark);
  EXPECT_EQ(two->notes.keep(two->state), "");
  EXPECT_EQ(two->state.marks.size(), 2U) << "what the other window wrote is taken over";
  EXPECT_EQ(window()->state.marks.size(), 2U);
}

TEST_F(SessionTest, OfARunThatCannotBeWrittenToNotesAreInTheDataDirectory) {
  const auto opened = window();
  std::filesystem::remove_all(run_path_);
  write(run_path_, "a file where the directory was: nothing can be written below, not even by root");
  opened->state.go_to_step(5);
  opened->state.execute(Command::kMark);
  EXPECT_EQ(opened->notes.keep(opened->state), "");
  EXPECT_TRUE(std::filesystem::exists(dir_.file("home/stepscope/notes/main-r0-node-1.json")));
  std::filesystem::remove(run_path_);
  std::filesystem::create_directories(run_path_);
  EXPECT_EQ(window()->state.marks.size(), 1U) << "found by the id of the run";
}

TEST_F(SessionTest, NotesThatCannotBeReadAreSaidAndLeftAlone) {
  std::filesystem::create_directories(run_path_ +
                                      "/stepscope-notes.json/kept");  // as unreadable as another user's file
  std::vector<std::string> problems;
  const auto opened = window(&problems);
  ASSERT_EQ(problems.size(), 1U);
  opened->state.go_to_step(5);
  opened->state.execute(Command::kMark);
  EXPECT_EQ(opened->notes.keep(opened->state), "");
  EXPECT_TRUE(std::filesystem::exists(run_path_ + "/stepscope-notes.json/kept"));
  EXPECT_TRUE(std::filesystem::exists(dir_.file("home/stepscope/notes/main-r0-node-1.json")));
}

TEST_F(SessionTest, ADamagedNotesFileIsSaidAndNeverReplaced) {
  const std::vector<std::string> contents{
      "{\"format\": \"stepscope.no", "{}", notes_text("another run", {{1, 2, "x", kNow, false}}), "[1, 2]",
      R"({"format": "stepscope.notes/1", "run": "main-r0-node-1", "notes": [{}]})"};
  for (const std::string& content : contents) {
    write(run_path_ + "/stepscope-notes.json", content);
    std::vector<std::string> problems;
    const auto opened = window(&problems);
    ASSERT_EQ(problems.size(), 1U) << content;
    EXPECT_NE(problems[0].find(run_path_ + "/stepscope-notes.json: "), std::string::npos);
    opened->state.go_to_step(5);
    opened->state.execute(Command::kMark);
    EXPECT_EQ(opened->notes.keep(opened->state), "");
    EXPECT_EQ(opened->state.marks.size(), 1U) << "in this window it is there";
    EXPECT_EQ(read(run_path_ + "/stepscope-notes.json"), content);
  }
}

TEST(Notes, MergeInAnyOrderAndTheNewestHolds) {
  const NoteEntries here{{1, 1, "old", kNow, false}, {5, 9, "mine", kNow, false}};
  const NoteEntries there{
      {1, 1, "new", kNow + 1, false}, {5, 9, "", kNow + 2, true}, {7, 7, "theirs", kNow, false}};
  const NoteEntries wanted{
      {1, 1, "new", kNow + 1, false}, {5, 9, "", kNow + 2, true}, {7, 7, "theirs", kNow, false}};
  EXPECT_EQ(merged(here, there), wanted);
  EXPECT_EQ(merged(there, here), wanted);
  EXPECT_EQ(merged(wanted, wanted), wanted);
  const NoteEntries same_age{{1, 1, "a", kNow, false}};
  const NoteEntries other{{1, 1, "b", kNow, false}};
  EXPECT_EQ(merged(same_age, other), merged(other, same_age));
}

TEST(Notes, TheirTextIsReadAgainByteForByte) {
  const NoteEntries notes{{-3, 4, "a \"b\" \\ \n\t\x01 \xE2\x86\x92", kNow, false}, {4, 4, "", kNow, true}};
  const auto read = parse_notes(notes_text("run/1", notes), "run/1", "x.json");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read.value(), notes);
  EXPECT_TRUE(parse_notes(notes_text("r", {}), "r", "x.json").value().empty());
}

TEST_F(SessionTest, PanesAreKeptAndNonsenseInTheirFileIsSaid) {
  Panes panes;
  EXPECT_TRUE(load_panes(panes).empty()) << "no file yet";
  EXPECT_EQ(save_panes({200, 0.5F, 0.4F}), "");
  EXPECT_TRUE(load_panes(panes).empty());
  EXPECT_EQ(panes, (Panes{200, 0.5F, 0.4F}));
  write(dir_.file("home/stepscope/viewer-panes"), "strip huge\n");
  ASSERT_EQ(load_panes(panes).size(), 1U);
  EXPECT_EQ(panes.strip, 200) << "left as they were";
}

TEST_F(SessionTest, KeysComeFromTheConfigurationDirectoryOrAFileAndAMissingOneIsSaid) {
  KeyMap keys;
  EXPECT_TRUE(load_keys("", keys).empty()) << "needs not be there";
  write(dir_.file("home/stepscope/keys.conf"), "zoom-in = Z\n");
  EXPECT_TRUE(load_keys("", keys).empty());
  EXPECT_EQ(keys.text(Command::kZoomIn), "Z");
  write(dir_.file("mine"), "zoom-in = Y\nzoom-out\n");
  EXPECT_EQ(load_keys(dir_.file("mine"), keys).size(), 1U);
  EXPECT_EQ(keys.text(Command::kZoomIn), "Y");
  EXPECT_EQ(load_keys(dir_.file("none"), keys),
            std::vector{dir_.file("none") + ": there is no such key file; the usual keys hold"});
  EXPECT_EQ(load_keys(dir_.file("home"), keys).size(), 1U) << "a directory is no key file";
}

}  // namespace
}  // namespace stepscope::viewer
