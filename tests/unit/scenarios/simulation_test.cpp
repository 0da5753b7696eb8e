// SPDX-License-Identifier: Apache-2.0
//
// The simulated jobs behave as jobs do: what is hidden costs nothing, who is late makes the others wait, and an injected
// cause is all that differs between a run with and a run without it.
#include "tests/scenarios/generator/simulation.hpp"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/generator/blueprint.hpp"
#include "tests/scenarios/generator/scenario.hpp"
#include "tests/scenarios/generator/truth.hpp"

namespace stepscope::scenarios {
namespace {

constexpr double kMs = 1e6;
constexpr uint64_t kSimulationSeed = 5;

Job small_job() {
  Job job;
  job.layers = 2;
  job.steps = 8;
  return job;
}

double step_ns(const Job& job) {
  return mean_of(Measure::kStep, simulate(job, kSimulationSeed), job);
}

const Scenario& scenario(const std::string& id) {
  const auto& table = scenarios();
  return *std::find_if(table.begin(), table.end(), [&](const Scenario& one) { return one.id == id; });
}

// Work on one stream, in the order it ran.
std::vector<Work> on_stream(const RankHistory& rank, Stream stream) {
  std::vector<Work> out;
  std::copy_if(rank.works.begin(), rank.works.end(), std::back_inserter(out),
               [stream](const Work& work) { return work.op->stream == stream; });
  return out;
}

TEST(Simulation, StreamsAreInOrderAndNothingStartsBeforeItIsLaunched) {
  const History history = simulate(small_job(), kSimulationSeed);
  ASSERT_EQ(history.ranks.size(), 2U);
  for (const RankHistory& rank : history.ranks) {
    for (const Stream stream : {Stream::kCompute, Stream::kCommunication}) {
      int64_t free = 0;
      for (const Work& work : on_stream(rank, stream)) {
        ASSERT_GE(work.start_ns, free);
        ASSERT_GT(work.start_ns, work.call_ns);
        ASSERT_GT(work.end_ns, work.start_ns);
        free = work.end_ns;
      }
    }
  }
}

TEST(Simulation, TheSameSeedGivesTheSameHistoryAndAnotherDoesNot) {
  EXPECT_EQ(simulate(small_job(), kSimulationSeed).ranks[1].marks,
            simulate(small_job(), kSimulationSeed).ranks[1].marks);
  EXPECT_NE(simulate(small_job(), kSimulationSeed).ranks[1].marks,
            simulate(small_job(), kSimulationSeed + 1).ranks[1].marks);
}

TEST(Simulation, ACollectiveEndsEverywhereAtOnceAndNotBeforeTheLastRankCame) {
  Job job = small_job();
  job.kernels.push_back({"gemm", 1.5, "", 1});
  const History history = simulate(job, kSimulationSeed);
  const std::vector<Work> first = on_stream(history.ranks[0], Stream::kCommunication);
  const std::vector<Work> second = on_stream(history.ranks[1], Stream::kCommunication);
  ASSERT_EQ(first.size(), second.size());
  double waited = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].end_ns, second[i].end_ns);
    ASSERT_GT(first[i].end_ns, std::max(first[i].start_ns, second[i].start_ns));
    waited += static_cast<double>(second[i].start_ns - first[i].start_ns);
  }
  EXPECT_GT(waited / static_cast<double>(first.size()), 0.1 * kMs) << "rank 0 waits for rank 1";
}

TEST(Simulation, OneSlowRankMakesAllRanksSlow) {
  Job late = small_job();
  late.kernels.push_back({"gemm", 1.5, "", 1});
  const History history = simulate(late, kSimulationSeed);
  const auto length = [&](size_t rank) {
    return history.ranks[rank].marks.back() - history.ranks[rank].marks.front();
  };
  EXPECT_GT(step_ns(late), step_ns(small_job()) + 2 * kMs);
  EXPECT_NEAR(static_cast<double>(length(0)), static_cast<double>(length(1)),
              0.01 * static_cast<double>(length(0)));
}

TEST(Simulation, AKernelOnThePathCostsWhatItGrows) {
  Job slower = small_job();
  slower.kernels.push_back({"attention", 1.5, "", -1});
  // Per layer 420 us forward and 814 us backward.
  EXPECT_NEAR(step_ns(slower) - step_ns(small_job()), 2 * 0.5 * (420 + 814) * 1e3, 0.03 * kMs);
}

TEST(Simulation, WhatRunsWhileGradientsAreReducedCostsNothing) {
  const Scenario& hidden = scenario("4");
  Job changed = hidden.base;
  hidden.injections[0].apply(changed);
  EXPECT_NEAR(step_ns(changed), step_ns(hidden.base), 0.01 * kMs);
  changed.kernels = {{"teacher.attention", 40, "", -1}};
  EXPECT_GT(step_ns(changed), step_ns(hidden.base) + 5 * kMs) << "until it takes longer than they do";
}

