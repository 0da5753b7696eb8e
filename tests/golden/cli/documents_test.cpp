// SPDX-License-Identifier: Apache-2.0
//
// What the reading commands print for simulated jobs, as text and as JSON.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHealthy =
    "steps=60 workers=2 fetch.cpu=2ms checkpoint.every=20 checkpoint=40ms steps_per_epoch=30";
constexpr const char* kSlow =
    "steps=60 workers=2 fetch.cpu=2ms fetch.io=24ms checkpoint.every=20 checkpoint=40ms steps_per_epoch=30 "
    "seed=2";

constexpr const char* kGpu = "steps=40 comm=9ms";

// Runs named like a user's, in a directory of their own: paths are printed as given, so relative ones are the same
// everywhere.
class Documents : public ::testing::Test {
 protected:
  void SetUp() override {
    write_job(dir_.file("base"), kHealthy);
    write_job(dir_.file("slow"), kSlow);
  }

  // Text and JSON of a command against its golden files; both must be the same when asked again.
  void expect_both(std::vector<std::string> arguments, const std::string& name) {
    const Outcome text = stepscope(arguments, dir_.path());
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_EQ(text.err, "");
    expect_golden(text.out, name + ".txt");
    arguments.emplace_back("--json");
    const Outcome json = stepscope(arguments, dir_.path());
    EXPECT_EQ(json.exit_code, 0) << json.err;
    EXPECT_EQ(json.err, "");
    expect_golden(json.out, name + ".json");
    EXPECT_EQ(json.out, stepscope(arguments, dir_.path()).out) << "not byte-stable";
  }

  ordered_json json_of(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    return ordered_json::parse(stepscope(arguments, dir_.path()).out);
  }

  TempDir dir_;
};

TEST_F(Documents, Info) {
  expect_both({"info", "base"}, "info");
}

TEST_F(Documents, Steps) {
  expect_both({"steps", "base"}, "steps");
}

TEST_F(Documents, StepsOfOneClassListed) {
  expect_both({"steps", "base", "--class", "checkpoint", "--list"}, "steps_checkpoint");
}

TEST_F(Documents, StepsByOneMethodAlone) {
  write_gpu_job(dir_.file("gpu"), kGpu);
  expect_both({"steps", "gpu", "--method", "kernels"}, "steps_kernels");
  const Outcome none = stepscope({"steps", "base", "--method", "kernels"}, dir_.path());
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.out, HasSubstr("no steps by kernels; no kernels were recorded"));
  EXPECT_EQ(stepscope({"steps", "gpu", "--method", "guess"}, dir_.path()).exit_code, 2);
}

TEST_F(Documents, Report) {
  expect_both({"report", "slow"}, "report");
}

TEST_F(Documents, ReportOfARunOnAGpu) {
  write_gpu_job(dir_.file("gpu"), kGpu);
  expect_both({"report", "gpu"}, "report_gpu");
}

TEST_F(Documents, InfoOnARunOnAGpu) {
  write_gpu_job(dir_.file("gpu"), kGpu);
  expect_both({"info", "gpu"}, "info_gpu");
}

TEST_F(Documents, DiffOfTwoRunsOnAGpu) {
  write_gpu_job(dir_.file("gpu"), kGpu);
  write_gpu_job(dir_.file("hot"), std::string(kGpu) + " kernel=262us sm_clock=1410 power_cap=1 seed=2");
  expect_both({"diff", "gpu", "--vs", "hot"}, "diff_gpu");
}

TEST_F(Documents, DiffWithWhatIf) {
  write_gpu_job(dir_.file("gpu"), kGpu);
  write_gpu_job(dir_.file("slow-network"), "steps=40 comm=15ms kernel=190us seed=2");
  expect_both({"diff", "gpu", "--vs", "slow-network", "--what-if"}, "diff_what_if");
}

TEST_F(Documents, WhatIfWithoutCallsSaysWhatItAssumes) {
  write_gpu_job(dir_.file("gpu"), std::string(kGpu) + " api=0");
  write_gpu_job(dir_.file("slow-network"), "steps=40 comm=15ms kernel=190us seed=2 api=0");
  const std::vector<std::string> diff = {"diff", "gpu", "--vs", "slow-network", "--what-if"};
  const Outcome outcome = stepscope(diff, dir_.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("CUDA calls were not recorded"));
  const ordered_json document = json_of(diff);
  EXPECT_TRUE(document["what_if"]["reason"].is_null());
  EXPECT_EQ(document["what_if"]["notes"].size(), 1U);
  for (const ordered_json& term : document["terms"]) {
    if (term["leaf"] == "comm.exposed/all_reduce") {
      EXPECT_TRUE(term["what_if_removed_host_ns"].is_number());
      EXPECT_LE(term["what_if_ns"][0], term["what_if_ns"][1]);
    }
  }
}

