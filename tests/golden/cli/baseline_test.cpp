// SPDX-License-Identifier: Apache-2.0
//
// `baseline` and `trend` as a CI job and a person at a terminal see them.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/baseline/baseline_store.hpp"
#include "tests/golden/cli/program.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/analyzer/baseline/summaries.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using analysis::BaselineStore;
using analysis::RunSummary;
using analysis::summary_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kStore[] = "stepscope-baselines.db";
constexpr int64_t kDay = int64_t{86400} * 1'000'000'000;
constexpr int64_t kStart = int64_t{1'790'000'000} * 1'000'000'000;

class Baselines : public ::testing::Test {
 protected:
  Outcome baseline(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "baseline");
    return stepscope(arguments, dir_.path());
  }
  void expect_refusal(const std::vector<std::string>& command, int exit_code, const std::string& cause,
                      const std::string& remedy) {
    const Outcome outcome = stepscope(command, dir_.path());
    const std::string shown = ::testing::PrintToString(command) + outcome.err;
    EXPECT_EQ(outcome.exit_code, exit_code) << shown;
    EXPECT_EQ(outcome.out, "") << shown;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << shown;
    EXPECT_THAT(outcome.err, StartsWith("stepscope: ")) << shown;
    EXPECT_THAT(outcome.err, HasSubstr(cause)) << shown;
    EXPECT_THAT(outcome.err, HasSubstr("; " + remedy)) << shown;
  }
  // 24 runs, one a day; from the seventeenth on the step takes longer.
  void write_store() {
    Result<BaselineStore> store = BaselineStore::open(dir_.file(kStore), BaselineStore::Mode::kAppend);
    ASSERT_TRUE(store.ok());
    for (int i = 0; i < 24; ++i) {
      const int64_t noise = (i * 7919) % 13 * 100'000;
      RunSummary run = summary_of(std::to_string(10 + i), 182'000'000 + noise + (i < 16 ? 0 : 6'000'000));
      run.started_ns = kStart + i * kDay;
      run.metrics["tokens_per_s"] = 1e9 / static_cast<double>(run.median_step_ns);
      ASSERT_TRUE(
          store.value().add("main", run, {"ci", run.started_ns + 1, i == 2 ? kStart + 5 * kDay : 0}).ok());
    }
    const RunSummary slower = summary_of("99", 195'000'000, "fedcba9876543210");
    ASSERT_TRUE(store.value()
                    .add("nightly", summary_of("98", 190'000'000, "fedcba9876543210"), {"", kStart, 0})
                    .ok());
    ASSERT_TRUE(
        store.value().accept("nightly", {&slower, 1}, "larger model", {"eva", kStart + kDay, 0}).ok());
    ASSERT_TRUE(store.value().record_noise_model("fedcba9876543210", "{}", {"", kStart, 0}).ok());
  }
  void expect_both(std::vector<std::string> arguments, const std::string& name) {
    expect_golden(stepscope(arguments, dir_.path()).out, name + ".txt");
    arguments.emplace_back("--json");
    expect_golden(stepscope(arguments, dir_.path()).out, name + ".json");
  }
  template <typename T>
  using Result = analysis::Result<T>;
  TempDir dir_;
};

TEST_F(Baselines, ListAndShow) {
  write_store();
  expect_both({"baseline", "list"}, "baseline_list");
  expect_both({"baseline", "show", "nightly"}, "baseline_show");
}

TEST_F(Baselines, TrendNamesTheFirstBadCommit) {
  write_store();
  expect_both({"trend", "main"}, "trend");
  const Outcome faster = stepscope({"trend", "main", "--metric", "tokens_per_s"}, dir_.path());
  EXPECT_THAT(faster.out, HasSubstr("worse since c26 (last before it: c25)")) << "of a rate, less is worse";
}

TEST_F(Baselines, TrendDrawsAPictureThatNeedsNothingElse) {
  write_store();
  EXPECT_EQ(stepscope({"trend", "main", "--svg", "t.svg", "--html", "t.html"}, dir_.path()).exit_code, 0);
  const std::string svg = read_bytes(dir_.file("t.svg"));
  expect_golden(svg, "trend.svg");
  const std::string html = read_bytes(dir_.file("t.html"));
  EXPECT_THAT(html, HasSubstr(svg));
  EXPECT_THAT(html, HasSubstr("worse since c26"));
  for (const char* outside : {"src=", "href=", "url(", "@import"}) {
    EXPECT_THAT(html, ::testing::Not(HasSubstr(outside)));
  }
  expect_refusal({"trend", "main", "--svg", "none/t.svg"}, 5, "cannot write 'none/t.svg'",
                 "check that its directory exists");
}

