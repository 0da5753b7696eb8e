// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/gate/simulated_runs.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

class Verdicts : public ::testing::Test {
 protected:
  GateResult judged() {
    Result<GateResult> result = judge(base_, candidate_, policy_, noise_);
    EXPECT_TRUE(result.ok()) << result.status().message();
    return result.ok() ? std::move(result).value() : GateResult();
  }

  SimulatedRuns runs_{{.between = 0.003, .within = 0.01, .rho = 0.5}, 11};
  std::vector<RunSummary> base_ = runs_.runs(5, "base");
  std::vector<RunSummary> candidate_ = runs_.runs(3, "candidate");
  Policy policy_;
  std::optional<NoiseModel> noise_;
};

TEST_F(Verdicts, TheSameProgramPasses) {
  const GateResult result = judged();
  EXPECT_EQ(result.verdict, GateVerdict::kPass) << result.reasons.front();
  EXPECT_LT(result.step.high, policy_.max_regression);
  EXPECT_GT(smallest_visible(result, policy_), 0.002);
  EXPECT_LT(smallest_visible(result, policy_), 0.02);
  EXPECT_EQ(gate_exit_code(result.verdict, policy_), 0);
}

TEST_F(Verdicts, ASlowerOneIsARegression) {
  candidate_ = runs_.runs(3, "candidate", 0.05);
  const GateResult result = judged();
  EXPECT_EQ(result.verdict, GateVerdict::kRegression);
  EXPECT_NEAR(result.step.estimate, 0.05, 0.01);
  EXPECT_LT(result.step.low, result.step.estimate);
  EXPECT_THAT(result.reasons.front(), HasSubstr("% slower, at least "));
  EXPECT_EQ(gate_exit_code(result.verdict, policy_), 1);
}

// The guard on the mean has its say where it knows more than the median.
TEST_F(Verdicts, TheMeanIsNotNamedBesideAMedianThatSaysTheSame) {
  SimulatedRuns runs({.between = 0.003, .within = 0.01, .rho = 0.5, .with_mean = true}, 11);
  base_ = runs.runs(5, "base");
  candidate_ = runs.runs(3, "candidate", 0.05);
  EXPECT_EQ(judged().reasons.size(), 1U);
  for (RunSummary& run : candidate_) {
    run.metrics["step_mean_ns"] *= 1.2;
  }
  ASSERT_EQ(judged().reasons.size(), 2U);
  EXPECT_THAT(judged().reasons.back(), HasSubstr("some steps are much slower than the median"));
}

// Slower without doubt, but by less than the policy allows: no regression.
TEST_F(Verdicts, ASmallSlowdownIsAllowed) {
  policy_.max_regression = 0.10;
  candidate_ = runs_.runs(5, "candidate", 0.05);
  const GateResult result = judged();
  EXPECT_GT(result.step.low, 0);
  EXPECT_EQ(result.verdict, GateVerdict::kPass);
}

TEST_F(Verdicts, TooCloseToTellAsksForRuns) {
  candidate_ = runs_.runs(2, "candidate", 0.015);
  const GateResult result = judged();
  EXPECT_EQ(result.verdict, GateVerdict::kInconclusive) << result.reasons.front();
  EXPECT_GT(result.more_candidates, 0U);
  EXPECT_THAT(result.reasons.front(), HasSubstr("would decide"));
  EXPECT_EQ(gate_exit_code(result.verdict, policy_), 3);
  policy_.on_inconclusive = OnInconclusive::kFail;
  EXPECT_EQ(gate_exit_code(result.verdict, policy_), 1);
  policy_.on_inconclusive = OnInconclusive::kPass;
  EXPECT_EQ(gate_exit_code(result.verdict, policy_), 0);
}

TEST_F(Verdicts, OneRunPerSideDecidesNothing) {
  for (const double slower : {0.0, 0.3}) {
    base_ = runs_.runs(1, "base");
    candidate_ = runs_.runs(1, "candidate", slower);
    const GateResult result = judged();
    EXPECT_EQ(result.verdict, GateVerdict::kInconclusive);
    EXPECT_EQ(result.noise, NoiseSource::kNone);
    EXPECT_LT(smallest_visible(result, policy_), 0) << "not known";
    EXPECT_THAT(result.reasons.front(), HasSubstr("one run per side does not show how much runs differ"));
  }
}