TEST_F(Documents, ReportWithTheChainOfATypicalStep) {
  write_gpu_job(dir_.file("gpu"), "steps=12 kernels=6 kernel=900us comm=2ms copy=1ms");
  expect_both({"report", "gpu", "--chain"}, "report_chain");
}

TEST_F(Documents, TheChainSaysWhatWasNotRecorded) {
  write_gpu_job(dir_.file("gpu"), std::string(kGpu) + " api=0");
  EXPECT_THAT(stepscope({"report", "gpu", "--chain"}, dir_.path()).out, HasSubstr("not recorded"));
  EXPECT_THAT(stepscope({"report", "slow", "--chain"}, dir_.path()).out, HasSubstr("loader worker"));
}

// All the time of a term, on both sides, is some link's.
TEST_F(Documents, TermsOfADiffHaveTheirChain) {
  write_gpu_job(dir_.file("gpu"), kGpu);
  write_gpu_job(dir_.file("slow-network"), "steps=40 comm=15ms kernel=190us seed=2");
  const ordered_json document = json_of({"diff", "gpu", "--vs", "slow-network"});
  for (const ordered_json& term : document["terms"]) {
    int64_t baseline = 0;
    int64_t candidate = 0;
    for (const ordered_json& link : term["chain"]) {
      baseline += link["baseline_ns"].get<int64_t>();
      candidate += link["candidate_ns"].get<int64_t>();
    }
    EXPECT_EQ(baseline, term["baseline_ns"]) << term["leaf"];
    EXPECT_EQ(candidate, term["candidate_ns"]) << term["leaf"];
  }
  EXPECT_THAT(document["terms"][0]["cause"].dump(), HasSubstr("run: comm.exposed/all_reduce"));
}

TEST_F(Documents, DoNotCompareARunOnAGpuWithOneWithout) {
  write_gpu_job(dir_.file("gpu"), kGpu);
  const Outcome outcome = stepscope({"diff", "base", "--vs", "gpu"}, dir_.path());
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("GPU activity"));
}

TEST_F(Documents, Diff) {
  expect_both({"diff", "base", "--vs", "slow"}, "diff");
}

TEST_F(Documents, DiffOfLongerSequences) {
  write_job(dir_.file("short"), "steps=60 fetch.cpu=1ms tokens=4096 forward=8ms backward=16ms seed=3");
  write_job(dir_.file("long"), "steps=60 fetch.cpu=1ms tokens=6144 forward=12ms backward=23ms seed=4");
  expect_both({"diff", "short", "--vs", "long"}, "diff_longer");
  // Each term as one row, the work among them.
  const ordered_json by = json_of({"diff", "short", "--vs", "long", "--by", "rank"});
  int64_t sum = 0;
  for (const ordered_json& row : by["by"]["rows"]) {
    sum += row["delta_ns"].get<int64_t>();
  }
  EXPECT_EQ(sum, by["delta_ns"].get<int64_t>());
}

TEST_F(Documents, DiffOfARunWithItselfFindsNothing) {
  expect_both({"diff", "base", "--vs", "base"}, "diff_same");
}

TEST_F(Documents, Doctor) {
  expect_both({"doctor", "base"}, "doctor");
}

TEST_F(Documents, DoctorOfARunThatWentWrong) {
  std::filesystem::create_directory(dir_.file("troubled"));
  write_recording(dir_.file("troubled/main-r0-node0-7-77.stepscope"), R"(
    meta process.role main
    meta process.pid 7
    meta door.preload opened
    meta door.nvtx "yielded to /opt/nsys/libToolsInjection64.so"
    meta displaced.LD_PRELOAD libjemalloc.so.2
    meta self.host_missing "proc.runq_ns cgroup.cpu.quota_cpus psi.cpu.some_us psi.io.some_us"
    lane 1 thread main tid=7
    anchor monotonic_raw_ns=0 realtime_ns=1700000000s
    loss ring.full.range 12
    loss range.unfinished 1
    loss string.full 3
    range lane=1 start_ns=1ms dur_ns=5ms name=work
  )");
  expect_both({"doctor", "troubled"}, "doctor_troubled");
}

