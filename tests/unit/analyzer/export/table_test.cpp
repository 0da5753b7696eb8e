// SPDX-License-Identifier: Apache-2.0
//
// Tables as CSV, where every value can be read.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/ledger.hpp"
#include "tests/unit/analyzer/export/exported.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\r\n", at);
    if (end == std::string::npos) {
      ADD_FAILURE() << "a line without its end: " << text.substr(at);
      break;
    }
    lines.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

class ExportTables : public ExportTest {};

TEST_F(ExportTables, AKindHasItsColumnsWithNamesResolvedAndTimesInNs) {
  const analysis::Run run = process("run", R"(
    lane 2 stream "GPU 0 stream 7"
    kernel lane=2 start_ns=1000000001 dur_ns=37 name=gemm device=0 stream=7 correlation=5 signature="grid 1x1x1"
    kernel lane=2 start_ns=1000000040 dur_ns=1 name="f<a,b>" device=0 stream=7 graph=-1
  )");
  const std::vector<std::string> lines = lines_of(exported(run, "csv", "kernel"));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0],
            "process,process_rank,pid,lane,start_ns,dur_ns,name,device,stream,correlation,graph,graph_node,"
            "context,signature");
  EXPECT_EQ(lines[1], "main,0,100,GPU 0 stream 7,1000000001,37,gemm,0,7,5,0,0,0,grid 1x1x1");
  EXPECT_THAT(lines[2], HasSubstr(",\"f<a,b>\",0,7,0,18446744073709551615,"))
      << "a comma puts a text into quotes; ids have all 64 bits";
}

TEST_F(ExportTables, QuotesAndLineBreaksFollowRfc4180) {
  std::filesystem::create_directories(path("run"));
  ::stepscope::testing::TextRecording recording(path("run") + "/main.stepscope");
  recording.line("lane 1 thread main tid=100");
  recording.event(Kind::kRange, 1, {7, 8, recording.name("say \"hi\"\nthere"), 0, 0, 2, 0, 0, 0});
  recording.finish();
  const std::string csv = exported(open("run"), "csv", "range");
  EXPECT_THAT(csv, HasSubstr("\"say \"\"hi\"\"\nthere\""));
}

TEST_F(ExportTables, ShiftedProcessesAreOnTheTimelineOfTheRun) {
  std::filesystem::create_directories(path("run"));
  const auto rank = [&](const std::string& name, const std::string& facts) {
    ::stepscope::testing::write_recording(path("run") + "/" + name + ".stepscope",
                                          "meta process.role main\nlane 1 thread main tid=7\n" + facts);
  };
  rank("a",
       "meta process.rank 0\nmeta process.boot_id one\nanchor monotonic_raw_ns=0 realtime_ns=1000s\n"
       "batch start_ns=5 dur_ns=1 arrive_ns=6\n");
  rank("b",
       "meta process.rank 1\nmeta process.boot_id two\nanchor monotonic_raw_ns=0 realtime_ns=1001s\n"
       "batch start_ns=5 dur_ns=1 arrive_ns=6\n");
  const analysis::Run run = open("run");
  EXPECT_THAT(lines_of(exported(run, "csv", "batch", 0)).at(1), HasSubstr("main,5,1,0,0,0,0,0,0,6,"));
  const std::string other = lines_of(exported(run, "csv", "batch", 1)).at(1);
  EXPECT_THAT(other, HasSubstr("main,1000000005,1,0,0,0,0,0,0,1000000006,"))
      << "times that are not known stay 0";
}

TEST_F(ExportTables, TheLedgerAddsUpToTheSteps) {
  const analysis::Run run = job("run", "steps=20 workers=1 fetch.io=9ms");
  const Ledger ledger = ledger_of(run);
  int64_t wall = 0;
  std::set<std::string> times;
  for (const Step& step : ledger.processes[0].steps.steps) {
    wall += step.duration_ns();
    times.insert("," + std::to_string(step.begin_ns) + "," + std::to_string(step.end_ns) + ",");
  }
  const std::vector<std::string> lines = lines_of(exported(run, "csv"));
  EXPECT_EQ(lines[0], "process,process_rank,pid,step,number,class,begin_ns,end_ns,leaf,exclusive_ns");
  int64_t sum = 0;
  for (size_t i = 1; i < lines.size(); ++i) {
    sum += std::stoll(lines[i].substr(lines[i].rfind(',') + 1));
    EXPECT_TRUE(std::any_of(times.begin(), times.end(), [&](const std::string& step) {
      return lines[i].find(step) != std::string::npos;
    })) << lines[i];
  }
  EXPECT_EQ(sum, wall);
  EXPECT_GT(lines.size(), 20U * 3);
}

TEST_F(ExportTables, AKindThatWasNotRecordedIsAHeader) {
  const analysis::Run run = process("run", "range start_ns=1 dur_ns=1 name=a\n");
  EXPECT_EQ(lines_of(exported(run, "csv", "kernel")).size(), 1U);
}

TEST_F(ExportTables, EveryTableCanBeExported) {
  const analysis::Run run = job("run", "steps=12 workers=1");
  for (const std::string& table : export_tables()) {
    EXPECT_GE(lines_of(exported(run, "csv", table)).size(), 1U) << table;
  }
}

TEST_F(ExportTables, WhatCannotBeIsAUsageError) {
  const analysis::Run run = process("run", "range start_ns=1 dur_ns=1 name=a\n");
  const std::string file = run.processes()[0].file;
  struct Mistake {
    ExportOptions options;
    const char* sentence;
  };
  const Mistake mistakes[] = {
      {{.format = "xml"}, "there is no format xml"},
      {{.format = "csv", .table = "kernels"}, "there is no kind kernels; it is one of step_ledger, kernel, "},
      {{.format = "chrome", .table = "kernel"}, "format chrome has no tables"},
      {{.format = "csv", .rank = 3}, "it has no rank 3"},
      {{.format = "csv", .table = "range", .output = file}, "is a recording of the run; name another file"},
  };
  for (const Mistake& mistake : mistakes) {
    const Status status = refusal(run, mistake.options);
    EXPECT_EQ(status.code(), Code::kUsage) << mistake.sentence;
    EXPECT_THAT(status.message(), HasSubstr(mistake.sentence));
  }
}

TEST_F(ExportTables, ARunWithoutStepsHasNoLedgerAndLeavesNoFile) {
  const analysis::Run run = process("run", "range start_ns=1 dur_ns=1 name=a\n");
  ExportOptions options;
  options.format = "csv";
  options.output = path("ledger.csv");
  const Result<Exported> done = export_run(run, options);
  ASSERT_TRUE(done.ok());
  EXPECT_THAT(done.value().nothing, HasSubstr("no training steps found"));
  EXPECT_FALSE(std::filesystem::exists(options.output));
}

}  // namespace
}  // namespace stepscope::analysis
