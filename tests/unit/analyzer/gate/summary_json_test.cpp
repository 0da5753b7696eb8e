// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/gate/run_summary.hpp"
#include "tests/unit/analyzer/baseline/summaries.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

RunSummary read(const std::string& text) {
  const Result<RunSummary> out = summary_from_json(text, "store.db");
  EXPECT_TRUE(out.ok()) << out.status().message();
  return out.ok() ? out.value() : RunSummary();
}

void expect_refused(const std::string& text, const std::string& cause, const std::string& remedy) {
  const Status status = summary_from_json(text, "store.db").status();
  EXPECT_EQ(status.code(), Code::kUnreadable) << text;
  EXPECT_THAT(status.message(), HasSubstr("'store.db'"));
  EXPECT_THAT(status.message(), HasSubstr(cause));
  EXPECT_THAT(status.message(), HasSubstr("; " + remedy));
}

TEST(SummaryJson, OfAnOlderProgramKnowsNoWork) {
  const std::string text = summary_to_json(summary_of("a", 1000));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("work\":{")));
  EXPECT_EQ(read(text).work.tokens_per_step, -1);
  std::string damaged = text;
  damaged.replace(damaged.find(R"("train_step_ns")"), 0, R"("work":{"samples_per_step":"many"},)");
  expect_refused(damaged, "of another type", "take an undamaged copy");
}

TEST(SummaryJson, BringsEverythingBack) {
  RunSummary summary = summary_of("a", 182'340'001);
  summary.complete = false;
  summary.losses = {"12 records were lost"};
  summary.blocking = {"the clock jumped"};
  summary.work = {32, 4096.5, true};
  const std::string text = summary_to_json(summary);
  EXPECT_THAT(text, StartsWith(R"({"schema":"stepscope.run_summary/1")"));
  const RunSummary again = read(text);
  EXPECT_EQ(again.run, "runs/a");
  EXPECT_EQ(again.id, "a");
  EXPECT_EQ(again.work.samples_per_step, 32);
  EXPECT_EQ(again.work.tokens_per_step, 4096.5);
  EXPECT_TRUE(again.work.said);
  EXPECT_EQ(again.started_ns, summary.started_ns);
  EXPECT_EQ(again.commit, "ca");
  EXPECT_EQ(again.fingerprint.key, summary.fingerprint.key);
  EXPECT_EQ(again.fingerprint.facts, summary.fingerprint.facts);
  EXPECT_EQ(again.median_step_ns, 182'340'001);
  EXPECT_EQ(again.train_step_ns, summary.train_step_ns);
  EXPECT_EQ(again.train_steps, 3U);
  EXPECT_EQ(again.class_steps, summary.class_steps);
  EXPECT_EQ(again.step_method, "api");
  EXPECT_EQ(again.metrics, summary.metrics) << "to the last bit";
  EXPECT_FALSE(again.complete);
  EXPECT_EQ(again.losses, summary.losses);
  EXPECT_EQ(again.blocking, summary.blocking);
  EXPECT_EQ(summary_to_json(again), text) << "byte-stable";
}

TEST(SummaryJson, LeavesOutWhatIsNoNumberAndMendsBytesThatAreNoText) {
  RunSummary summary = summary_of("a\xff", 1);
  summary.metrics["tokens_per_s"] = std::nan("");
  const RunSummary again = read(summary_to_json(summary));
  EXPECT_FALSE(again.metrics.contains("tokens_per_s"));
  EXPECT_THAT(again.id, StartsWith("a"));
}

TEST(SummaryJson, FitsByThinningStepsFirst) {
  RunSummary summary = summary_of("a", 1);
  summary.train_step_ns.assign(1024, 123'456'789'012'345'678);
  summary.train_step_ns.front() = 7;
  summary.train_steps = 100'000;
  for (int i = 0; i < 1000; ++i) {
    summary.metrics["leaf/compute/family_" + std::to_string(i) + "_ns"] = 1e6 + i / 3.0;
  }
  const std::string text = summary_to_json(summary);
  EXPECT_LE(text.size(), kMaxSummaryBytes);
  const RunSummary again = read(text);
  EXPECT_EQ(again.metrics.size(), summary.metrics.size());
  EXPECT_LT(again.train_step_ns.size(), 1024U);
  EXPECT_EQ(again.train_step_ns.front(), 7);
  EXPECT_EQ(again.train_steps, 100'000U);
}

TEST(SummaryJson, DropsTheSmallestLeavesNextAndKeepsOtherMetrics) {
  RunSummary summary = summary_of("a", 1);
  for (int i = 0; i < 5000; ++i) {
    summary.metrics["leaf/compute/family_" + std::to_string(i) + "_ns"] = i;
  }
  const std::string text = summary_to_json(summary);
  EXPECT_LE(text.size(), kMaxSummaryBytes);
  const RunSummary again = read(text);
  EXPECT_TRUE(again.metrics.contains("step_p95_ns"));
  EXPECT_TRUE(again.metrics.contains("leaf/compute/family_4999_ns"));
  EXPECT_FALSE(again.metrics.contains("leaf/compute/family_0_ns"));
}

TEST(SummaryJson, FitsWhateverARecordingSays) {
  RunSummary summary = summary_of(std::string(100'000, 'i'), 1);
  for (int i = 0; i < 3000; ++i) {
    summary.losses.push_back("loss " + std::to_string(i) + std::string(200, 'x'));
    summary.fingerprint.facts["fact" + std::to_string(i)] =
        std::string(100, '\x01');  // six bytes each in JSON
    summary.metrics["metric" + std::to_string(i) + std::string(1000, 'y')] = i;
  }
  const std::string text = summary_to_json(summary);
  EXPECT_LE(text.size(), kMaxSummaryBytes);
  EXPECT_FALSE(read(text).losses.empty()) << "that data is missing is never forgotten";
}

TEST(SummaryJson, RefusesWhatIsNoneOfOurs) {
  expect_refused("", "it is no JSON of ours", "take an undamaged copy");
  expect_refused("[1]", "it is no JSON of ours", "take an undamaged copy");
  expect_refused(R"({"schema":"stepscope.run_summary/2"})", "stepscope.run_summary/2", "update stepscope");
  expect_refused(R"({"schema":"stepscope.run_summary/1"})", "missing", "take an undamaged copy");
  const std::string good = summary_to_json(summary_of("a", 123456));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("median_step_ns":123456)", R"("median_step_ns":"123456")"},
           {R"("complete":true)", R"("complete":1)"},
           {R"("losses":[])", R"("losses":[1])"},
           {R"("facts":{)", R"("facts":{"a":1,)"},
           {R"("train_step_ns":[)", R"("train_step_ns":[0.5,)"}}) {
    std::string bad = good;
    ASSERT_NE(bad.find(from), std::string::npos) << from;
    bad.replace(bad.find(from), from.size(), to);
    expect_refused(bad, "a value is missing or of another type", "take an undamaged copy");
  }
}

}  // namespace
}  // namespace stepscope::analysis
