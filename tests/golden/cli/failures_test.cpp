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
#include "trace/spool_format.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Failures : public ::testing::Test {
 protected:
  void SetUp() override { write_job(dir_.file("good"), "steps=20 workers=0"); }

  // Every command that opens a run must refuse `name` with one line that names the file, the cause and the remedy.
  void expect_unreadable(const std::string& name, const std::string& cause, const std::string& remedy) {
    const std::vector<std::vector<std::string>> commands{
        {"info", name},
        {"steps", name},
        {"report", name},
        {"diff", name, "--vs", "good"},
        {"diff", "good", "--vs", name},
        {"sql", name, "SELECT 1"},
        {"selfcheck", name},
        {"doctor", name},
        {"export", name, "--format", "csv"},
    };
    for (const std::vector<std::string>& command : commands) {
      expect_refusal(command, name, cause, remedy);
    }
  }

  void expect_refusal(const std::vector<std::string>& command, const std::string& name,
                      const std::string& cause, const std::string& remedy) {
    const Outcome outcome = stepscope(command, dir_.path());
    const std::string shown = ::testing::PrintToString(command);
    EXPECT_EQ(outcome.exit_code, 5) << shown << outcome.err;
    EXPECT_EQ(outcome.out, "") << shown;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << shown << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("stepscope: ")) << shown;
    const size_t file = outcome.err.find(name);
    const size_t why = outcome.err.find(cause, file);
    const size_t what_to_do = outcome.err.find("; " + remedy, why);
    EXPECT_NE(file, std::string::npos) << shown << outcome.err;
    EXPECT_NE(why, std::string::npos) << shown << outcome.err;
    EXPECT_NE(what_to_do, std::string::npos) << shown << outcome.err;
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
  expect_unreadable("nowhere", "does not exist", "give a run directory");
  expect_refusal({"finalize", "nowhere"}, "nowhere", "no such file", "name a run directory");
}

TEST_F(Failures, EmptyDirectory) {
  fs::create_directory(dir_.file("empty"));
  expect_unreadable("empty", "no recording in here", "record a run");
}

TEST_F(Failures, EmptyFile) {
  write_bytes(dir_.file("empty.stepscope"), "");
  expect_unreadable("empty.stepscope", "the file is empty", "take a complete copy");
}

TEST_F(Failures, ForeignFile) {
  write_bytes(dir_.file("foreign.stepscope"), std::string(5000, 'x'));
  expect_unreadable("foreign.stepscope", "it is not a stepscope recording", "name a *.stepscope file");
  expect_refusal({"finalize", "foreign.stepscope"}, "foreign.stepscope", "neither a directory nor a spool",
                 "name a run");
}

TEST_F(Failures, ForeignDatabase) {
  // A SQLite file of another application: the header is right, the application id is not ours.
  std::string bytes = read_bytes(good_file());
  bytes[68] = 'N';
  write_bytes(dir_.file("other.stepscope"), bytes);
  expect_unreadable("other.stepscope", "it is not a stepscope recording", "name a *.stepscope file");
}

TEST_F(Failures, NewerMajorVersion) {
  std::string bytes = read_bytes(good_file());
  bytes[60] = '\x7f';  // the first byte of user_version: the major version
  write_bytes(dir_.file("newer.stepscope"), bytes);
  expect_unreadable("newer.stepscope", "newer than the 1.x this stepscope reads", "update stepscope");
}

TEST_F(Failures, TruncatedAnywhere) {
  const std::string bytes = read_bytes(good_file());
  for (const size_t part : {1U, 4U, 7U}) {
    write_bytes(dir_.file("cut.stepscope"), bytes.substr(0, bytes.size() * part / 8));
    expect_unreadable("cut.stepscope", "the file is cut off after", "take a complete copy");
  }
}

// Where zstd frames begin in a recording: their magic number.
std::vector<size_t> frames_in(const std::string& bytes) {
  std::vector<size_t> at;
  for (size_t i = bytes.find("\x28\xb5\x2f\xfd"); i != std::string::npos;
       i = bytes.find("\x28\xb5\x2f\xfd", i + 1)) {
    at.push_back(i);
  }
  return at;
}

TEST_F(Failures, BitFlipsNeverCrashAndSeldomPass) {
  const std::string good = read_bytes(good_file());
  std::vector<size_t> used;  // most of a small database is room for more
  for (size_t i = 0; i < good.size(); ++i) {
    if (good[i] != '\0') {
      used.push_back(i);
    }
  }
  size_t refused = 0;
  for (size_t i = 0; i < 40; ++i) {
    std::string bytes = good;
    const size_t at = used[(i * 7919 + 101) % used.size()];
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (i % 8)));
    write_bytes(dir_.file("flip.stepscope"), bytes);
    const Outcome outcome = stepscope({"selfcheck", "flip.stepscope"}, dir_.path());
    EXPECT_THAT(outcome.exit_code, ::testing::AnyOf(0, 3, 5)) << "byte " << at << ": " << outcome.err;
    refused += outcome.exit_code == 5 ? 1U : 0U;
  }
  EXPECT_GE(refused, 20U) << "of 40 flips; the rest hit bytes that no reader looks at";
}