TEST_F(Documents, Selfcheck) {
  expect_both({"selfcheck", "base"}, "selfcheck");
}

TEST_F(Documents, DiffNamesTheCauseBeforeEverythingElse) {
  std::istringstream text(stepscope({"diff", "base", "--vs", "slow"}, dir_.path()).out);
  std::string first;
  std::string second;
  std::getline(text, first);
  std::getline(text, second);
  EXPECT_THAT(first, ::testing::StartsWith("slower: "));
  EXPECT_THAT(second, ::testing::StartsWith("main cause: data.io +"));
}

TEST_F(Documents, TermsOfADiffAddUpToTheChange) {
  const ordered_json diff = json_of({"diff", "base", "--vs", "slow"});
  int64_t sum = 0;
  for (const ordered_json& term : diff["terms"]) {
    sum += term["delta_ns"].get<int64_t>();
  }
  EXPECT_EQ(sum, diff["delta_ns"].get<int64_t>());
  EXPECT_EQ(diff["residual_ns"], 0);
}

TEST_F(Documents, LeavesOfAReportAddUpToTheStep) {
  const ordered_json report = json_of({"report", "slow"});
  EXPECT_EQ(report["ledger"]["residual_ns"], 0);
  for (const ordered_json& step_class : report["ledger"]["classes"]) {
    int64_t sum = 0;
    for (const ordered_json& leaf : step_class["leaf_ns"]) {
      sum += leaf.get<int64_t>();
    }
    EXPECT_EQ(sum, step_class["mean_step_ns"].get<int64_t>()) << step_class["class"];
  }
}

TEST_F(Documents, JsonNamesItsSchemaFirst) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> commands{
      {{"info", "base"}, "stepscope.info/1"},
      {{"steps", "base"}, "stepscope.steps/1"},
      {{"report", "base"}, "stepscope.report/1"},
      {{"diff", "base", "--vs", "slow"}, "stepscope.diff/1"},
      {{"doctor", "base"}, "stepscope.doctor/1"},
      {{"selfcheck", "base"}, "stepscope.selfcheck/1"},
      {{"sql", "base", "SELECT 1"}, "stepscope.sql/1"},
  };
  for (const auto& [arguments, schema] : commands) {
    const ordered_json document = json_of(arguments);
    EXPECT_EQ(document.begin().key(), "schema");
    EXPECT_EQ(document["schema"], schema);
  }
}

TEST_F(Documents, OneRecordingCountsAsARun) {
  for (const std::filesystem::directory_entry& entry :
       std::filesystem::directory_iterator(dir_.file("base"))) {
    if (entry.path().filename().string().starts_with("main-")) {
      EXPECT_EQ(stepscope({"steps", entry.path().string()}).exit_code, 0);
    }
  }
}

TEST_F(Documents, SqlTable) {
  const std::string query =
      "SELECT name, count(*) AS n, sum(dur_ns) AS ns FROM phase GROUP BY name ORDER BY name";
  const Outcome table = stepscope({"sql", "base", query}, dir_.path());
  EXPECT_EQ(table.exit_code, 0) << table.err;
  expect_golden(table.out, "sql.txt");
  expect_golden(stepscope({"sql", "base", query, "--csv"}, dir_.path()).out, "sql.csv");
  expect_golden(stepscope({"sql", "base", query, "--json"}, dir_.path()).out, "sql.json");
}

TEST_F(Documents, SqlQuotesWhatCsvNeedsQuoted) {
  EXPECT_EQ(stepscope({"sql", "base", "SELECT 'a,b' AS x, 'say \"hi\"' AS y, NULL AS z, 0.1 AS r", "--csv"},
                      dir_.path())
                .out,
            "x,y,z,r\r\n\"a,b\",\"say \"\"hi\"\"\",,0.1\r\n");
}

TEST_F(Documents, SqlCannotChangeARecording) {
  for (const std::string statement :
       {"DELETE FROM meta", "DROP TABLE meta", "CREATE TABLE x(y)", "ATTACH 'x.db' AS x",
        "PRAGMA user_version=9", "SELECT * FROM nothing", "SELECT", ""}) {
    const Outcome outcome = stepscope({"sql", "base", statement}, dir_.path());
    EXPECT_EQ(outcome.exit_code, 2) << statement << ": " << outcome.out << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << statement;
  }
  EXPECT_FALSE(std::filesystem::exists(dir_.file("x.db")));
}