TEST(Simulation, ASynchronisationCostsTheTimeTheHostWasAhead) {
  Job synchronous = small_job();
  synchronous.extra_synchronize = true;
  const double cost = step_ns(synchronous) - step_ns(small_job());
  EXPECT_GT(cost, 0.5 * static_cast<double>(synchronous.optimizer_python));
  EXPECT_LT(cost, 1.2 * static_cast<double>(synchronous.optimizer_python));
  synchronous.optimizer_python = 0;
  Job quick = small_job();
  quick.optimizer_python = 0;
  EXPECT_LT(step_ns(synchronous) - step_ns(quick), 0.1 * kMs) << "nothing was ahead";
}

TEST(Simulation, ALoaderThatIsAheadHidesASlowDataset) {
  Job job = small_job();
  job.steps = 30;
  job.loader = {4, 4, 1'000'000, 0, 500'000, 100'000, 32};
  Job sleeping = job;
  sleeping.loader.sleep = 10'000'000;
  EXPECT_NEAR(step_ns(sleeping), step_ns(job), 0.05 * kMs);
  job.loader.workers = sleeping.loader.workers = 0;
  EXPECT_NEAR(step_ns(sleeping) - step_ns(job), 10 * kMs, 0.2 * kMs);
}

TEST(Simulation, StagesOfAPipelineWaitForTheirNeighbours) {
  const Job job = [] {
    Job made = scenario("14").base;
    made.steps = 6;
    return made;
  }();
  const History history = simulate(job, kSimulationSeed);
  ASSERT_EQ(history.ranks.size(), 4U);
  std::map<std::pair<int64_t, int64_t>, std::vector<int64_t>> ends;
  for (const RankHistory& rank : history.ranks) {
    for (const Work& work : on_stream(rank, Stream::kCommunication)) {
      ends[{work.op->group, work.sequence}].push_back(work.end_ns);
    }
  }
  for (const auto& [key, both] : ends) {
    ASSERT_THAT(both, ::testing::SizeIs(2));
    ASSERT_EQ(both[0], both[1]);
  }
  const Work last_stage_first = on_stream(history.ranks[3], Stream::kCompute).at(2);  // after its two copies
  EXPECT_GT(last_stage_first.start_ns, last_stage_first.call_ns + 1'000'000)
      << "it waits for the stages before";
}

TEST(Simulation, AGraphSparesTheHostAndItsAbsenceStarvesTheGpu) {
  const Scenario& off = scenario("10");
  Job without = off.base;
  off.injections[0].apply(without);
  const double grown = mean_of(Measure::kGpuIdle, simulate(without, kSimulationSeed), without) -
                       mean_of(Measure::kGpuIdle, simulate(off.base, kSimulationSeed), off.base);
  EXPECT_GT(grown, 0.5 * kMs);
}

TEST(Simulation, TheTruthOfTwoCausesAddsUp) {
  const Scenario& both = scenario("20");
  Job base = both.base;
  base.steps = 12;
  const Truth truth = find_truth(both, base, {kSimulationSeed});
  ASSERT_EQ(truth.causes.size(), 2U);
  EXPECT_NEAR(truth.causes[0].ns, 6 * kMs, 0.3 * kMs);
  EXPECT_NEAR(truth.causes[1].ns, -4 * kMs, 0.1 * kMs);
  EXPECT_NEAR(truth.with_ns - truth.without_ns, truth.causes[0].ns + truth.causes[1].ns, 1);
}

TEST(Simulation, LongerSequencesTakeAttentionBySquareAndTheOptimizerNotAtAll) {
  const Scenario& longer = scenario("23a");
  Job changed = longer.base;
  longer.injections[0].apply(changed);
  const std::vector<Op> before = step_program(longer.base, 0);
  const std::vector<Op> now = step_program(changed, 0);
  ASSERT_EQ(before.size(), now.size());
  std::map<std::string, double> factors;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i].kind == Op::Kind::kLaunch) {
      factors[before[i].name] = static_cast<double>(now[i].gpu_ns) / static_cast<double>(before[i].gpu_ns);
    }
  }
  const auto factor_of = [&factors](std::string_view part) {
    const auto found = std::find_if(factors.begin(), factors.end(), [part](const auto& one) {
      return one.first.find(part) != std::string::npos;
    });
    return found == factors.end() ? 0 : found->second;
  };
  EXPECT_NEAR(factor_of("flash_fwd_kernel"), 1.5625, 0.001);
  EXPECT_NEAR(factor_of("xmma_gemm"), 1.25, 0.001);
  EXPECT_NEAR(factor_of("Adam"), 1, 0.001);
}

TEST(Simulation, TheTruthOfNothingIsNothing) {
  Job base = scenario("1").base;
  base.steps = 6;
  const Truth truth = find_truth(scenario("1"), base, {kSimulationSeed, kSimulationSeed + 1});
  EXPECT_EQ(truth.with_ns, truth.without_ns);
  EXPECT_TRUE(truth.causes.empty());
}

TEST(Scenarios, HaveIdsOfTheirOwnAndSayWhatTheyExpect) {
  std::map<std::string, int> ids;
  for (const Scenario& one : scenarios()) {
    EXPECT_EQ(++ids[one.id], 1) << one.id;
    EXPECT_FALSE(one.summary.empty()) << one.id;
    for (const Injection& injection : one.injections) {
      EXPECT_TRUE(one.expect == Expect::kRefusal || !injection.names.empty()) << one.id;
    }
  }
}

}  // namespace
}  // namespace stepscope::scenarios
