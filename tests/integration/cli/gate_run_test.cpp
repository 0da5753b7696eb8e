// SPDX-License-Identifier: Apache-2.0
//
// `stepscope gate --run` on real processes: it records until it can decide, and no longer.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/cli/program.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class GateRun : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"base1", "base2", "base3"}) {
      const Outcome made = stepscope({"record", "-q", "-o", name, "--", stepping_, "25", "4"}, dir_.path());
      ASSERT_EQ(made.exit_code, 0) << made.err;
    }
  }
  Outcome gate(const std::string& command, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"gate",       "--run", command, "-o",   "new",
                                       "--baseline", "base1", "base2", "base3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return stepscope(arguments, dir_.path());
  }
  size_t recorded() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(dir_.file("new"))) {
      ++count;
    }
    return count;
  }

  const std::string stepping_ = STEPSCOPE_TEST_STEPPING;
  TempDir dir_;
};

// Twice as slow: one run more than it takes to know how much runs differ is not needed.
TEST_F(GateRun, RecordsUntilItIsDecided) {
  const Outcome outcome = gate(stepping_ + " 25 8,4", {"--max-runs", "5"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("verdict=regression exit=1"));
  EXPECT_LE(recorded(), 3U);
  EXPECT_EQ(outcome.out.find("stepped"), std::string::npos)
      << "what the command prints is not the gate's result";
  EXPECT_THAT(outcome.err, HasSubstr("stepped 25"));
}

// Twice as long, and twice the tokens, which the program says: no regression, whether or not it is decided. What is allowed is
// far from the double, and far from what a busy machine adds to steps of 4 ms.
TEST_F(GateRun, LongerStepsOfMoreWorkAreNoRegression) {
  const Outcome outcome = gate(stepping_ + " 25 8", {"--max-runs", "2", "--max-regression", "40"});
  EXPECT_THAT(outcome.exit_code, ::testing::AnyOf(0, 3)) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("4000 -> 8000 tokens per step and rank"));
}

TEST_F(GateRun, StopsAtThePlansEnd) {
  // No change can be below nothing: it never decides to pass, and the plan has two runs.
  const Outcome outcome = gate(stepping_ + " 25 4", {"--max-runs", "2", "--max-regression", "0"});
  EXPECT_LE(recorded(), 2U);
  EXPECT_THAT(outcome.exit_code, ::testing::AnyOf(0, 1, 3));
  EXPECT_THAT(outcome.out, HasSubstr("of at most 2 candidate runs"));
}

TEST_F(GateRun, ACommandThatFailsIsNoMeasurement) {
  const Outcome outcome = gate(stepping_ + " 25 4 exit 7", {});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("the command failed with exit code 7"));
  EXPECT_EQ(recorded(), 1U);
}

// The script that a CI job starts from: both sides in turns, every form of the result, the gate's exit code.
TEST(GateSample, RecordsBothSidesAndGates) {
  const TempDir dir;
  Invocation invocation;
  const std::string stepping = STEPSCOPE_TEST_STEPPING;
  invocation.command = {STEPSCOPE_SAMPLES "/ci_gate/gate.sh", stepping + " 25 4", stepping + " 25 8,4"};
  invocation.directory = dir.path();
  invocation.environment = {"STEPSCOPE=" + stepscope_path(), "GITHUB_STEP_SUMMARY=summary.md"};
  const Outcome outcome = run(invocation);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("verdict=regression exit=1"));
  EXPECT_THAT(outcome.out, HasSubstr("::error title=stepscope gate"));
  for (const char* form :
       {"gate-runs/gate.json", "gate-runs/gate.xml", "gate-runs/gate.html", "summary.md"}) {
    EXPECT_TRUE(fs::exists(dir.file(form))) << form;
  }
  invocation.command.pop_back();
  EXPECT_EQ(run(invocation).exit_code, 2);
}

}  // namespace
}  // namespace stepscope::testing
