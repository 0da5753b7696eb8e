// SPDX-License-Identifier: Apache-2.0
//
// Replays of simulated jobs, where the truth is known: the same job was simulated with and without the injected cause
// (tests/scenarios/generator). A what-if may only use the recordings.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "analyzer/replay/cause_chain.hpp"
#include "analyzer/replay/replay_run.hpp"
#include "analyzer/replay/what_if.hpp"
#include "tests/scenarios/generator/recording.hpp"
#include "tests/scenarios/generator/scenario.hpp"
#include "tests/scenarios/generator/simulation.hpp"
#include "tests/scenarios/generator/truth.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using scenarios::Job;
using scenarios::Scenario;

const Scenario& scenario_of(const std::string& id) {
  const auto& all = scenarios::scenarios();
  return *std::find_if(all.begin(), all.end(), [&](const Scenario& one) { return one.id == id; });
}

Job with_cause(const Scenario& scenario, Job job) {
  for (const scenarios::Injection& injection : scenario.injections) {
    injection.apply(job);
  }
  return job;
}

class ScenarioReplay : public RunTest {
 protected:
  // Runs the job and opens what was recorded of it.
  analysis::Run simulated(const std::string& name, const Job& job, uint64_t seed) {
    scenarios::write_recordings(path(name), job, scenarios::simulate(job, seed), seed);
    return open(name);
  }
};

TEST_F(ScenarioReplay, RebuildsTheStepsOfEveryScenario) {
  for (const Scenario& scenario : scenarios::scenarios()) {
    for (const bool changed : {false, true}) {
      Job job = scenario.base;
      job.steps = 12;
      job = changed ? with_cause(scenario, job) : job;
      const std::string name = scenario.id + (changed ? "-changed" : "-base");
      const analysis::Run run = simulated(name, job, 7);
      const Result<ReplayedRun> replay = ReplayedRun::make(run, ledger_of(run));
      ASSERT_TRUE(replay.ok()) << replay.status().message();
      std::printf("  %-12s %3zu steps, %3zu meetings, replayed within %.5f %%\n", name.c_str(),
                  replay.value().steps().size(), replay.value().meetings(), 100 * replay.value().error());
      EXPECT_EQ(replay.value().reason(), "") << name;
      EXPECT_LE(replay.value().error(), kLargestError) << name;
      EXPECT_EQ(replay.value().meetings() > 0, job.ranks > 1) << name;
    }
  }
}

// With CUDA calls and without.
TEST_F(ScenarioReplay, ChainsOfCausesCoverTheStepsOfEveryScenario) {
  for (const Scenario& scenario : scenarios::scenarios()) {
    for (const bool calls : {true, false}) {
      Job job = scenario.base;
      job.steps = 5;
      job = with_cause(scenario, job);
      job.calls = calls;
      const std::string name = scenario.id + (calls ? "-calls" : "-kernels");
      const analysis::Run run = simulated(name, job, 7);
      int64_t unrecorded = 0;
      int64_t peers = 0;
      int64_t total = 0;
      const Status status = walk_chains(run, ledger_of(run), {}, [&](const StepChain& chain) {
        EXPECT_EQ(chain.residual_ns(), 0) << name << ", step " << chain.step.index;
        for (const ChainSegment& segment : chain.segments) {
          const int64_t ns = segment.end_ns - segment.begin_ns;
          total += ns;
          unrecorded += segment.link == Link::kUnrecorded ? ns : 0;
          peers += segment.process != chain.process ? ns : 0;
        }
        return Status();
      });
      ASSERT_TRUE(status.ok()) << status.message();
      const double all = static_cast<double>(total) / 100;
      std::printf("  %-12s of the chain: %5.1f %% other ranks, %5.1f %% not recorded\n", name.c_str(),
                  static_cast<double>(peers) / all, static_cast<double>(unrecorded) / all);
      EXPECT_GT(total, 0) << name;
      if (calls) {
        EXPECT_LT(static_cast<double>(unrecorded), 5 * all) << name;
      }
    }
  }
}

struct Expected {
  const char* scenario;
  const char* term;  // of the cause
  double tolerance;  // of the truth, for each end of the bracket
  const char*
      consequence;  // a term that grows and is not to blame: changing it alone brings nothing; "" none
};

void PrintTo(const Expected& expected, std::ostream* out) {
  *out << expected.scenario << " " << expected.term;
}

