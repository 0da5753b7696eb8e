// SPDX-License-Identifier: Apache-2.0
//
// Longer sequences are no regression, and hide none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/gate/statistics.hpp"
#include "analyzer/gate/verdict.hpp"
#include "tests/unit/analyzer/gate/simulated_runs.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

class SameWork : public ::testing::Test {
 protected:
  // Runs whose base step is 60 ms of matrix products, 35 ms of optimizer and 5 ms of exposed communication. `longer`: sequences by this
  // factor, which the products grow with; `slower`: everything, by this share.
  std::vector<RunSummary> side(const std::string& name, double longer, double slower = 0) {
    const double products = 60 * longer;
    const double all = products + 35 + 5;
    std::vector<RunSummary> out = runs_.runs(5, name, slower);
    for (RunSummary& run : out) {
      std::vector<double> values;
      for (int64_t& step : run.train_step_ns) {
        step = static_cast<int64_t>(static_cast<double>(step) * all / 100);
        values.push_back(static_cast<double>(step));
      }
      run.median_step_ns = static_cast<int64_t>(median_of(values));
      const double mean = mean_of(values);
      run.metrics["step_mean_ns"] = mean;
      run.metrics["leaf/compute/gemm_ns"] = mean * products / all;
      run.metrics["compute_ns"] = mean * (products + 35) / all;
      run.metrics["leaf/optimizer_ns"] = mean * 35 / all;
      run.metrics["leaf/comm.exposed/all_reduce_ns"] = mean * 5 / all;
      run.work = {32, 32 * 128 * longer, true};
    }
    return out;
  }
  GateResult judged(const std::vector<RunSummary>& candidate) {
    Result<GateResult> result = judge(base_, candidate, policy_, std::nullopt);
    EXPECT_TRUE(result.ok()) << result.status().message();
    return result.ok() ? std::move(result).value() : GateResult();
  }

  SimulatedRuns runs_{{.between = 0.003, .within = 0.01, .rho = 0.5}, 5};
  std::vector<RunSummary> base_ = side("base", 1);
  Policy policy_;
};

TEST_F(SameWork, LongerSequencesAloneAreNoRegression) {
  for (const double longer : {1.25, 2.0, 8.0}) {
    const GateResult result = judged(side("candidate", longer));
    EXPECT_EQ(result.verdict, GateVerdict::kPass) << longer << ": " << result.reasons.front();
    EXPECT_THAT(result.reasons.front(), HasSubstr("for the same work, the median step is at most"));
    ASSERT_TRUE(result.work.has_value());
    EXPECT_EQ(result.work->change.unit, WorkUnit::kTokens);
    EXPECT_NEAR(result.work->explained_ns / 1e6, 60 * (longer - 1), 0.015 * 60 * longer);
    EXPECT_NEAR(result.step.candidate / result.step.base, (60 * longer + 40) / 100, 0.02 * longer)
        << "as it was";
    EXPECT_NEAR(result.step.estimate, 0, 0.01);
    for (const MetricChange& metric : result.metrics) {
      EXPECT_FALSE(metric.warned) << metric.name;
    }
  }
  EXPECT_THAT(judged(side("candidate", 2)).notes.front(),
              HasSubstr("2 times the tokens of a base step (4096 -> 8192"));
}

TEST_F(SameWork, LongerSequencesHideNoRegression) {
  for (const double longer : {1.25, 2.0}) {
    const GateResult result = judged(side("candidate", longer, 0.10));
    EXPECT_EQ(result.verdict, GateVerdict::kRegression) << longer;
    EXPECT_GT(result.step.estimate, 0.08);
    EXPECT_THAT(result.reasons.front(), HasSubstr("for the same work, the median step is"));
  }
}

TEST_F(SameWork, ShorterSequencesAloneAreNoRegressionAndHideNone) {
  EXPECT_EQ(judged(side("candidate", 0.5)).verdict, GateVerdict::kPass);
  const GateResult slower = judged(side("candidate", 0.5, 0.10));
  EXPECT_EQ(slower.verdict, GateVerdict::kRegression)
      << "the step takes 77 ms instead of 100, and should take 70";
  EXPECT_LT(slower.step.candidate, slower.step.base);
}

TEST_F(SameWork, WhatCannotGrowWithTheWorkIsNotExplained) {
  std::vector<RunSummary> candidate = side("candidate", 1);
  for (RunSummary& run : candidate) {  // 8 % more in the optimizer, and longer sequences that cost nothing
    run.median_step_ns = run.median_step_ns * 108 / 100;
    run.metrics["step_mean_ns"] *= 1.08;
    run.metrics["leaf/optimizer_ns"] += 8e6;
    run.work.tokens_per_step *= 2;
  }
  const GateResult result = judged(candidate);
  EXPECT_EQ(result.verdict, GateVerdict::kRegression);
  EXPECT_NEAR(result.step.estimate, 0.08, 0.015);
}

TEST_F(SameWork, CountsOnlyWhereAllRunsKnowIt) {
  std::vector<RunSummary> candidate = side("candidate", 1.25);
  candidate[2].work = Work();
  EXPECT_EQ(judged(candidate).verdict, GateVerdict::kRegression) << "one run does not know";
  EXPECT_FALSE(judged(candidate).work.has_value());
  candidate = side("candidate", 1.25);
  for (RunSummary& run : candidate) {
    run.work.said = false;
  }
  EXPECT_FALSE(judged(candidate).work.has_value()) << "counted in another way";
  EXPECT_FALSE(judged(side("candidate", 1.002)).work.has_value()) << "two in a thousand explain nothing";
}

// What the work explains is itself measured with noise; it must not raise alarms. Nothing is allowed here, alpha is 5 %.
TEST_F(SameWork, RaisesNoMoreFalseAlarmsThanItMay) {
  policy_.max_regression = 0;
  constexpr int kComparisons = 600;
  for (const double longer : {1.0, 1.25, 2.0, 0.5}) {
    int alarms = 0;
    for (int i = 0; i < kComparisons; ++i) {
      base_ = side("base", 1);
      alarms += judged(side("candidate", longer)).verdict == GateVerdict::kRegression ? 1 : 0;
    }
    const double rate = static_cast<double>(alarms) / kComparisons;
    std::printf("sequences x %.2f: %.1f %% false alarms\n", longer, 100 * rate);
    EXPECT_LE(rate, 0.08) << longer;
  }
}

TEST_F(SameWork, ARunWithoutLeavesGrowsAsAWhole) {
  std::vector<RunSummary> candidate = side("candidate", 1.25, 0.0);
  for (std::vector<RunSummary>* runs : {&base_, &candidate}) {
    for (RunSummary& run : *runs) {
      std::erase_if(run.metrics, [](const auto& metric) { return metric.first.starts_with("leaf/"); });
    }
  }
  const GateResult result = judged(candidate);
  EXPECT_EQ(result.verdict, GateVerdict::kPass);
  EXPECT_NEAR(result.work->explained_ns / 1e6, 15, 1.5);
}

}  // namespace
}  // namespace stepscope::analysis
