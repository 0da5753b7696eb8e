// SPDX-License-Identifier: Apache-2.0
//
// `fleet` as somebody sees it who has a table of runs.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/cli/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/trace_builder.hpp"

namespace stepscope::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class FleetCommand : public ::testing::Test {
 protected:
  Outcome fleet(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "fleet");
    return stepscope(arguments, dir_.path());
  }
  void expect_refused(const std::vector<std::string>& arguments, int exit_code, const std::string& cause,
                      const std::string& remedy) {
    const Outcome outcome = fleet(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << cause << outcome.err;
    EXPECT_EQ(outcome.out, "") << cause;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("stepscope: "));
    EXPECT_THAT(outcome.err, HasSubstr(cause));
    EXPECT_THAT(outcome.err, HasSubstr("; " + remedy));
  }
  // 120 jobs over 12 days on two hosts each. On h7 three of four fail, many with an Xid, and it has an image of its own; elsewhere
  // one of twenty-one.
  void write_fleet(const std::string& name, bool bad_host) {
    std::string text = "run,job,outcome,started,hosts,image,driver,xid\n";
    for (int i = 0; i < 120; ++i) {
      const int host = i % 10;
      const bool there = bad_host && host == 7;
      const bool failed = there ? i % 40 != 27 : i % 21 == 4;
      const std::string day = std::to_string(10 + i / 10);
      const std::string rest = std::string(there        ? "new"
                                           : i % 3 == 0 ? "old"
                                                        : "older") +
                               "," + (i % 2 == 0 ? "550" : "535") + "," +
                               (there && failed && i % 4 != 1 ? "79" : "");
      const std::string hosts = "h" + std::to_string(host) + ";g" + std::to_string((3 * i + i / 10) % 11);
      text += "r" + std::to_string(i) + ",j" + std::to_string(i) + "," +
              (i % 31 == 30 ? "cancelled"
               : failed     ? "failed"
                            : "ok") +
              ",2026-11-" + day + "," + hosts + "," + rest + "\n";
      if (failed) {
        text += "r" + std::to_string(i) + "b,j" + std::to_string(i) + ",ok,2026-11-" + day +
                "T20:00,h0;h1,old,550,\n";
      }
    }
    write_bytes(dir_.file(name), text);
  }
  TempDir dir_;
};

TEST_F(FleetCommand, NamesTheHostAndWhatCannotBeToldFromIt) {
  write_fleet("runs.csv", true);
  const Outcome text = fleet({"runs.csv"});
  EXPECT_EQ(text.exit_code, 0) << "what is found is no failure";
  expect_golden(text.out, "fleet.txt");
  expect_golden(fleet({"runs.csv", "--json"}).out, "fleet.json");
  EXPECT_EQ(fleet({"runs.csv", "--fail-on-finding"}).exit_code, 1);
  EXPECT_THAT(fleet({"runs.csv", "--by", "image,driver"}).out, HasSubstr("1. image new\n"));
}

TEST_F(FleetCommand, SaysWhatItWouldHaveShownWhereItFindsNothing) {
  write_fleet("runs.csv", false);
  const Outcome text = fleet({"runs.csv", "--fail-on-finding"});
  EXPECT_EQ(text.exit_code, 0);
  expect_golden(text.out, "fleet_nothing.txt");
}

TEST_F(FleetCommand, IsInconclusiveWhereThereIsNothingToCompare) {
  write_bytes(dir_.file("good.csv"), "outcome,host\nok,h1\nok,h2\n");
  const Outcome outcome = fleet({"good.csv"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("none of 2 runs failed: there is nothing to explain"));
  write_bytes(dir_.file("few.csv"), "outcome,host\nok,h1\nfailed,h2\n");
  EXPECT_EQ(fleet({"few.csv"}).exit_code, 3);
}

TEST_F(FleetCommand, CountsByHoursWhereTheTableHasThem) {
  std::string text = "outcome,hosts,exposure\n";
  for (int i = 0; i < 60; ++i) {
    text += std::string(i % 6 == 0 ? "slow,h[0-1],40" : i % 20 == 3 ? "slow,h2,100" : "ok,h3,100") + "\n";
  }
  write_bytes(dir_.file("runs.csv"), text + "cancelled,h3,100\n");
  const Outcome outcome = fleet({"runs.csv", "--outcome", "slow", "--by", "hosts"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("runs.csv: 13 runs were slow in 5500 GPU hours\n"));
  EXPECT_THAT(outcome.out, HasSubstr("1. host h0 + host h1: cannot be told apart"));
  EXPECT_THAT(outcome.out, HasSubstr("10 runs were slow there in 400 GPU hours, 3 in 5100 elsewhere\n"));
  EXPECT_THAT(outcome.out, HasSubstr("rate ratio 42.5"));
}

TEST_F(FleetCommand, TakesRecordingsForRows) {
  std::vector<std::string> command;
  for (int i = 0; i < 20; ++i) {
    const bool bad = i % 3 == 0;
    const std::string name = "run" + std::to_string(i) + ".stepscope";
    write_recording(dir_.file(name),
                    "meta process.role main\nmeta process.host " + std::string(bad ? "h7" : "h1") +
                        "\nlane 1 thread main tid=100\n" +
                        (bad ? "meta job.exit_code 1\nmeta job.exit_signal 6\n" : "meta job.exit_code 0\n") +
                        "step lane=1 start_ns=1ms index=0 source=1\n");
    command.push_back(name);
  }
  write_bytes(dir_.file("damaged.stepscope"), "no recording");
  command.emplace_back("damaged.stepscope");
  const Outcome outcome = fleet(command);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("damaged.stepscope"));
  EXPECT_THAT(outcome.err, HasSubstr("; it is left out\n"));
  EXPECT_THAT(outcome.out, StartsWith("21 recordings: 7 of 20 runs failed (35.0 %)\n1. host h7\n"));
  EXPECT_THAT(outcome.out, HasSubstr("signal 6: in 7 of 7 failures there"));
  expect_refused({"run0.stepscope", "run0.stepscope"}, 2, "'run0.stepscope' is given twice",
                 "a run counts once");
  expect_refused({"damaged.stepscope"}, 5, "damaged.stepscope", "");
  EXPECT_EQ(fleet({"run0.stepscope", "runs.csv"}).exit_code, 2) << "recordings or a table";
}

TEST_F(FleetCommand, RefusesTablesThatAreNone) {
  write_bytes(dir_.file("empty.csv"), "");
  write_bytes(dir_.file("states.csv"), "run,state\na,ok\n");
  write_bytes(dir_.file("twice.csv"), "run,outcome,image,image\n");
  write_bytes(dir_.file("short.csv"), "run,outcome\na\n");
  write_bytes(dir_.file("fine.csv"), "run,outcome,image\na,ok,i\n");
  expect_refused({"none.csv"}, 5, "cannot read 'none.csv': No such file or directory", "check the path");
  expect_refused({"empty.csv"}, 5, "there is no line that names columns", "begin it with one");
  expect_refused({"states.csv"}, 5, "there is no column outcome", "add one");
  expect_refused({"twice.csv"}, 5, "two columns are called image", "keep one");
  expect_refused({"short.csv"}, 5, "line 2: it has 1 cells, the first line names 2 columns", "put cells");
  expect_refused({"fine.csv", "--by", "rack"}, 2, "'fine.csv' has no attribute rack", "it has image");
  EXPECT_EQ(fleet({}).exit_code, 2);
}

}  // namespace
}  // namespace stepscope::testing