TEST_F(Documents, OnATerminalTheyFitItsWidthAndUseColour) {
  if (!has_terminals()) {
    GTEST_SKIP() << kNoTerminals;
  }
  Invocation invocation;
  invocation.command = {stepscope_path(), "diff", "base", "--vs", "slow"};
  invocation.directory = dir_.path();
  invocation.environment = {"TERM=xterm", "NO_COLOR"};
  invocation.on_terminal = true;
  const Outcome outcome = run(invocation);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\x1b[1;31m"));
  std::istringstream text(outcome.out);
  for (std::string line; std::getline(text, line);) {
    size_t columns = 0;
    bool escape = false;
    for (const char c : line) {
      escape = escape || c == '\x1b';
      columns =
          c == '\r' ? 0 : columns + (!escape && (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1U : 0U);
      escape = escape && c != 'm' && c != 'K';
    }
    EXPECT_LE(columns, 80U) << line;
  }
}

TEST_F(Documents, NoColourWithoutATerminalOrWithNoColor) {
  if (!has_terminals()) {
    GTEST_SKIP() << kNoTerminals;
  }
  Invocation invocation;
  invocation.command = {stepscope_path(), "report", "slow"};
  invocation.directory = dir_.path();
  invocation.environment = {"TERM=xterm", "NO_COLOR"};
  EXPECT_THAT(run(invocation).out, Not(HasSubstr("\x1b")));
  invocation.on_terminal = true;
  invocation.environment = {"TERM=xterm", "NO_COLOR=1"};
  EXPECT_THAT(run(invocation).out, Not(HasSubstr("\x1b[1m")));
  invocation.environment = {"TERM=dumb", "NO_COLOR"};
  EXPECT_THAT(run(invocation).out, Not(HasSubstr("\x1b[1m")));
}

TEST_F(Documents, NamesFromARecordingCannotDriveTheTerminal) {
  write_job(dir_.file("hostile"), "steps=20 workers=0 command=evil\x1b[2Jpay\x07load");
  const Outcome outcome = stepscope({"info", "hostile"}, dir_.path());
  EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(outcome.out, HasSubstr("evil?[2Jpay?load"));
}

TEST_F(Documents, DifferentWorkIsNotComparable) {
  // How many samples its batches had was not recorded, so there is no time per sample to compare instead.
  write_job(dir_.file("bigger"), std::string(kHealthy) + " batch_size=64 count_items=0");
  const Outcome refused = stepscope({"diff", "base", "--vs", "bigger"}, dir_.path());
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, HasSubstr("batch size 32 -> 64"));
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1);
  const Outcome json = stepscope({"diff", "base", "--vs", "bigger", "--json"}, dir_.path());
  EXPECT_EQ(json.exit_code, 4);
  EXPECT_EQ(ordered_json::parse(json.out)["comparability"]["verdict"], "not comparable");
  EXPECT_FALSE(ordered_json::parse(json.out).contains("terms"));
  const Outcome forced = stepscope({"diff", "base", "--vs", "bigger", "--force"}, dir_.path());
  EXPECT_EQ(forced.exit_code, 0);
  EXPECT_THAT(forced.out, ::testing::StartsWith("not comparable (batch size 32 -> 64"));
}

TEST_F(Documents, SeveralRunsPerSideTellTheNoise) {
  for (const std::string run : {"a1", "a2", "a3", "b1", "b2", "b3"}) {
    write_job(dir_.file(run), std::string(run[0] == 'a' ? kHealthy : kSlow) + " seed=" + run.substr(1));
  }
  const Outcome one = stepscope({"diff", "a1", "--vs", "b1"}, dir_.path());
  EXPECT_THAT(one.out, HasSubstr("note: "));
  const ordered_json many = json_of({"diff", "a1", "a2", "a3", "--vs", "b1", "b2", "b3"});
  EXPECT_EQ(many["noise_known"], true);
  EXPECT_EQ(many["base"]["runs"].size(), 3U);
  EXPECT_GE(many["base"]["noise_share"].get<double>(), 0);
}

}  // namespace
}  // namespace stepscope::testing
