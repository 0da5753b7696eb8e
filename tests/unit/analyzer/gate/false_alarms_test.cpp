// SPDX-License-Identifier: Apache-2.0
//
// How often the gate is wrong. Runs that differ by chance alone must raise a false alarm in 5 +- 2 % of comparisons at
// alpha = 0.05, whatever the noise; and a slowdown of the size that the gate says it can see must be seen in 80 %.
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "analyzer/gate/noise_model.hpp"
#include "analyzer/gate/statistics.hpp"
#include "analyzer/gate/verdict.hpp"
#include "tests/unit/analyzer/gate/simulated_runs.hpp"

namespace stepscope::analysis {
namespace {

// 2000, in which a rate of 5 % has a standard error of half a percent; more with STEPSCOPE_COMPARISONS.
size_t comparisons() {
  const char* wanted = std::getenv("STEPSCOPE_COMPARISONS");
  return wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 2000;
}
const size_t kComparisons = comparisons();

// Share of comparisons in which the one-sided test says "slower", nothing being allowed.
double alarm_rate(const Noise& noise, size_t base, size_t candidates, double slower = 0) {
  SimulatedRuns runs(noise, 20260 + base * 100 + candidates);
  Policy policy;
  policy.max_regression = 0;
  size_t alarms = 0;
  for (size_t i = 0; i < kComparisons; ++i) {
    const std::vector<RunSummary> a = runs.runs(base, "base");
    const std::vector<RunSummary> b = runs.runs(candidates, "candidate", slower);
    const Result<GateResult> result = judge(a, b, policy, std::nullopt);
    alarms += result.value().verdict == GateVerdict::kRegression ? 1U : 0U;
  }
  return static_cast<double>(alarms) / static_cast<double>(kComparisons);
}

std::string words(const Noise& noise) {
  return ::testing::PrintToString(noise.between) + " between, " + ::testing::PrintToString(noise.within) +
         " within, rho " + ::testing::PrintToString(noise.rho) + (noise.heavy_tails ? ", heavy tails" : "") +
         (noise.drift > 0 ? ", drift" : "");
}

void expect_alarms_of_5_percent(const Noise& noise) {
  for (const size_t runs : {3U, 5U, 10U}) {
    const double rate = alarm_rate(noise, runs, runs);
    std::printf("%s, %zu runs: %.2f %%\n", words(noise).c_str(), runs, 100 * rate);
    EXPECT_GE(rate, 0.03) << words(noise) << ", " << runs << " runs";
    EXPECT_LE(rate, 0.07) << words(noise) << ", " << runs << " runs";
  }
}

TEST(FalseAlarms, WithoutNoiseBetweenRuns) {
  for (const double rho : {0.0, 0.5, 0.8}) {
    expect_alarms_of_5_percent({.between = 0, .within = 0.01, .rho = rho, .steps = 40});
  }
  expect_alarms_of_5_percent({.between = 0, .within = 0.02, .rho = 0.5, .steps = 40});
}

TEST(FalseAlarms, WithNoiseBetweenRuns) {
  for (const double between : {0.002, 0.005, 0.015}) {
    for (const double rho : {0.0, 0.5, 0.8}) {
      expect_alarms_of_5_percent({.between = between, .within = 0.01, .rho = rho, .steps = 40});
    }
  }
  expect_alarms_of_5_percent({.between = 0.005, .within = 0.02, .rho = 0.8, .steps = 40});
}

TEST(FalseAlarms, WithHeavyTails) {
  expect_alarms_of_5_percent(
      {.between = 0.005, .within = 0.02, .rho = 0.5, .heavy_tails = true, .steps = 40});
  expect_alarms_of_5_percent({.between = 0, .within = 0.02, .rho = 0, .heavy_tails = true, .steps = 40});
}

TEST(FalseAlarms, WithDriftInsideTheRuns) {
  expect_alarms_of_5_percent({.between = 0.002, .within = 0.01, .rho = 0.5, .drift = 0.02, .steps = 40});
}

// The mean stands guard beside the median, at a tenth of the level: it may add half a percent.
TEST(FalseAlarms, WithTheGuardOnTheMean) {
  for (Noise noise :
       {Noise{.between = 0.005, .within = 0.01, .rho = 0.5, .steps = 40},
        Noise{.between = 0, .within = 0.02, .rho = 0, .steps = 40},
        Noise{.between = 0.005, .within = 0.02, .rho = 0.5, .heavy_tails = true, .steps = 40}}) {
    for (const size_t runs : {3U, 5U}) {
      noise.with_mean = false;
      const double median_alone = alarm_rate(noise, runs, runs);
      noise.with_mean = true;
      const double guarded = alarm_rate(noise, runs, runs);
      std::printf("%s, %zu runs: %.2f %% without the guard, %.2f %% with it\n", words(noise).c_str(), runs,
                  100 * median_alone, 100 * guarded);
      EXPECT_GE(guarded, median_alone);
      EXPECT_LE(guarded - median_alone, 0.0075);
      EXPECT_LE(guarded, 0.07);
    }
  }
}

// A machine that changes from run to run is no noise that runs show: recorded one side after the other, five against five, it looks
// like a change of the program. Recorded in turns it does not.
TEST(FalseAlarms, OfAMachineThatChangesBetweenRunsAreAvoidedByTakingTurns) {
  for (const double walk : {0.002, 0.005}) {
    const Noise noise{.between = 0.005, .within = 0.01, .rho = 0.5, .walk = walk, .steps = 40};
    Policy policy;
    policy.max_regression = 0;
    size_t one_after_the_other = 0;
    size_t in_turns = 0;
    SimulatedRuns runs(noise, 77);
    for (size_t i = 0; i < kComparisons; ++i) {
      const std::vector<RunSummary> a = runs.runs(5, "base");
      const std::vector<RunSummary> b = runs.runs(5, "candidate");
      one_after_the_other +=
          judge(a, b, policy, std::nullopt).value().verdict == GateVerdict::kRegression ? 1U : 0U;
      std::vector<RunSummary> base;
      std::vector<RunSummary> candidate;
      for (size_t n = 0; n < 5; ++n) {  // base, candidate, candidate, base, base, ...
        for (const bool is_base : {n % 2 == 0, n % 2 != 0}) {
          (is_base ? base : candidate)
              .push_back(runs.one((is_base ? "base" : "candidate") + std::to_string(n)));
        }
      }
      in_turns +=
          judge(base, candidate, policy, std::nullopt).value().verdict == GateVerdict::kRegression ? 1U : 0U;
    }
    const auto percent = [](size_t count) {
      return 100 * static_cast<double>(count) / static_cast<double>(kComparisons);
    };
    std::printf("%.1f %% from run to run: %.2f %% one after the other, %.2f %% in turns\n", 100 * walk,
                percent(one_after_the_other), percent(in_turns));
    EXPECT_LE(percent(in_turns), 7);
    EXPECT_GT(percent(one_after_the_other), percent(in_turns));
  }
}

// A window of base runs and few candidates is the usual shape of a gate.
TEST(FalseAlarms, WithUnequalSides) {
  const Noise noise{.between = 0.005, .within = 0.01, .rho = 0.5};
  for (const size_t candidates : {1U, 2U, 3U, 5U}) {
    const double rate = alarm_rate(noise, 10, candidates);
    std::printf("10 base runs, %zu candidates: %.2f %%\n", candidates, 100 * rate);
    EXPECT_LE(rate, 0.07) << candidates;
    EXPECT_GE(rate, 0.03) << candidates;
  }
  // Two against two: Satterthwaite's degrees of freedom are between 1 and 2, and the test errs on the safe side.
  EXPECT_LE(alarm_rate(noise, 2, 2), 0.07);
}

// Looking after each of eight candidate runs and stopping at the first alarm.
TEST(FalseAlarms, OverAllLooksOfAPlan) {
  const Noise noise{.between = 0.005, .within = 0.01, .rho = 0.5};
  SimulatedRuns runs(noise, 7);
  Policy policy;
  policy.max_regression = 0;
  policy.max_runs = 8;
  constexpr size_t kPlans = 600;
  size_t alarms = 0;
  for (size_t i = 0; i < kPlans; ++i) {
    const std::vector<RunSummary> base = runs.runs(6, "base");
    const std::vector<RunSummary> all = runs.runs(8, "candidate");
    bool alarm = false;
    for (size_t n = 2; n <= all.size() && !alarm; ++n) {
      const Result<GateResult> look = judge(base, std::span(all).first(n), policy, std::nullopt);
      alarm = look.value().verdict == GateVerdict::kRegression;
    }
    alarms += alarm ? 1U : 0U;
  }
  const double rate = static_cast<double>(alarms) / kPlans;
  std::printf("8 looks: %.2f %%\n", 100 * rate);
  EXPECT_LE(rate, 0.07);
  EXPECT_GE(rate, 0.03);
}

// The smallest slowdown seen with 80 % power at 0.5 % between runs, 1 % within, rho 0.5, 100 steps: as simulated for Welch's test
// on run medians by others' hand, and as `detectable` tells it.
TEST(Power, OfTheMinimumDetectableChange) {
  const Noise noise{.between = 0.005, .within = 0.01, .rho = 0.5};
  struct Row {
    size_t runs;
    double detectable;
  };
  for (const Row& row : {Row{2, 0.031}, Row{3, 0.014}, Row{5, 0.010}, Row{10, 0.007}, Row{20, 0.005}}) {
    const double told = std::expm1(detectable_change(row.runs, row.runs, 0.0054, 0, 0.05, 0.8));
    std::printf("%zu runs: told %.2f %%\n", row.runs, 100 * told);
    EXPECT_NEAR(told, row.detectable, 0.2 * row.detectable) << row.runs;
    const double power = alarm_rate(noise, row.runs, row.runs, told);
    std::printf("%zu runs: power %.1f %%\n", row.runs, 100 * power);
    EXPECT_NEAR(power, 0.8, 0.04) << row.runs;
  }
}

TEST(Power, OfOneRunPerSideWithANoiseModel) {
  const Noise noise{.between = 0.005, .within = 0.01, .rho = 0.5};
  SimulatedRuns runs(noise, 3);
  Policy policy;
  policy.max_regression = 0;
  size_t alarms = 0;
  size_t seen = 0;
  for (size_t i = 0; i < kComparisons; ++i) {
    std::vector<double> logs;  // what calibrate() measures, without the table that it also makes
    for (const RunSummary& run : runs.runs(8, "calibrated")) {
      logs.push_back(std::log(static_cast<double>(run.median_step_ns)));
    }
    NoiseModel model;
    model.key = "0123456789abcdef";
    model.runs.resize(logs.size());
    model.run_sd = std::sqrt(sample_variance(logs));
    const std::vector<RunSummary> base{runs.one("base")};
    const auto alarm = [&](double slower) {
      const std::vector<RunSummary> candidate{runs.one("candidate", slower)};
      return judge(base, candidate, policy, model).value().verdict == GateVerdict::kRegression;
    };
    alarms += alarm(0) ? 1U : 0U;
    seen += alarm(0.0205) ? 1U : 0U;
  }
  const double rate = static_cast<double>(alarms) / static_cast<double>(kComparisons);
  std::printf("one run each with a model: %.2f %% false alarms, 2.05 %% seen in %.1f %%\n", 100 * rate,
              100.0 * static_cast<double>(seen) / static_cast<double>(kComparisons));
  EXPECT_NEAR(rate, 0.05, 0.02);
  EXPECT_NEAR(static_cast<double>(seen) / static_cast<double>(kComparisons), 0.8, 0.06);
}

}  // namespace
}  // namespace stepscope::analysis