TEST_F(Verdicts, ANoiseModelStandsInForASecondRun) {
  noise_ = calibrate(runs_.runs(8, "calibrated"), policy_).value();
  base_ = runs_.runs(1, "base");
  candidate_ = runs_.runs(1, "candidate", 0.05);
  EXPECT_EQ(judged().verdict, GateVerdict::kRegression);
  EXPECT_EQ(judged().noise, NoiseSource::kModel);
  candidate_ = runs_.runs(1, "candidate");
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
  noise_->key = "of another cluster";
  const GateResult without = judged();
  EXPECT_EQ(without.verdict, GateVerdict::kInconclusive);
  EXPECT_THAT(without.notes.front(), HasSubstr("of other conditions"));
}

// A quiet model must not turn noisy runs into certainty.
TEST_F(Verdicts, AModelThatTheRunsContradictIsNotUsed) {
  noise_ = calibrate(runs_.runs(8, "calibrated"), policy_).value();
  SimulatedRuns noisy({.between = 0.05, .within = 0.01}, 5);
  base_ = noisy.runs(4, "base");
  candidate_ = noisy.runs(2, "candidate", 0.04);
  const GateResult result = judged();
  EXPECT_NE(result.noise, NoiseSource::kModel);
  EXPECT_GT(result.run_sd, 0.01) << "that of the runs";
  EXPECT_THAT(result.notes, ::testing::Contains(HasSubstr("the runs differ more than it allows")));
}

TEST_F(Verdicts, OneCandidateAgainstAWindowIsAPrediction) {
  candidate_ = runs_.runs(1, "candidate", 0.05);
  const GateResult result = judged();
  EXPECT_EQ(result.noise, NoiseSource::kPrediction);
  EXPECT_EQ(result.verdict, GateVerdict::kRegression);
}

// Copies of one number show no scatter; a nanosecond is still what a time is known to.
TEST_F(Verdicts, RunsThatAgreeToTheNanosecondDivideNothingByZero) {
  for (std::vector<RunSummary>* side : {&base_, &candidate_}) {
    for (RunSummary& run : *side) {
      run.median_step_ns = 100'000'000;
    }
  }
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
  EXPECT_NEAR(judged().step.estimate, 0, 1e-12);
}

TEST_F(Verdicts, LaterLooksOfAPlanNeedMoreToAlarm) {
  policy_.max_runs = 10;
  const GateResult planned = judged();
  EXPECT_LT(planned.level, policy_.alpha);
  EXPECT_THAT(planned.notes, ::testing::Contains(HasSubstr("look at 3 of at most 10 candidate runs")));
}

// What must never pass by accident, one by one: each candidate is as fast as the base.
struct BadCandidate {
  const char* what;
  void (*spoil)(RunSummary*);
  const char* sentence;
};

class NeverPasses : public ::testing::TestWithParam<BadCandidate> {};

TEST_P(NeverPasses, IsInconclusiveWithTheReason) {
  SimulatedRuns runs({.between = 0.003, .within = 0.01}, 11);
  const std::vector<RunSummary> base = runs.runs(5, "base");
  std::vector<RunSummary> candidate = runs.runs(3, "candidate");
  ASSERT_EQ(judge(base, candidate, {}, std::nullopt).value().verdict, GateVerdict::kPass);
  GetParam().spoil(&candidate[1]);
  const GateResult result = judge(base, candidate, {}, std::nullopt).value();
  EXPECT_EQ(result.verdict, GateVerdict::kInconclusive);
  EXPECT_THAT(result.reasons.front(), HasSubstr("candidate run candidate1 cannot be counted: "));
  EXPECT_THAT(result.reasons.front(), HasSubstr(GetParam().sentence));
  EXPECT_THAT(result.candidate[1].left_out, HasSubstr(GetParam().sentence));

  // In the base it is left out and named; without it there is enough to decide.
  std::vector<RunSummary> spoilt = base;
  GetParam().spoil(&spoilt[0]);
  const GateResult other = judge(spoilt, runs.runs(3, "candidate"), {}, std::nullopt).value();
  EXPECT_EQ(other.base_used, 4U);
  EXPECT_THAT(other.notes.front(), HasSubstr("base run base0 is left out: "));
  const GateResult none =
      judge(std::span(spoilt).first(1), runs.runs(3, "candidate"), {}, std::nullopt).value();
  EXPECT_EQ(none.verdict, GateVerdict::kInconclusive);
  EXPECT_THAT(none.reasons.front(), HasSubstr("no base run can be counted"));
}

