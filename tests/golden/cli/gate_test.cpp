// SPDX-License-Identifier: Apache-2.0
//
// `stepscope gate` and `calibrate` as CI sees them: exit codes, the last line, every form of the result, and inputs that must not
// pass by accident.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Gate : public ::testing::Test {
 protected:
  // Three runs of a job, 0.3 % apart; the first digit of the seed tells the side.
  void three(const std::string& name, const std::string& job, int seed) {
    const int noise[] = {1000, 1003, 998};
    for (int i = 0; i < 3; ++i) {
      write_job(dir_.file(name + std::to_string(i + 1)), kJob + job +
                                                             " run_permille=" + std::to_string(noise[i]) +
                                                             " seed=" + std::to_string(10 * seed + i));
    }
  }
  void base_and_same() {
    three("base", "", 1);
    three("same", "", 2);
  }
  void base_and_slow() {
    three("base", "", 1);
    three("slow", " fetch.io=48ms", 3);
  }
  Outcome gate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "gate");
    return stepscope(arguments, dir_.path());
  }
  // The exit code, one line on stderr with this in it, and the last line of stdout with the verdict.
  void expect_refusal(const std::vector<std::string>& arguments, int exit_code, const std::string& verdict,
                      const std::string& sentence) {
    const Outcome outcome = gate(arguments);
    const std::string shown = ::testing::PrintToString(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << shown << outcome.out << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(sentence)) << shown;
    EXPECT_THAT(outcome.out,
                HasSubstr("stepscope-gate: verdict=" + verdict + " exit=" + std::to_string(exit_code)))
        << shown << outcome.err;
  }
  std::string file(const std::string& name) { return read_bytes(dir_.file(name)); }

  static inline const std::string kJob =
      "steps=40 workers=2 fetch.cpu=2ms checkpoint.every=15 checkpoint=40ms";
  static inline const std::vector<std::string> kSame{"same1", "same2", "same3", "--baseline",
                                                     "base1", "base2", "base3"};
  static inline const std::vector<std::string> kSlow{"slow1", "slow2", "slow3", "--baseline",
                                                     "base1", "base2", "base3"};
  TempDir dir_;
};

