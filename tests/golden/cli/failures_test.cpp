// SPDX-License-Identifier: Apache-2.0
//
// Every bad input: the right exit code and one line that names the file, the cause and the remedy.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/cli/program.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Failures : public ::testing::Test {
 protected:
  void SetUp() override { write_job(dir_.file("good"), "steps=20 workers=0"); }

  // Every command that opens a run must refuse `name`.
  void expect_unreadable(const std::string& name) {
    const std::vector<std::vector<std::string>> commands{
        {"info", name},
        {"steps", name},
        {"report", name},
        {"diff", name, "--vs", "good"},
        {"diff", "good", "--vs", name},
        {"sql", name, "SELECT 1"},
        {"selfcheck", name},
        {"doctor", name},
    };
    for (const std::vector<std::string>& command : commands) {
      const Outcome outcome = stepscope(command, dir_.path());
      const std::string shown = ::testing::PrintToString(command);
      EXPECT_EQ(outcome.exit_code, 5) << shown << outcome.err;
      EXPECT_EQ(outcome.out, "") << shown;
      EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << shown << outcome.err;
      EXPECT_THAT(outcome.err, StartsWith("stepscope: ")) << shown;
      EXPECT_THAT(outcome.err, HasSubstr(name)) << shown;
    }
  }

  // The recording of the good run's main process.
  std::string good_file() {
    for (const fs::directory_entry& entry : fs::directory_iterator(dir_.file("good"))) {
      return entry.path().string();
    }
    return "";
  }

  TempDir dir_;
};

TEST_F(Failures, MissingPath) {
  expect_unreadable("nowhere");
}

TEST_F(Failures, EmptyDirectory) {
  fs::create_directory(dir_.file("empty"));
  expect_unreadable("empty");
}

TEST_F(Failures, EmptyFile) {
  write_bytes(dir_.file("empty.stepscope"), "");
  expect_unreadable("empty.stepscope");
}

TEST_F(Failures, ForeignFile) {
  write_bytes(dir_.file("foreign.stepscope"), std::string(5000, 'x'));
  expect_unreadable("foreign.stepscope");
}

TEST_F(Failures, ForeignDatabase) {
  // A SQLite file of another application: the header is right, the application id is not ours.
  std::string bytes = read_bytes(good_file());
  bytes[68] = 'N';
  write_bytes(dir_.file("other.stepscope"), bytes);
  expect_unreadable("other.stepscope");
}

TEST_F(Failures, NewerMajorVersion) {
  std::string bytes = read_bytes(good_file());
  bytes[60] = '\x7f';  // the first byte of user_version: the major version
  write_bytes(dir_.file("newer.stepscope"), bytes);
  expect_unreadable("newer.stepscope");
  EXPECT_THAT(stepscope({"info", "newer.stepscope"}, dir_.path()).err, HasSubstr("newer"));
}

TEST_F(Failures, TruncatedAnywhere) {
  const std::string bytes = read_bytes(good_file());
  for (const size_t part : {1U, 4U, 7U}) {
    write_bytes(dir_.file("cut.stepscope"), bytes.substr(0, bytes.size() * part / 8));
    const Outcome outcome = stepscope({"selfcheck", "cut.stepscope"}, dir_.path());
    EXPECT_EQ(outcome.exit_code, 5) << part << outcome.out << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("cut.stepscope")) << part;
  }
}

TEST_F(Failures, BitFlipsNeverCrash) {
  const std::string good = read_bytes(good_file());
  for (size_t i = 0; i < 40; ++i) {
    std::string bytes = good;
    const size_t at = (i * 7919 + 101) % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (i % 8)));
    write_bytes(dir_.file("flip.stepscope"), bytes);
    const Outcome outcome = stepscope({"report", "flip.stepscope"}, dir_.path());
    EXPECT_THAT(outcome.exit_code, ::testing::AnyOf(0, 3, 5)) << "byte " << at << ": " << outcome.err;
  }
}

TEST_F(Failures, UnreadableFile) {
  if (geteuid() == 0) {
    GTEST_SKIP() << "root reads every file";
  }
  chmod(good_file().c_str(), 0);
  EXPECT_EQ(stepscope({"info", "good"}, dir_.path()).exit_code, 5);
}

TEST_F(Failures, ARunWithoutStepsIsInconclusive) {
  write_recording(dir_.file("stepless.stepscope"), R"(
    meta process.role main
    meta process.pid 7
    lane 1 thread main tid=7
    range lane=1 start_ns=1ms dur_ns=5ms name=work
  )");
  for (const std::string command : {"steps", "report"}) {
    const Outcome outcome = stepscope({command, "stepless.stepscope"}, dir_.path());
    EXPECT_EQ(outcome.exit_code, 3) << command << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("no training steps found")) << command;
  }
  EXPECT_EQ(stepscope({"info", "stepless.stepscope"}, dir_.path()).exit_code, 0);
  EXPECT_EQ(stepscope({"diff", "stepless.stepscope", "--vs", "good"}, dir_.path()).exit_code, 4);
}

TEST_F(Failures, FinalizeOfAMissingPath) {
  const Outcome outcome = stepscope({"finalize", "nowhere"}, dir_.path());
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere"));
}

TEST_F(Failures, FinalizeOfAFinishedRunDoesNothing) {
  const std::string before = read_bytes(good_file());
  const Outcome outcome = stepscope({"finalize", "good"}, dir_.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "0 recordings written\n");
  EXPECT_EQ(read_bytes(good_file()), before);
}

TEST_F(Failures, AGarbageSpoolIsNamedAndKept) {
  write_bytes(dir_.file("good/main-r0-host-1-2.spool"), std::string(300, 'x'));
  const Outcome outcome = stepscope({"finalize", "good"}, dir_.path());
  EXPECT_EQ(outcome.exit_code, 5) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("main-r0-host-1-2"));
  EXPECT_TRUE(fs::exists(dir_.file("good/main-r0-host-1-2.spool")));
}

TEST_F(Failures, ViewWithoutADisplayTellsHow) {
  Invocation invocation;
  invocation.command = {stepscope_path(), "view", "good run"};
  invocation.environment = {"DISPLAY", "WAYLAND_DISPLAY"};
  const Outcome outcome = run(invocation);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err,
              ::testing::AnyOf(HasSubstr("xvfb-run -a stepscope view 'good run' --screenshot run.png"),
                               HasSubstr("stepscope-viewer not found")));
}

}  // namespace
}  // namespace stepscope::testing
