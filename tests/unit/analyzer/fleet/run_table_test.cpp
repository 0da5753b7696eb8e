// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/run_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RunTables : public ::testing::Test {
 protected:
  Result<FleetTable> read(const std::string& text) {
    testing::write_bytes(dir_.file("runs.csv"), text);
    return read_run_table(dir_.file("runs.csv"));
  }
  void expect_refused(const std::string& text, const std::string& cause, const std::string& remedy) {
    const trace::Status status = read(text).status();
    EXPECT_EQ(status.code(), trace::Code::kUnreadable) << text;
    EXPECT_THAT(status.message(), HasSubstr("runs.csv"));
    EXPECT_THAT(status.message(), HasSubstr(cause + "; " + remedy));
  }
  testing::TempDir dir_;
};

TEST_F(RunTables, HaveARunPerLine) {
  const FleetTable table = read(
                               "# from the scheduler\n"
                               "run,outcome,Hosts,image,job,started,exposure\n"
                               "a,ok,h1; h2;h1,\"x, y\",j1,2026-11-27T10:00,12.5\n"
                               ",FAILED,h3,,j1,2026-11-28,\n")
                               .value();
  EXPECT_THAT(table.attributes, ElementsAre("host", "image"));
  EXPECT_TRUE(table.has_exposure);
  ASSERT_EQ(table.runs.size(), 2U);
  EXPECT_EQ(table.runs[0].run, "a");
  EXPECT_THAT(table.runs[0].values, ElementsAre(ElementsAre("h1", "h2"), ElementsAre("x, y")));
  EXPECT_EQ(table.runs[0].hours, 12.5);
  EXPECT_EQ(table.runs[1].run, "row 2");
  EXPECT_EQ(table.runs[1].outcome, RunOutcome::kFailed);
  EXPECT_THAT(table.runs[1].values, ElementsAre(ElementsAre("h3"), ElementsAre()));
  EXPECT_EQ(table.runs[1].started, "2026-11-28");
  EXPECT_EQ(table.runs[1].hours, std::nullopt);
}

TEST_F(RunTables, WithoutAnyHoursAreCountedByRuns) {
  EXPECT_FALSE(read("outcome,exposure\nok,\nfailed,\n").value().has_exposure);
}

TEST_F(RunTables, ComeFromSpreadsheetsToo) {
  const FleetTable table = read("\xEF\xBB\xBFrun;outcome;hosts\r\na;ok;\"h1;h2\"\r\n").value();
  EXPECT_THAT(table.runs.at(0).values, ElementsAre(ElementsAre("h1", "h2")));
}

TEST_F(RunTables, KnowTheStatesOfSlurm) {
  EXPECT_EQ(outcome_of("COMPLETED"), RunOutcome::kOk);
  EXPECT_EQ(outcome_of("NODE_FAIL"), RunOutcome::kFailed);
  EXPECT_EQ(outcome_of("CANCELLED by 1001"), RunOutcome::kCancelled);
  EXPECT_EQ(outcome_of("PREEMPTED"), RunOutcome::kCancelled);
  EXPECT_EQ(outcome_of("RUNNING"), RunOutcome::kUnknown);
  EXPECT_EQ(outcome_of("slow"), RunOutcome::kSlow);
  EXPECT_EQ(outcome_of("TIMEOUT"), std::nullopt) << "who knows whether it hung";
}

TEST_F(RunTables, RefusalsNameLineCauseAndRemedy) {
  expect_refused("", "there is no line that names columns", "begin it with");
  expect_refused("run,outcome\n", "there is no run in it", "write one line per run");
  expect_refused("run,state\na,ok\n", "line 1: there is no column outcome", "add one");
  expect_refused("run,outcome,image,IMAGE\n", "line 1: two columns are called image", "keep one");
  expect_refused("run,outcome,host,hosts\n", "line 1: two columns are called host", "keep one");
  expect_refused("run,outcome,\n", "line 1: column 3 has no name", "name every column");
  expect_refused("run,outcome\na,ok\nb\n", "line 3: it has 1 cells, the first line names 2 columns",
                 "put cells");
  expect_refused("run,outcome\na,\"ok\n", "line 2: a quote is not closed", "close it");
  expect_refused("run,outcome\na,TIMEOUT\n", "line 2: outcome is 'TIMEOUT'", "write ok, failed");
  expect_refused("run,outcome\na,ok\nb,ok\na,failed\n", "line 4: run a stands in line 2 already",
                 "give every run");
  expect_refused("run,outcome,started\na,ok,27.11.2026\n", "started is '27.11.2026', which is no date",
                 "write it");
  expect_refused("run,outcome,exposure\na,ok,-1\n", "exposure is '-1', which is no number of GPU hours",
                 "write a number");
  expect_refused("run,outcome,exposure\na,ok,12h\n", "exposure is '12h', which is no number of GPU hours",
                 "write a number");
  expect_refused("run,outcome,exposure\na,ok,1e300\n", "exposure is '1e300', which is no number of GPU hours",
                 "write a number");
  expect_refused("run,outcome,exposure\na,ok,nan\n", "exposure is 'nan', which is no number of GPU hours",
                 "write a number");
  expect_refused("run,outcome,hosts\na,ok,h[1-\n", "line 2: hosts is 'h[1-', which is no list of hosts",
                 "separate them");
  expect_refused(std::string("SQLite format 3\0,x\n", 19), "line 1: it is no text", "give a table");
  EXPECT_THAT(read_run_table(dir_.file("none")).status().message(), HasSubstr("No such file"));
}

}  // namespace
}  // namespace stepscope::analysis