constexpr BadCandidate kBadCandidates[] = {
    {"NoSteps",
     [](RunSummary* run) {
       run->train_steps = 0;
       run->median_step_ns = 0;
       run->train_step_ns.clear();
       run->step_method = "none";
     },
     "it has no train steps"},
    {"ThreeSteps", [](RunSummary* run) { run->train_steps = 3; },
     "it has 3 train steps after warm-up, 10 are needed"},
    {"LostData", [](RunSummary* run) { run->losses = {"GPU events are missing (3 x cupti.dropped)"}; },
     "it lost data: GPU events are missing"},
    {"CrashHalfWay", [](RunSummary* run) { run->complete = false; }, "it did not come to its end"},
    {"ClockJumped", [](RunSummary* run) { run->blocking = {"main: a clock jumped"}; }, "a clock jumped"},
};

INSTANTIATE_TEST_SUITE_P(Gate, NeverPasses, ::testing::ValuesIn(kBadCandidates),
                         [](const auto& each) { return std::string(each.param.what); });

TEST_F(Verdicts, APolicyMayLookAwayFromLostDataAndCrashes) {
  candidate_[0].losses = {"lost"};
  candidate_[1].complete = false;
  policy_.ignore_data_loss = true;
  EXPECT_EQ(judged().verdict, GateVerdict::kInconclusive);
  policy_.ignore_incomplete = true;
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
}

TEST_F(Verdicts, TooManyStepsThatDoNotCountAreNoMeasurement) {
  policy_.most_share[StepClass::kEval] = 0.2;
  candidate_[0].class_steps[static_cast<size_t>(StepClass::kEval)] = 40;
  const GateResult result = judged();
  EXPECT_EQ(result.verdict, GateVerdict::kInconclusive);
  EXPECT_THAT(result.reasons.front(),
              HasSubstr("40 of its 140 steps are eval steps, the policy allows 20 %"));
}

// A run that is its own base would always pass.
TEST_F(Verdicts, ARunGivenTwiceIsRefused) {
  candidate_[0].id = base_[2].id;
  const Status status = judge(base_, candidate_, policy_, noise_).status();
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("base2 and candidate0 are the same run, and held against itself"));
  candidate_[0].id = candidate_[1].id;
  EXPECT_EQ(judge(base_, candidate_, policy_, noise_).status().code(), Code::kUsage);
}

TEST_F(Verdicts, OtherConditionsAreNotComparable) {
  candidate_[2].fingerprint.key = "another";
  candidate_[2].fingerprint.facts["gpu.model"] = "A100";
  for (RunSummary& run : base_) {
    run.fingerprint.facts["gpu.model"] = "H100";
  }
  const Status status = judge(base_, candidate_, policy_, noise_).status();
  EXPECT_EQ(status.code(), Code::kNotComparable);
  EXPECT_THAT(status.message(), HasSubstr("gpu.model: H100 -> A100"));
}

TEST_F(Verdicts, AnotherBatchSizeOrStepIsNotComparable) {
  base_[0].fingerprint.facts["batch_size"] = "64";
  candidate_[0].fingerprint.facts["batch_size"] = "32";
  EXPECT_THAT(judge(base_, candidate_, policy_, noise_).status().message(),
              HasSubstr("batch_size: 64 -> 32"));
  candidate_[0].fingerprint.facts.clear();
  candidate_[0].step_method = "kernels";
  EXPECT_THAT(judge(base_, candidate_, policy_, noise_).status().message(),
              HasSubstr("step boundaries: nvtx -> kernels"));
}

TEST_F(Verdicts, AnEmptySideIsAUsageError) {
  EXPECT_EQ(judge({}, candidate_, policy_, noise_).status().code(), Code::kUsage);
  EXPECT_EQ(judge(base_, {}, policy_, noise_).status().code(), Code::kUsage);
}

class Metrics : public Verdicts {
 protected:
  void set(const std::string& name, double base, double candidate) {
    for (size_t i = 0; i < base_.size(); ++i) {
      base_[i].metrics[name] = base * (1 + 0.001 * static_cast<double>(i));
    }
    for (size_t i = 0; i < candidate_.size(); ++i) {
      candidate_[i].metrics[name] = candidate * (1 + 0.001 * static_cast<double>(i));
    }
  }
  MetricChange of(const std::string& name) {
    for (const MetricChange& metric : judged().metrics) {
      if (metric.name == name) {
        return metric;
      }
    }
    ADD_FAILURE() << name << " was not compared";
    return {};
  }
};

TEST_F(Metrics, WarnWithoutDeciding) {
  set("data_wait_ns", 10e6, 15e6);
  set("compute_ns", 80e6, 80e6);
  set("leaf/idle.gc_ns", 10e3, 20e3);  // doubled, and a fifth of the smallest effect
  set("tokens_per_s", 1000, 900);
  set("startup_ns", 10e9, 5e9);
  EXPECT_TRUE(of("data_wait_ns").warned);
  EXPECT_NEAR(of("data_wait_ns").change.estimate, 0.5, 0.01);
  EXPECT_FALSE(of("compute_ns").warned);
  EXPECT_FALSE(of("leaf/idle.gc_ns").warned);
  EXPECT_TRUE(of("tokens_per_s").warned) << "of a rate, less is worse";
  EXPECT_NEAR(of("tokens_per_s").change.estimate, -0.1, 0.01);
  EXPECT_FALSE(of("startup_ns").warned) << "better is no warning";
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
}