TEST_F(Baselines, TrendOfACsvFile) {
  write_bytes(dir_.file("h.csv"), "time,commit,a,b\n1,<x>,1,\n2,c2,1.1,\n3,c3,0.9,\n");
  const Outcome outcome = stepscope({"trend", "--csv", "h.csv", "--metric", "a"}, dir_.path());
  EXPECT_EQ(outcome.exit_code, 3) << "too few to say anything";
  EXPECT_THAT(outcome.out, HasSubstr("too few runs: a change needs 3 before and 3 after it"));
  EXPECT_EQ(stepscope({"trend", "--csv", "h.csv", "--metric", "b"}, dir_.path()).exit_code, 3);
  EXPECT_EQ(stepscope({"trend", "--csv", "h.csv", "--metric", "a", "--svg", "t.svg"}, dir_.path()).exit_code,
            3);
  EXPECT_THAT(read_bytes(dir_.file("t.svg")), HasSubstr("&lt;x&gt;: 1</title>"));
  expect_refusal({"trend", "--csv", "h.csv"}, 2, "has the columns time, commit, a, b",
                 "say which one with --metric");
  expect_refusal({"trend", "--csv", "h.csv", "--metric", "commit"}, 5, "line 2: '<x>' is no number",
                 "leave the cell empty");
  expect_refusal({"trend", "--csv", "none.csv"}, 5, "cannot read 'none.csv'", "check the path");
  expect_refusal({"trend", "main", "--csv", "h.csv"}, 2, "does not go with --csv",
                 "see `stepscope trend --help`");
  expect_refusal({"trend"}, 2, "is missing", "see `stepscope trend --help`");
}