class ScenarioWhatIf : public ScenarioReplay, public ::testing::WithParamInterface<Expected> {
 protected:
  struct Answer {
    WhatIf what_if;
    double truth_ns = 0;
  };
  // What is said of 30 steps of the job, and what is true; with CUDA calls recorded or without.
  Answer answer(const Expected& expected, bool calls) {
    const Scenario& scenario = scenario_of(expected.scenario);
    Job base = scenario.base;
    base.steps = std::min<int64_t>(base.steps, 30);
    base.calls = calls;
    constexpr uint64_t kBaseSeed = 11;
    constexpr uint64_t kSeed = 12;
    const analysis::Run runs[] = {simulated("base", base, kBaseSeed),
                                  simulated("changed", with_cause(scenario, base), kSeed)};
    const Ledger ledgers[] = {ledger_of(runs[0]), ledger_of(runs[1])};
    const Evidence evidence[] = {gather_evidence(runs[0], ledgers[0]).value(),
                                 gather_evidence(runs[1], ledgers[1]).value()};
    const std::vector<AnalyzedRun> sides[] = {{{&runs[0], &ledgers[0], &evidence[0]}},
                                              {{&runs[1], &ledgers[1], &evidence[1]}}};
    const Diff diff = diff_analyzed(sides[0], sides[1], {}).value();
    return {replay_what_if(diff, sides[0], sides[1], {}).value(),
            scenarios::find_truth(scenario, base, {kSeed}).causes.front().ns};
  }
  static double ms(const std::optional<int64_t>& ns) {
    return ns.has_value() ? static_cast<double>(*ns) / 1e6 : 0;
  }
};

TEST_P(ScenarioWhatIf, BracketsWhatTheCauseCosts) {
  const Expected& expected = GetParam();
  const auto [what_if, truth] = answer(expected, true);
  ASSERT_EQ(what_if.reason, "");
  const TermWhatIf* cause = what_if.find(expected.term);
  ASSERT_NE(cause, nullptr) << expected.term;
  std::printf("  %-4s %-24s truth %+7.3f ms, removed %+7.3f, added %+7.3f%s\n", expected.scenario,
              expected.term, truth / 1e6, ms(cause->removed_ns), ms(cause->added_ns),
              cause->added_ns.has_value() ? "" : " (not known)");
  ASSERT_TRUE(cause->known()) << cause->reason;
  EXPECT_NEAR(static_cast<double>(cause->low_ns()), truth, expected.tolerance * truth);
  EXPECT_NEAR(static_cast<double>(cause->high_ns()), truth, expected.tolerance * truth);
  if (*expected.consequence != 0) {
    const TermWhatIf* other = what_if.find(expected.consequence);
    ASSERT_NE(other, nullptr) << expected.consequence;
    std::printf("       %-24s removed %+7.3f, added %+7.3f\n", expected.consequence, ms(other->removed_ns),
                ms(other->added_ns));
    EXPECT_NEAR(static_cast<double>(other->high_ns()), 0, 0.05 * truth);
    EXPECT_NEAR(static_cast<double>(other->low_ns()), 0, 0.05 * truth);
  }
}

// As recorded by default: the bracket is wider, and the truth lies in it.
TEST_P(ScenarioWhatIf, HoldsTheTruthWithoutCalls) {
  const Expected& expected = GetParam();
  const auto [what_if, truth] = answer(expected, false);
  ASSERT_EQ(what_if.reason, "");
  EXPECT_LE(what_if.base_error, kLargestError);
  for (const TermWhatIf& one : what_if.terms) {
    std::printf("  %-4s %-24s truth %+7.3f ms, removed %+7.3f (host %+7.3f), added %+7.3f (host %+7.3f) %s\n",
                expected.scenario, one.term.c_str(), one.term == expected.term ? truth / 1e6 : 0,
                ms(one.removed_ns), ms(one.removed_host_ns), ms(one.added_ns), ms(one.added_host_ns),
                one.reason.c_str());
  }
  const TermWhatIf* cause = what_if.find(expected.term);
  ASSERT_NE(cause, nullptr) << expected.term;
  ASSERT_TRUE(cause->known()) << cause->reason;
  EXPECT_LE(static_cast<double>(cause->low_ns()), truth + expected.tolerance * truth);
  EXPECT_GE(static_cast<double>(cause->high_ns()), truth - expected.tolerance * truth);
}

INSTANTIATE_TEST_SUITE_P(
    Causes, ScenarioWhatIf,
    ::testing::Values(Expected{"2a", "data.blocked", 0.05, ""}, Expected{"3", "compute/attention", 0.05, ""},
                      Expected{"5", "idle.launch", 0.05, ""}, Expected{"6", "copy.exposed/h2d", 0.05, ""},
                      Expected{"8", "compute/gemm", 0.1, ""}, Expected{"10", "idle.launch", 0.3, ""},
                      Expected{"11", "compute/gemm", 0.05, "comm.exposed/all_reduce"},
                      Expected{"12", "comm.exposed/all_reduce", 0.05, ""}),
    [](const auto& one) { return std::string("Scenario") + one.param.scenario; });

}  // namespace
}  // namespace stepscope::analysis
