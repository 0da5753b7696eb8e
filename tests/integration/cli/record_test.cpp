// SPDX-License-Identifier: Apache-2.0
//
// `stepscope record` on the shipped library: what the command sees, what the caller gets back, what is left on disk.
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kKilled = 128 + SIGKILL;

class Record : public ::testing::Test {
 protected:
  // stepscope record -o run -- <command>
  Outcome record(std::vector<std::string> command, std::vector<std::string> options = {}) {
    return run(invocation(std::move(command), std::move(options)));
  }
  Invocation invocation(std::vector<std::string> command, std::vector<std::string> options = {}) {
    Invocation result;
    result.command = {stepscope_path(), "record", "-o", "run"};
    result.command.insert(result.command.end(), options.begin(), options.end());
    result.command.emplace_back("--");
    result.command.insert(result.command.end(), command.begin(), command.end());
    result.directory = dir_.path();
    return result;
  }
  static std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

  std::vector<std::string> files(const std::string& extension) {
    std::vector<std::string> found;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(dir_.file("run"), error)) {
      if (entry.path().extension() == extension) {
        found.push_back(entry.path().string());
      }
    }
    return found;
  }
  ordered_json json_of(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    return ordered_json::parse(stepscope(arguments, dir_.path()).out);
  }
  size_t steps_of_run() { return json_of({"info", "run"})["steps"].get<size_t>(); }
  // True when `path` came to exist within 20 s.
  static bool appears(const std::string& path) {
    for (int i = 0; i < 2000 && !fs::exists(path); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return fs::exists(path);
  }

  const std::string stepping_ = STEPSCOPE_TEST_STEPPING;
  TempDir dir_;
};