TEST_F(Baselines, LifeOfAStore) {
  for (const char* seed : {"1", "2", "3"}) {
    write_job(dir_.file(std::string("run") + seed), std::string("steps=20 workers=0 seed=") + seed);
  }
  Outcome outcome = baseline({"add", "main", "run1", "run2", "--by", "ci", "--expires", "90"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("added run1: "));
  EXPECT_THAT(outcome.out, HasSubstr("2 runs added to main in stepscope-baselines.db\n"));
  EXPECT_THAT(baseline({"add", "main", "run1"}).out, HasSubstr("known already: run1"));
  outcome = baseline({"accept", "main", "run3", "--reason", "new driver"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  outcome = baseline({"show", "main"});
  EXPECT_THAT(outcome.out, HasSubstr("superseded until "));
  EXPECT_THAT(outcome.out, HasSubstr("accept: new driver ("));
  outcome = baseline({"expire", "main", "--older-than", "0", "--reason", "noisy"});
  EXPECT_EQ(outcome.out, "3 runs of main expired\n") << outcome.err;
  EXPECT_THAT(baseline({"prune", "--dry-run"}).out, HasSubstr("3 runs would be taken out\n"));
  EXPECT_THAT(baseline({"prune", "main"}).out, HasSubstr("3 runs taken out\n"));
  EXPECT_EQ(baseline({"list"}).out,
            "stepscope-baselines.db: no baselines yet; `stepscope baseline add NAME RUN` adds one\n");
  EXPECT_EQ(baseline({"add", "other", "run1", "--store", "b.db"}).exit_code, 0);
  EXPECT_THAT(baseline({"merge", "b.db"}).out, HasSubstr("b.db: 1 record taken over, 0 known already\n"));
  EXPECT_THAT(baseline({"merge", "b.db"}).out, HasSubstr("b.db: 0 records taken over, 1 known already\n"));
}

TEST_F(Baselines, TheEnvironmentNamesTheStore) {
  write_store();
  fs::rename(dir_.file(kStore), dir_.file("elsewhere.db"));
  Invocation invocation;
  invocation.command = {stepscope_path(), "baseline", "list"};
  invocation.directory = dir_.path();
  invocation.environment = {"STEPSCOPE_BASELINES=elsewhere.db"};
  EXPECT_THAT(run(invocation).out, StartsWith("elsewhere.db\n"));
}

TEST_F(Baselines, RefusalsNameFileCauseAndRemedy) {
  for (const std::vector<std::string>& reading :
       std::vector<std::vector<std::string>>{{"baseline", "list"},
                                             {"baseline", "show", "main"},
                                             {"baseline", "expire", "main", "abcd"},
                                             {"baseline", "prune"},
                                             {"trend", "main"}}) {
    expect_refusal(reading, 2, "there is no baseline store 'stepscope-baselines.db'",
                   "`stepscope baseline add NAME RUN");
    EXPECT_FALSE(fs::exists(dir_.file(kStore))) << "nothing is made by reading";
  }
  write_job(dir_.file("good"), "steps=20 workers=0");
  write_store();
  const std::string whole = read_bytes(dir_.file(kStore));
  expect_refusal({"baseline", "show", "nobody"}, 2, "has no baseline named 'nobody'",
                 "`stepscope baseline list`");
  expect_refusal({"trend", "nobody"}, 2, "has no baseline named 'nobody'", "`stepscope baseline list`");
  expect_refusal({"trend", "main", "--metric", "x"}, 2, "has a metric x", "there are leaf/");
  expect_refusal({"baseline", "expire", "main", "zzzz"}, 2, "zzzz: no run has this id",
                 "`stepscope baseline show`");
  expect_refusal({"baseline", "add", "main", "nowhere"}, 5, "nowhere", "give a run directory");
  expect_refusal({"baseline", "merge", "none.db"}, 2, "there is no baseline store 'none.db'",
                 "`stepscope baseline add");
  expect_refusal({"baseline", "merge", kStore}, 2, "is the store itself", "name another one");
  expect_refusal({"baseline", "add", "a\tb", "good"}, 2, "is no name for a baseline",
                 "choose one like 'main'");

  write_bytes(dir_.file(kStore), std::string(4096, 'x'));
  expect_refusal({"baseline", "list"}, 5, "'stepscope-baselines.db': it is no stepscope store",
                 "name another file with --store");
  expect_refusal({"baseline", "add", "main", "good"}, 5, "it is no stepscope store",
                 "name another file with --store");
  std::string newer = whole;
  newer[60] = '\0';
  newer[61] = '\x09';  // the major half of user_version
  write_bytes(dir_.file(kStore), newer);
  expect_refusal({"trend", "main"}, 5, "format version 9.0, newer than the 1.x", "update stepscope");
  write_bytes(dir_.file(kStore), whole.substr(0, whole.size() / 3));
  expect_refusal({"baseline", "list"}, 5, "the store is damaged", "take an undamaged copy");
  expect_refusal({"trend", "main"}, 5, "the store is damaged", "take an undamaged copy");
  write_bytes(dir_.file(kStore), "");  // a copy that failed
  for (const std::vector<std::string>& args : {std::vector<std::string>{"baseline", "list"},
                                               {"baseline", "show", "main"},
                                               {"baseline", "prune"},
                                               {"baseline", "expire", "main", "0123"},
                                               {"trend", "main"}}) {
    expect_refusal(args, 5, "'stepscope-baselines.db': the store is empty", "take a complete copy");
  }
  write_bytes(dir_.file("b.db"), whole.substr(0, whole.size() / 3));
  write_bytes(dir_.file(kStore), whole);
  expect_refusal({"baseline", "merge", "b.db"}, 5, "'b.db': the store is damaged", "take an undamaged copy");
  EXPECT_EQ(read_bytes(dir_.file(kStore)), whole);
}

TEST_F(Baselines, ARunWithoutStepsIsNoBaseline) {
  write_recording(dir_.file("stepless.stepscope"), R"(
    meta process.role main
    meta process.pid 7
    lane 1 thread main tid=7
    range lane=1 start_ns=1ms dur_ns=5ms name=work
  )");
  expect_refusal({"baseline", "add", "main", "stepless.stepscope"}, 3,
                 "stepless.stepscope: no baseline can rest on it", "record a run with training steps");
  EXPECT_FALSE(fs::exists(dir_.file(kStore)));
}

TEST_F(Baselines, ARunThatNoGateCouldCountIsAddedByForceOnly) {
  write_job(dir_.file("short"), "steps=4 workers=0");
  expect_refusal({"baseline", "add", "main", "short"}, 3,
                 "short: no baseline can rest on it: it has 2 train steps after warm-up, 3 are needed",
                 "record again, or add --force");
  EXPECT_FALSE(fs::exists(dir_.file(kStore)));
  EXPECT_EQ(baseline({"add", "main", "short", "--force"}).exit_code, 0);
}

TEST_F(Baselines, MistakesPointToTheHelp) {
  const std::vector<std::vector<std::string>> mistakes{
      {"baseline"},
      {"baseline", "ad"},
      {"baseline", "add", "main"},
      {"baseline", "list", "main"},
      {"baseline", "accept", "main", "run"},
      {"baseline", "expire", "main"},
      {"baseline", "expire", "main", "--older-than", "x"},
      {"baseline", "add", "main", "run", "--expires", "0"},
      {"baseline", "add", "main", "run", "--reason", "x"},
      {"baseline", "prune", "--keep", "-1"},
  };
  for (const std::vector<std::string>& command : mistakes) {
    expect_refusal(command, 2, "baseline: ", "see `stepscope baseline --help`");
  }
}

}  // namespace
}  // namespace stepscope::testing