std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST_F(Gate, TheSameProgramPasses) {
  base_and_same();
  const Outcome outcome = gate(with(kSame, {"--json", "gate.json"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  expect_golden(outcome.out, "gate_pass.txt");
  expect_golden(file("gate.json"), "gate_pass.json");
}

TEST_F(Gate, ASlowerOneFailsWithTheCauseInEveryForm) {
  base_and_slow();
  const Outcome outcome = gate(with(kSlow, {"--json", "gate.json", "--markdown", "gate.md", "--junit",
                                            "gate.xml", "--html", "gate.html", "--github"}));
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  expect_golden(outcome.out, "gate_regression.txt");
  expect_golden(file("gate.json"), "gate_regression.json");
  expect_golden(file("gate.md"), "gate_regression.md");
  expect_golden(file("gate.xml"), "gate_regression.xml");
  const std::string page = file("gate.html");
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(page, EndsWith("</html>\n"));
  for (const char* part : {"<svg", "circle class=\"base\"", "polyline class=\"candidate\"",
                           "rect class=\"worse\"", "data.io", "slow3"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  for (const char* outside : {"http:", "https:", "<script", "<link", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(outside))) << "the page needs no network";
  }
  EXPECT_THAT(outcome.out, StartsWith("::error title=stepscope gate%3A regression::"));
}

// Of two workers that need 26 ms each, the loop of 9 ms waits in every third step: the median does not move, the mean does.
TEST_F(Gate, ASlowdownOfSomeStepsDoesNotHideBehindTheMedian) {
  three("base", "", 1);
  three("slow", " fetch.io=24ms", 3);
  const Outcome outcome = gate(kSlow);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("regression: the mean step is "));
}

TEST_F(Gate, TheJobSummaryIsAddedTo) {
  base_and_same();
  write_bytes(dir_.file("summary.md"), "# Before\n");
  ASSERT_EQ(gate(with(kSame, {"--markdown", "summary.md"})).exit_code, 0);
  EXPECT_THAT(file("summary.md"), StartsWith("# Before\n### "));
}

TEST_F(Gate, OneRunPerSideIsInconclusiveEvenIfMuchSlower) {
  base_and_slow();
  const Outcome outcome = gate({"slow1", "--baseline", "base1"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, StartsWith("inconclusive: one run per side does not show how much runs differ"));
  EXPECT_THAT(outcome.out,
              ContainsRegex("verdict=inconclusive exit=3 change_percent=[0-9.]+ low_percent=na"));
  EXPECT_THAT(outcome.out,
              ContainsRegex("visible_percent=na mean_percent=[0-9.]+ base_runs=1 candidate_runs=1\n"));
}

TEST_F(Gate, ThePolicySaysWhatInconclusiveMeans) {
  base_and_same();
  write_bytes(dir_.file("fail.toml"), "[gate]\non_inconclusive = \"fail\"\n");
  write_bytes(dir_.file("pass.toml"), "[gate]\non_inconclusive = \"pass\"\n");
  EXPECT_EQ(gate({"same1", "--baseline", "base1", "--policy", "fail.toml"}).exit_code, 1);
  const Outcome pass = gate({"same1", "--baseline", "base1", "--policy", "pass.toml"});
  EXPECT_EQ(pass.exit_code, 0);
  EXPECT_THAT(pass.out, HasSubstr("verdict=inconclusive exit=0")) << "said all the same";
}

TEST_F(Gate, BisectExitCodes) {
  base_and_slow();
  EXPECT_EQ(gate(with(kSlow, {"--bisect"})).exit_code, 1);
  EXPECT_EQ(gate({"slow1", "--baseline", "base1", "--bisect"}).exit_code, 125);
  write_bytes(dir_.file("fail.toml"), "[gate]\non_inconclusive = \"fail\"\n");
  EXPECT_EQ(gate({"slow1", "--baseline", "base1", "--bisect", "--policy", "fail.toml"}).exit_code, 125)
      << "the policy is for CI; no commit is to blame for too few runs";
  EXPECT_EQ(gate({"nowhere", "--baseline", "base1", "--bisect"}).exit_code, 125);
  EXPECT_EQ(gate({"slow1", "--baseline", "base1", "--bisect", "--max-regression", "x"}).exit_code, 128)
      << "a wrong call must end the bisection, not blame a commit";
}

TEST_F(Gate, WhatMustNotPassByAccident) {
  base_and_same();
  write_job(dir_.file("ranks"), kJob + " world_size=2 seed=9");
  write_job(dir_.file("batch"), kJob + " batch_size=64 seed=9");
  write_job(dir_.file("short"), "steps=5 workers=2 seed=9");
  fs::create_directories(dir_.file("empty"));
  fs::copy(dir_.file("base1"), dir_.file("copy"));
  write_bytes(dir_.file("typo.toml"), "[gate]\nmax_regresion = 1\n");
  const std::vector<std::string> base{"--baseline", "base1", "base2", "base3"};
  expect_refusal(with({"copy"}, base), 2, "usage", "are the same run");
  expect_refusal(with({"same1", "same1"}, base), 2, "usage", "are the same run");
  expect_refusal(with({"ranks"}, base), 4, "not_comparable", "world_size: 1 -> 2");
  expect_refusal(with({"batch"}, base), 4, "not_comparable", "batch_size: 32 -> 64");
  expect_refusal(with({"nowhere"}, base), 5, "unreadable", "nowhere: does not exist");
  expect_refusal({"same1", "--baseline", "base1", "gone/base2"}, 5, "unreadable",
                 "gone/base2: does not exist");
  expect_refusal(with({"empty"}, base), 5, "unreadable", "empty: no recording in here");
  expect_refusal({"same1", "--baseline", "main"}, 2, "usage", "stepscope-baselines.db");

  const Outcome few = gate(with({"same1", "same2", "short"}, base));
  EXPECT_EQ(few.exit_code, 3) << few.out;
  EXPECT_THAT(few.out, HasSubstr("candidate run short cannot be counted"));

  const Outcome typo = gate(with(kSame, {"--policy", "typo.toml"}));
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_THAT(typo.err, HasSubstr("typo.toml:2: unknown key gate.max_regresion"));
}

TEST_F(Gate, ADamagedRecordingOrStoreIsUnreadable) {
  base_and_same();
  const fs::path recording = *fs::directory_iterator(dir_.file("same3"));
  const std::string bytes = read_bytes(recording.string());
  write_bytes(recording.string(), bytes.substr(0, bytes.size() / 2));
  expect_refusal(kSame, 5, "unreadable", "the file is cut off");
  write_bytes(dir_.file("store.db"), "not a database, but long enough to be looked at as if it were one");
  expect_refusal({"same1", "--baseline", "main", "--store", "store.db"}, 5, "unreadable", "store.db");
}

TEST_F(Gate, AResultThatCannotBeWrittenIsNoPass) {
  base_and_same();
  const Outcome outcome = gate(with(kSame, {"--json", "no/such/folder/gate.json"}));
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("cannot write 'no/such/folder/gate.json': No such file or directory; "
                                     "check that its directory exists"));
}

TEST_F(Gate, CalibrationTellsWhatCanBeSeenAndStandsInForASecondRun) {
  three("base", "", 1);
  three("more", "", 2);
  write_job(dir_.file("slow"), kJob + " forward=4ms seed=9");
  const std::vector<std::string> runs{"base1", "base2", "base3", "more1", "more2", "more3"};
  const Outcome text = stepscope(with({"calibrate"}, with(runs, {"--store", "store.db"})), dir_.path());
  EXPECT_EQ(text.exit_code, 0) << text.err;
  expect_golden(text.out, "calibrate.txt");
  const Outcome json = stepscope(with({"calibrate"}, with(runs, {"--json"})), dir_.path());
  expect_golden(json.out, "calibrate.json");
  const Outcome alone = gate({"slow", "--baseline", "base1", "--store", "store.db"});
  EXPECT_EQ(alone.exit_code, 1) << alone.out << alone.err;
  EXPECT_THAT(alone.out, HasSubstr("from the noise model"));
  EXPECT_EQ(stepscope({"calibrate", "base1", "base2"}, dir_.path()).exit_code, 2);
  EXPECT_EQ(stepscope({"calibrate", "base1", "base2", "base1"}, dir_.path()).exit_code, 2);
  EXPECT_EQ(stepscope({"calibrate", "base1", "nowhere", "base3"}, dir_.path()).exit_code, 5);
}

}  // namespace
}  // namespace stepscope::testing