TEST_F(Failures, AFlipInsideACompressedSegmentIsAlwaysNoticed) {
  const std::string good = read_bytes(good_file());
  const std::vector<size_t> frames = frames_in(good);
  ASSERT_GE(frames.size(), 3U);
  for (const size_t frame : frames) {
    std::string bytes = good;
    bytes[frame + 8] = static_cast<char>(bytes[frame + 8] ^ 0x10);
    write_bytes(dir_.file("flip.stepscope"), bytes);
    const Outcome outcome = stepscope({"selfcheck", "flip.stepscope"}, dir_.path());
    EXPECT_EQ(outcome.exit_code, 5) << "frame at " << frame << outcome.out << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("flip.stepscope")) << frame;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

// What a killed process may leave, or somebody may put there, instead of a spool.
struct BadSpool {
  const char* what;
  std::string bytes;
  const char* cause;
  const char* remedy;
};

std::vector<BadSpool> bad_spools() {
  using namespace stepscope::trace::spool;
  const std::string magic(std::begin(kSpoolMagic), std::end(kSpoolMagic));
  const std::string newer{static_cast<char>(kMajor + 1), '\0'};
  return {
      {"foreign", std::string(300, 'x'), "not a stepscope spool", "check the path"},
      {"empty", "", "empty or damaged", "nothing can be recovered"},
      {"newer", magic + newer + std::string(300, '\0'), "written by a newer stepscope",
       "open it with the version"},
      {"cut", magic + "\x01", "empty or damaged", "nothing can be recovered"},
  };
}

TEST_F(Failures, ASpoolThatCannotBeReadAloneIsRefusedByEveryCommand) {
  for (const BadSpool& bad : bad_spools()) {
    const std::string file = std::string(bad.what) + "/main-r0-host-1-2.spool";
    fs::create_directory(dir_.file(bad.what));
    write_bytes(dir_.file(file), bad.bytes);
    expect_unreadable(bad.what, bad.cause, bad.remedy);
    expect_unreadable(file, bad.cause, bad.remedy);
    EXPECT_TRUE(fs::exists(dir_.file(file)));
  }
}

TEST_F(Failures, ASpoolThatCannotBeReadBesideAGoodRecordingIsNamedByEveryCommand) {
  const std::vector<std::pair<std::vector<std::string>, int>> commands{
      {{"info", "mixed"}, 0},
      {{"steps", "mixed"}, 0},
      {{"report", "mixed"}, 0},
      {{"diff", "mixed", "--vs", "good"}, 0},
      {{"diff", "good", "--vs", "mixed"}, 0},
      {{"sql", "mixed", "SELECT 1"}, 0},
      {{"export", "mixed", "--format", "csv"}, 0},
      {{"selfcheck", "mixed"}, 5},
      {{"doctor", "mixed"}, 5},
      {{"finalize", "mixed"}, 5},
  };
  for (const BadSpool& bad : bad_spools()) {
    fs::remove_all(dir_.file("mixed"));
    fs::copy(dir_.file("good"), dir_.file("mixed"));
    const std::string spool = dir_.file("mixed/worker-r0-host-1-2.spool");
    write_bytes(spool, bad.bytes);
    for (const auto& [command, exit_code] : commands) {
      const Outcome outcome = stepscope(command, dir_.path());
      const std::string shown = bad.what + (" " + ::testing::PrintToString(command));
      EXPECT_EQ(outcome.exit_code, exit_code) << shown << outcome.err;
      EXPECT_NE(outcome.out, "") << shown;
      const size_t line = outcome.err.find("worker-r0-host-1-2.spool: ");
      EXPECT_NE(line, std::string::npos) << shown << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr(bad.cause)) << shown;
      EXPECT_THAT(outcome.err, HasSubstr(bad.remedy)) << shown;
      EXPECT_EQ(outcome.err.find("worker-r0-host-1-2.spool", line + 30), std::string::npos)
          << shown << " says it twice: " << outcome.err;
    }
    EXPECT_THAT(stepscope({"diff", "good", "--vs", "mixed"}, dir_.path()).out,
                HasSubstr("unreadable spools"));
    EXPECT_THAT(stepscope({"doctor", "mixed"}, dir_.path()).out, HasSubstr(bad.remedy));
    EXPECT_EQ(read_bytes(spool), bad.bytes) << "what cannot be read is kept as it is";
  }
}

// Root reads every file, so a child that is nobody runs the program.
TEST_F(Failures, UnreadableFile) {
  Invocation invocation;
  invocation.command = {stepscope_path(), "info", "good"};
  invocation.directory = dir_.path();
  invocation.as_nobody = geteuid() == 0;
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(dir_.file("good").c_str(), 0755), 0);
  ASSERT_EQ(chmod(good_file().c_str(), 0644), 0);
  const Outcome readable = run(invocation);
  if (readable.exit_code == kNotStarted) {
    GTEST_SKIP() << "nobody may not run " << stepscope_path() << ": a folder above it is closed to others";
  }
  ASSERT_EQ(readable.exit_code, 0) << readable.err;
  ASSERT_EQ(chmod(good_file().c_str(), 0), 0);
  const Outcome outcome = run(invocation);
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.err, HasSubstr(good_file().substr(dir_.path().size() + 1)));
  EXPECT_THAT(outcome.err, HasSubstr("Permission denied; check the path and your permissions"));
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