TEST_F(Metrics, TheMeanStandsGuardOverTheMedian) {
  set("step_mean_ns", 100e6, 123e6);
  EXPECT_EQ(judged().verdict, GateVerdict::kRegression);
  EXPECT_THAT(judged().reasons.front(), HasSubstr("the mean step is 22.88 % slower: some steps are"));
  set("step_mean_ns", 100e6, 101e6);
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
  set("step_mean_ns", 100e6, 130e6);
  candidate_[0].metrics["step_mean_ns"] = 80e6;
  EXPECT_EQ(judged().verdict, GateVerdict::kInconclusive) << "more than allowed, and not beyond chance";
  policy_.metrics["step_mean_ns"].ignore = true;
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
}

TEST_F(Metrics, AMeanThatMovedWithTheMedianIsNotOfSomeSteps) {
  candidate_ = runs_.runs(3, "candidate", 0.05);
  set("step_mean_ns", 100e6, 105e6);
  EXPECT_THAT(judged().reasons, ::testing::ElementsAre(HasSubstr("the median step is 4.91 % slower")));
  set("step_mean_ns", 100e6, 109e6);
  EXPECT_THAT(judged().reasons.back(), HasSubstr("the mean step is 8.89 % slower; 2.00 % is allowed"));
}

TEST_F(Metrics, OneThatThePolicyNamesDecides) {
  set("data_wait_ns", 10e6, 15e6);
  policy_.metrics["data_wait_ns"] = {0.1, true, false};
  EXPECT_EQ(judged().verdict, GateVerdict::kRegression);
  EXPECT_THAT(judged().reasons.front(), HasSubstr("data_wait_ns got worse: +"));
  policy_.metrics["data_wait_ns"].max_regression = 0.9;
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
  policy_.metrics["data_wait_ns"] = {-1, false, true};
  EXPECT_TRUE(judged().metrics.empty()) << "ignored";
}

TEST_F(Metrics, ALeafThatARunLacksTookNoTimeThere) {
  for (RunSummary& run : candidate_) {
    run.metrics["leaf/idle.alloc_ns"] = 30e6 + static_cast<double>(run.median_step_ns % 1000);
    run.metrics["memory_peak_bytes"] = 1e9;
  }
  EXPECT_TRUE(of("leaf/idle.alloc_ns").warned);
  EXPECT_EQ(judged().metrics.size(), 1U) << "memory was not sampled on both sides";
}

TEST_F(Verdicts, CalibrationTellsTheNoiseItWasMadeOf) {
  SimulatedRuns runs({.between = 0.005, .within = 0.02, .rho = 0.5}, 17);
  const NoiseModel model = calibrate(runs.runs(40, "run"), policy_).value();
  EXPECT_NEAR(model.between_sd, 0.005, 0.0015);
  EXPECT_NEAR(model.within_sd, 0.02, 0.003);
  EXPECT_NEAR(model.autocorrelation, 0.5, 0.1);
  EXPECT_GT(model.detectable[0], model.detectable[2]);
  EXPECT_GT(model.detectable[2], model.detectable[9]);
  const Result<NoiseModel> again = noise_model_from_json(noise_model_to_json(model), "store");
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(noise_model_to_json(again.value()), noise_model_to_json(model));
  EXPECT_EQ(noise_model_from_json("{}", "store").status().code(), Code::kUnreadable);
  EXPECT_EQ(noise_model_from_json("[", "store").status().code(), Code::kUnreadable);
}

TEST_F(Verdicts, CalibrationRefusesWhatAGateWouldNotCount) {
  EXPECT_EQ(calibrate(std::span(base_).first(2), policy_).status().code(), Code::kUsage);
  base_[1].complete = false;
  EXPECT_THAT(calibrate(base_, policy_).status().message(), HasSubstr("base1: it did not come to its end"));
  base_[1] = base_[0];
  EXPECT_THAT(calibrate(base_, policy_).status().message(), HasSubstr("are the same run"));
  base_[1] = runs_.one("other");
  base_[1].fingerprint.key = "another";
  EXPECT_EQ(calibrate(base_, policy_).status().code(), Code::kNotComparable);
}

}  // namespace
}  // namespace stepscope::analysis