TEST_F(Record, WorkThatTheProgramSays) {
  for (const char* milliseconds : {"2", "6"}) {
    const Outcome outcome =
        stepscope({"record", "-o", milliseconds, "--", stepping_, "30", milliseconds}, dir_.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  const ordered_json diff = json_of({"diff", "2", "--vs", "6"});
  EXPECT_EQ(diff["work"]["unit"], "tokens");
  EXPECT_EQ(diff["work"]["base_per_step"], 2000);
  EXPECT_EQ(diff["work"]["candidate_per_step"], 6000);
  EXPECT_EQ(diff["work"]["cause"], "longer sequences");
  EXPECT_EQ(diff["terms"][0]["leaf"], "work") << diff["terms"].dump();
  EXPECT_EQ(diff["residual_ns"], 0);
}

TEST_F(Record, StepsOfAProgramThatMarksThem) {
  const Outcome outcome = record({stepping_, "30", "2"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "stepped 30\n");
  EXPECT_THAT(outcome.err, AllOf(StartsWith("stepscope: recorded in run: 1 process, "), HasSubstr("median "),
                                 EndsWith("next: stepscope report run\n")));
  EXPECT_EQ(files(".stepscope").size(), 1U);
  EXPECT_EQ(files(".spool").size() + files(".ring").size(), 0U);
  EXPECT_GE(steps_of_run(), 28U);
  EXPECT_EQ(stepscope({"report", "run"}, dir_.path()).exit_code, 0);
  EXPECT_EQ(stepscope({"selfcheck", "run"}, dir_.path()).exit_code, 0);
}

TEST_F(Record, ExitCodesArePassedOn) {
  for (const int code : {0, 1, 3, 42, 255}) {
    EXPECT_EQ(record(shell("exit " + std::to_string(code))).exit_code, code);
  }
}

TEST_F(Record, TheExitCodeIsInTheRecording) {
  EXPECT_EQ(record({stepping_, "5", "1", "exit", "7"}).exit_code, 7);
  const ordered_json meta = json_of({"info", "run"})["processes"][0]["meta"];
  EXPECT_EQ(meta["exit.code"], "7");
  EXPECT_EQ(meta["job.exit_code"], "7");
}

TEST_F(Record, ASignalThatEndsTheCommandEndsUsTheSameWay) {
  for (const int signal : {SIGTERM, SIGKILL, SIGABRT, SIGSEGV}) {
    fs::remove_all(dir_.file("run"));
    // The shell would turn a signal into a code: run record itself as the child.
    const Outcome outcome = record({stepping_, "5", "1", "signal", std::to_string(signal)});
    EXPECT_EQ(outcome.exit_code, 128 + signal);
    EXPECT_THAT(outcome.err, HasSubstr("recorded in run"));
    EXPECT_EQ(json_of({"info", "run"})["processes"][0]["meta"]["exit.signal"], std::to_string(signal));
  }
  EXPECT_FALSE(fs::exists(dir_.file("core")));
}

TEST_F(Record, ACommandThatDoesNotExistGives127AndLeavesNothing) {
  const Outcome outcome = record({"no-such-command"});
  EXPECT_EQ(outcome.exit_code, 127);
  EXPECT_EQ(outcome.err, "stepscope: no-such-command: command not found\n");
  EXPECT_FALSE(fs::exists(dir_.file("run")));
}

TEST_F(Record, ACommandThatIsNotExecutableGives126) {
  write_bytes(dir_.file("data.txt"), "x");
  const Outcome outcome = record({"./data.txt"});
  EXPECT_EQ(outcome.exit_code, 126);
  EXPECT_FALSE(fs::exists(dir_.file("run")));
}

TEST_F(Record, AScriptWithoutItsInterpreterIsExplained) {
  write_bytes(dir_.file("script"), "#!/no/such/shell\n");
  chmod(dir_.file("script").c_str(), 0755);
  const Outcome outcome = record({"./script"});
  EXPECT_EQ(outcome.exit_code, 127);
  EXPECT_THAT(outcome.err, HasSubstr("interpreter"));
  EXPECT_FALSE(fs::exists(dir_.file("run")));
}

TEST_F(Record, AScriptWithoutAFirstLineRunsAsInAShell) {
  write_bytes(dir_.file("script"), "exit 9\n");
  chmod(dir_.file("script").c_str(), 0755);
  EXPECT_EQ(record({"./script"}).exit_code, 9);
}

TEST_F(Record, OutputAndInputGoThroughUntouched) {
  Invocation wanted = invocation(shell("cat; printf 'to stderr' >&2"), {"--quiet"});
  wanted.input = std::string("bytes\0and\nno newline at the end", 31);
  const Outcome outcome = run(wanted);
  EXPECT_EQ(outcome.out, wanted.input);
  EXPECT_EQ(outcome.err, "to stderr");
}

TEST_F(Record, ArgumentsKeepTheirBlanksQuotesAndDashes) {
  const Outcome outcome = record({"/usr/bin/printf", "[%s]", "a b", "", "--level", "'\"$x", "--"});
  EXPECT_EQ(outcome.out, "[a b][][--level]['\"$x][--]");
}

TEST_F(Record, TheSeparatorMayBeLeftOut) {
  Invocation wanted;
  wanted.command = {stepscope_path(), "record", "-o", "run", "/usr/bin/printf", "%s ", "-o", "--", "x"};
  wanted.directory = dir_.path();
  EXPECT_EQ(run(wanted).out, "-o -- x ");
}

TEST_F(Record, ACommandThatOpensNoDoorSaysSoAndLeavesNothing) {
  const Outcome outcome = record({"/bin/true"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, StartsWith("stepscope: nothing was recorded"));
  EXPECT_FALSE(fs::exists(dir_.file("run")));
}

TEST_F(Record, ProgramsThatACommandStartsAreRecordedToo) {
  const Outcome outcome = record(shell(stepping_ + " 5 1 & " + stepping_ + " 5 1; wait"));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(files(".stepscope").size(), 2U) << outcome.err;
}

TEST_F(Record, TheRunIsPrivate) {
  record({stepping_, "3", "1"});
  struct stat info {};
  ASSERT_EQ(stat(dir_.file("run").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  ASSERT_EQ(stat(files(".stepscope").at(0).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(Record, ADirectoryInUseIsRefused) {
  fs::create_directory(dir_.file("run"));
  write_bytes(dir_.file("run/precious"), "x");
  const Outcome outcome = record({stepping_, "3", "1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "") << "the command ran";
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("run: already holds files"), HasSubstr("-o")));
  EXPECT_EQ(read_bytes(dir_.file("run/precious")), "x");
}

TEST_F(Record, AnEmptyDirectoryIsUsed) {
  fs::create_directory(dir_.file("run"));
  EXPECT_EQ(record({stepping_, "3", "1"}).exit_code, 0);
  EXPECT_EQ(files(".stepscope").size(), 1U);
}

TEST_F(Record, AFileInTheWayAndAPlaceThatCannotBeWrittenAreRefused) {
  write_bytes(dir_.file("run"), "x");
  EXPECT_THAT(record({"/bin/true"}).err, HasSubstr("is a file"));
  Invocation wanted;
  wanted.command = {stepscope_path(), "record", "-o", "/proc/run", "--", "/bin/echo", "ran"};
  const Outcome outcome = run(wanted);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("/proc/run"), HasSubstr("-o")));
}

TEST_F(Record, WithoutANameEveryRunGetsItsOwnDirectory) {
  Invocation wanted;
  wanted.command = {stepscope_path(), "record", stepping_, "3", "1"};
  wanted.directory = dir_.path();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(wanted).exit_code, 0);
  }
  size_t runs = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir_.path())) {
    runs += entry.path().filename().string().starts_with("stepscope-run-") ? 1U : 0U;
  }
  EXPECT_EQ(runs, 3U);
}

TEST_F(Record, ARecordInsideARecordRecordsIntoItsOwnRun) {
  const Outcome outcome =
      record({stepscope_path(), "record", "-o", "inner", "--", stepping_, "5", "1", "exit", "6"});
  EXPECT_EQ(outcome.exit_code, 6);
  EXPECT_EQ(outcome.out, "stepped 5\n");
  EXPECT_TRUE(fs::exists(dir_.file("inner")));
  EXPECT_EQ(json_of({"info", "inner"})["processes"].size(), 1U);
  EXPECT_EQ(json_of({"info", "inner"})["processes"][0]["meta"].contains("displaced.LD_PRELOAD"), false);
}

TEST_F(Record, WhatAnotherToolSetIsKept) {
  Invocation wanted =
      invocation(shell("echo $LD_PRELOAD; echo $CUDA_INJECTION64_PATH; echo $NVTX_INJECTION64_PATH"));
  wanted.environment = {"LD_PRELOAD=/nonexistent/theirs.so", "CUDA_INJECTION64_PATH=/opt/nsys.so",
                        "NVTX_INJECTION64_PATH"};
  const Outcome outcome = run(wanted);
  EXPECT_THAT(outcome.out, HasSubstr("libstepscope.so:/nonexistent/theirs.so\n/opt/nsys.so\n/"));
  EXPECT_THAT(outcome.err, HasSubstr("CUDA_INJECTION64_PATH=/opt/nsys.so is left to the tool that set it"));
}

TEST_F(Record, AStaticProgramRunsWithAWarning) {
  const Outcome outcome = record({STEPSCOPE_TEST_STATIC, "4"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("is statically linked"));
  const Outcome strict = record({STEPSCOPE_TEST_STATIC, "4"}, {"--strict"});
  EXPECT_EQ(strict.exit_code, 2);
  EXPECT_THAT(strict.err, HasSubstr("--strict"));
}

TEST_F(Record, AJobKilledHalfWayIsStillARun) {
  Invocation wanted =
      invocation(shell(stepping_ + " 40 2 hang > printed & pid=$!; while [ ! -s printed ]; do :; done; kill "
                                   "-9 $pid; wait $pid"));
  const Outcome outcome = run(wanted);
  EXPECT_EQ(outcome.exit_code, kKilled);
  EXPECT_GE(steps_of_run(), 38U) << outcome.err;
  EXPECT_EQ(stepscope({"selfcheck", "run"}, dir_.path()).exit_code, 0);
}

TEST_F(Record, WhenRecordItselfIsKilledTheNextCommandFinalizes) {
  const std::string go = dir_.file("go");
  const pid_t recorder = fork();
  if (recorder == 0) {
    if (chdir(dir_.path().c_str()) != 0) {
      _exit(1);
    }
    freopen("/dev/null", "w", stdout);
    execl(stepscope_path().c_str(), "stepscope", "record", "-o", "run", "--", "/bin/sh", "-c",
          ("echo $$ > pid.part; mv pid.part pid; exec " + stepping_ + " 20 2 wait " + go).c_str(), nullptr);
    _exit(1);
  }
  ASSERT_TRUE(appears(dir_.file("pid")));
  kill(recorder, SIGKILL);
  waitpid(recorder, nullptr, 0);
  write_bytes(go, "");
  // The command is an orphan now: it is gone when its process is.
  const std::string proc =
      "/proc/" + read_bytes(dir_.file("pid")).substr(0, read_bytes(dir_.file("pid")).find('\n'));
  for (int i = 0; i < 2000 && fs::exists(proc); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GE(files(".spool").size(), 1U);
  EXPECT_GE(steps_of_run(), 18U);
  EXPECT_EQ(files(".spool").size(), 0U);
}

TEST_F(Record, ADaemonLeftBehindIsNamedAndAddedLater) {
  const std::string go = dir_.file("go");
  const Outcome outcome = record({stepping_, "10", "2", "daemon", go});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err,
              HasSubstr("1 process still running, `stepscope finalize run` adds it when it has ended"));
  write_bytes(go, "");
  size_t recordings = 0;
  for (int i = 0; i < 200 && recordings < 2; ++i) {
    EXPECT_EQ(stepscope({"finalize", "run"}, dir_.path()).exit_code, 0);
    recordings = files(".stepscope").size();
  }
  EXPECT_EQ(recordings, 2U);
}

TEST_F(Record, ASignalSentToRecordAloneReachesTheCommand) {
  const pid_t recorder = fork();
  if (recorder == 0) {
    if (chdir(dir_.path().c_str()) != 0) {
      _exit(1);
    }
    freopen("/dev/null", "w", stderr);
    execl(stepscope_path().c_str(), "stepscope", "record", "-o", "run", "--", "/bin/sh", "-c",
          "trap 'exit 33' TERM; : > ready; while :; do sleep 0.01; done", nullptr);
    _exit(1);
  }
  ASSERT_TRUE(appears(dir_.file("ready")));
  kill(recorder, SIGTERM);
  int status = 0;
  waitpid(recorder, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 33);
}

TEST_F(Record, TheCommandKeepsSignalDispositionsAndMask) {
  const std::string look = "grep -E 'Sig(Blk|Ign)' /proc/self/status";
  Invocation plain;
  plain.command = {"/bin/sh", "-c", "trap '' USR1 PIPE; " + look};
  Invocation recorded;
  recorded.command = {"/bin/sh", "-c",
                      "trap '' USR1 PIPE; exec " + stepscope_path() +
                          " record -q -o run -- grep -E 'Sig(Blk|Ign)' "
                          "/proc/self/status"};
  recorded.directory = dir_.path();
  EXPECT_EQ(run(recorded).out, run(plain).out);
}

TEST_F(Record, ACallerThatIgnoresChildrenStillGetsTheExitCode) {
  Invocation wanted;
  wanted.command = {
      "/usr/bin/env", "--ignore-signal=CHLD", stepscope_path(), "record", "-o", "run", "--", "/bin/sh", "-c",
      "exit 5"};
  wanted.directory = dir_.path();
  EXPECT_EQ(run(wanted).exit_code, 5);
}

TEST_F(Record, OnATerminalTheCommandStillHasIt) {
  if (!has_terminals()) {
    GTEST_SKIP() << kNoTerminals;
  }
  Invocation wanted = invocation(shell("test -t 0 && test -t 1 && test -t 2 && echo is a terminal"));
  wanted.on_terminal = true;
  wanted.environment = {"TERM=xterm"};
  EXPECT_THAT(run(wanted).out, HasSubstr("is a terminal"));
}

TEST_F(Record, ControlCOfATerminalReachesTheCommandOnce) {
  if (!has_terminals()) {
    GTEST_SKIP() << kNoTerminals;
  }
  const std::string script =
      "n=0; trap 'n=$((n+1)); printf %s $n > count' INT; : > ready; while [ ! -e count ]; do sleep 0.02; "
      "done; "
      "sleep 0.2; exit 44";
  int terminal = -1;
  const pid_t recorder = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (recorder == 0) {
    if (chdir(dir_.path().c_str()) != 0) {
      _exit(1);
    }
    execl(stepscope_path().c_str(), "stepscope", "record", "-o", "run", "--", "/bin/sh", "-c", script.c_str(),
          nullptr);
    _exit(1);
  }
  ASSERT_TRUE(appears(dir_.file("ready")));
  EXPECT_EQ(write(terminal, "\x03", 1), 1);
  int status = 0;
  waitpid(recorder, &status, 0);
  close(terminal);
  EXPECT_TRUE(WIFEXITED(status)) << "record itself died of the signal";
  EXPECT_EQ(WEXITSTATUS(status), 44);
  EXPECT_EQ(read_bytes(dir_.file("count")), "1");
}

TEST_F(Record, ProgressShowsOnATerminalOnly) {
  if (!has_terminals()) {
    GTEST_SKIP() << kNoTerminals;
  }
  Invocation wanted = invocation({stepping_, "150", "10"});
  EXPECT_THAT(run(wanted).err, Not(HasSubstr("recording, ")));
  fs::remove_all(dir_.file("run"));
  wanted.on_terminal = true;
  wanted.environment = {"TERM=xterm"};
  wanted.command.back() = "15";
  wanted.command[wanted.command.size() - 2] =
      "300";  // 4.5 s: what is recorded reaches the spool within seconds
  const std::string shown = run(wanted).out;
  EXPECT_THAT(shown, HasSubstr("stepscope: recording, "));
  EXPECT_THAT(shown, HasSubstr(" steps, "));
  EXPECT_THAT(shown, HasSubstr(" each"));
}

TEST_F(Record, AWindowKeepsOnlyItsSteps) {
  EXPECT_EQ(record({stepping_, "40", "1"}, {"--window", "10:19"}).exit_code, 0);
  const ordered_json steps = json_of({"steps", "run"})["processes"][0]["steps"];
  ASSERT_EQ(steps.size(), 10U);
  EXPECT_EQ(steps.front()["number"], 10);
  EXPECT_EQ(steps.back()["number"], 19);
  const ordered_json ranges = json_of({"sql", "run", "SELECT count(*) FROM range WHERE name = 'work'"});
  EXPECT_EQ(ranges["rows"][0][0], 10);
  EXPECT_EQ(stepscope({"selfcheck", "run"}, dir_.path()).exit_code, 0);
}

TEST_F(Record, AWindowThatIsNeverReachedKeepsEverything) {
  const Outcome outcome = record({stepping_, "10", "1"}, {"--window", "100:"});
  EXPECT_THAT(outcome.err, HasSubstr("no step of it was reached"));
  EXPECT_GE(steps_of_run(), 9U);
}

TEST_F(Record, ALibraryPathThatLdPreloadCannotNameIsRefused) {
  fs::create_directory(dir_.file("with blank"));
  write_bytes(dir_.file("with blank/libstepscope.so"), "x");
  Invocation wanted = invocation({"/bin/echo", "ran"});
  wanted.environment = {"STEPSCOPE_LIBRARY=" + dir_.file("with blank/libstepscope.so")};
  const Outcome outcome = run(wanted);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("STEPSCOPE_LIBRARY"));
  EXPECT_FALSE(fs::exists(dir_.file("run")));
}

TEST_F(Record, ADirectoryWithABlankIsNoProblem) {
  Invocation wanted;
  wanted.command = {stepscope_path(), "record", "-o", "my run", "--", stepping_, "5", "1"};
  wanted.directory = dir_.path();
  const Outcome outcome = run(wanted);
  EXPECT_THAT(outcome.err, EndsWith("next: stepscope report 'my run'\n"));
  EXPECT_EQ(stepscope({"info", "my run"}, dir_.path()).exit_code, 0);
}

TEST_F(Record, DoctorFindsThisMachineReady) {
  const Outcome outcome = stepscope({"doctor", "--json"}, dir_.path());
  const ordered_json checks = ordered_json::parse(outcome.out)["sections"][0]["checks"];
  for (const ordered_json& check : checks) {
    if (check["name"] == "library" || check["name"] == "preload" || check["name"] == "python") {
      EXPECT_EQ(check["health"], "ok") << check.dump();
    }
  }
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_TRUE(fs::is_empty(dir_.path())) << "doctor left something behind";
}

}  // namespace
}  // namespace stepscope::testing
