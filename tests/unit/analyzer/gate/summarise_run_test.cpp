// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/gate/run_summary.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class SummariseRun : public RunTest {
 protected:
  static RunSummary summary_of(const analysis::Run& run) {
    Result<RunSummary> summary = summarise_run(run, {});
    ::stepscope::testing::require(summary.status());
    return std::move(summary).value();
  }
};

TEST_F(SummariseRun, TrainStepsAreCountedAndOthersAreNot) {
  const analysis::Run run =
      job("base", "steps=60 workers=2 fetch.io=24ms checkpoint.every=20 checkpoint=40ms");
  const RunSummary summary = summary_of(run);
  const Ledger ledger = ledger_of(run);
  EXPECT_EQ(summary.train_steps, summary.train_step_ns.size());
  EXPECT_EQ(summary.class_steps[static_cast<size_t>(StepClass::kTrain)], summary.train_steps);
  EXPECT_EQ(summary.class_steps[static_cast<size_t>(StepClass::kCheckpoint)], 2U);
  EXPECT_NEAR(summary.metrics.at("step_mean_ns") / 1e6, step_ms(ledger), 0.3);
  EXPECT_GT(summary.metrics.at("step_p95_ns"), static_cast<double>(summary.median_step_ns) - 1);
  EXPECT_GT(summary.metrics.at("checkpoint_ns"), 40e6);
  EXPECT_GT(summary.metrics.at("startup_ns"), 0);
  // The sums of leaves are the mean step.
  double sum = 0;
  for (const char* group : {"data_wait_ns", "comm_exposed_ns", "compute_ns", "idle_ns", "host_ns"}) {
    sum += summary.metrics.at(group);
  }
  double steps = 0;
  for (const int64_t ns : summary.train_step_ns) {
    steps += static_cast<double>(ns) / static_cast<double>(summary.train_steps);
  }
  EXPECT_NEAR(sum, steps, 1.0);
  EXPECT_NEAR(summary.metrics.at("leaf/compute/backward_ns") / 1e6, leaf_ms(ledger, "compute/backward"), 0.1);
  EXPECT_TRUE(summary.complete);
  EXPECT_TRUE(summary.losses.empty());
  EXPECT_TRUE(summary.blocking.empty());
  EXPECT_EQ(summary.fingerprint.facts.at("workload"), "train.py");
  EXPECT_EQ(summary.step_method, "optimizer");
}

TEST_F(SummariseRun, AKnownAmountOfWorkIsAThroughput) {
  const RunSummary known = summary_of(job("known", "steps=40 workers=2 batch_size=8 tokens=4096"));
  const double steps_per_s = 1e9 / known.metrics.at("step_mean_ns");
  EXPECT_NEAR(known.metrics.at("samples_per_s"), 8 * steps_per_s, 0.001);
  EXPECT_NEAR(known.metrics.at("tokens_per_s"), 4096 * steps_per_s, 0.1);
  const RunSummary unknown = summary_of(job("unknown", "steps=40 workers=2 count_items=0"));
  EXPECT_EQ(unknown.metrics.count("samples_per_s"), 0U);
  EXPECT_EQ(unknown.metrics.count("tokens_per_s"), 0U);
}

TEST_F(SummariseRun, AJobsStepIsThatOfItsSlowestRank) {
  std::filesystem::create_directories(path("both"));
  ::stepscope::testing::write_job(path("both"), "steps=40 workers=0 rank=0 world_size=2 forward=3ms");
  ::stepscope::testing::write_job(path("both"), "steps=38 workers=0 rank=1 world_size=2 forward=9ms");
  const RunSummary both = summary_of(open("both"));
  const RunSummary slow = summary_of(job("slow", "steps=38 workers=0 rank=1 world_size=2 forward=9ms"));
  EXPECT_EQ(both.median_step_ns, slow.median_step_ns);
  EXPECT_LE(both.train_steps, 38U) << "steps that one rank lacks are left out";
  EXPECT_EQ(both.fingerprint.key, slow.fingerprint.key);
}

TEST_F(SummariseRun, IdentityIsByContent) {
  const RunSummary one = summary_of(job("one", "steps=30 workers=0"));
  std::filesystem::copy(path("one"), path("copy"));
  EXPECT_EQ(summary_of(open("copy")).id, one.id);
  EXPECT_NE(summary_of(job("other", "steps=30 workers=0 seed=2")).id, one.id);
}

TEST_F(SummariseRun, OtherConditionsAreAnotherKey) {
  const RunSummary one = summary_of(job("one", "steps=30 workers=0"));
  EXPECT_EQ(summary_of(job("same", "steps=50 workers=0 seed=3")).fingerprint.key, one.fingerprint.key);
  EXPECT_NE(summary_of(job("ranks", "steps=30 workers=0 world_size=2")).fingerprint.key, one.fingerprint.key);
  EXPECT_EQ(summary_of(job("batch", "steps=30 workers=2 batch_size=64")).fingerprint.facts.at("batch_size"),
            "64");
}

TEST_F(SummariseRun, ARunWithoutStepsIsNoError) {
  const RunSummary none = summary_of(process("none", "range lane=1 start_ns=1ms dur_ns=2ms name=loss\n"));
  EXPECT_EQ(none.train_steps, 0U);
  EXPECT_EQ(none.median_step_ns, 0);
  EXPECT_EQ(none.step_method, "none");
}

TEST_F(SummariseRun, WhatWentWrongIsKept) {
  std::string steps = "meta exit.signal 9\nloss spool.events_missing 7\n";
  for (int i = 0; i < 30; ++i) {
    steps +=
        "step lane=1 start_ns=" + std::to_string(10 * i) + "ms index=" + std::to_string(i) + " source=1\n";
  }
  const RunSummary run = summary_of(process("bad", steps));
  EXPECT_FALSE(run.complete);
  EXPECT_THAT(run.losses, Contains(HasSubstr("7 x spool.events_missing")));
}

}  // namespace
}  // namespace stepscope::analysis
