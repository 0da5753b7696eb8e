// SPDX-License-Identifier: Apache-2.0
#include "analyzer/steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

class StepsTest : public RunTest {
 protected:
  static ProcessSteps steps_of(const analysis::Run& run) {
    Result<Steps> steps = find_steps(run, {});
    ::stepscope::testing::require(steps.status());
    EXPECT_FALSE(steps.value().processes.empty());
    return steps.value().processes.at(0);
  }

  // One letter per step: t train, w warmup, c checkpoint, v eval, e epoch start.
  static std::string classes(const ProcessSteps& steps) {
    std::string out;
    for (const Step& step : steps.steps) {
      out += "twcve"[static_cast<size_t>(step.step_class)];
    }
    return out;
  }
};

TEST(StepNames, AreRecognisedWithAndWithoutNumbers) {
  int64_t number = 0;
  EXPECT_TRUE(is_step_name("ProfilerStep#12", &number));
  EXPECT_EQ(number, 12);
  EXPECT_TRUE(is_step_name("Train Step 7", &number));
  EXPECT_EQ(number, 7);
  EXPECT_TRUE(is_step_name("iteration", &number));
  EXPECT_EQ(number, -1);
  for (const char* other : {"", "Optimizer.step#AdamW.step", "stepscope", "steps", "layer 3", "forward",
                            "step 99999999999999999999999999"}) {
    EXPECT_FALSE(is_step_name(other, &number)) << other;
  }
}

TEST_F(StepsTest, TrustTheApiMost) {
  const ProcessSteps steps = steps_of(process("run", R"(
    step start_ns=1ms index=5 source=1
    step start_ns=2ms index=6 source=1
    step start_ns=3ms index=7 source=1
    step start_ns=1500us index=0 source=3
    step start_ns=1600us index=1 source=3
    step start_ns=1700us index=2 source=3
    range start_ns=1ms dur_ns=1ms name=step
  )"));
  EXPECT_EQ(steps.method, StepMethod::kApi);
  ASSERT_EQ(steps.steps.size(), 2U);
  EXPECT_EQ(steps.steps[0].number, 5);
  EXPECT_EQ(steps.steps[1].end_ns, 3000000);
}

TEST_F(StepsTest, FollowTheOutermostStepRange) {
  const ProcessSteps steps = steps_of(process("run", R"(
    range start_ns=10ms dur_ns=8ms name="iteration 3" source=2
    range start_ns=11ms dur_ns=1ms name=step source=2
    range start_ns=20ms dur_ns=8ms name="iteration 4" source=2
    range start_ns=21ms dur_ns=1ms name=step source=2
  )"));
  EXPECT_EQ(steps.method, StepMethod::kNvtx);
  ASSERT_EQ(steps.steps.size(), 2U);
  EXPECT_EQ(steps.steps[0].number, 3);
  EXPECT_EQ(steps.steps[0].duration_ns(), 10000000);  // start to start
  EXPECT_EQ(steps.steps[1].end_ns, 28000000);         // the last one ends with its range
}

TEST_F(StepsTest, AreNotTheSpansOfTheirKernels) {
  const ProcessSteps steps = steps_of(process("run", R"(
    lane 2 annotation "GPU 0 stream 7 annotations"
    step start_ns=1ms index=4 source=4
    step start_ns=2ms index=5 source=4
    step start_ns=3ms index=6 source=4
    range lane=2 start_ns=1500us dur_ns=1ms name=ProfilerStep#5
    range lane=2 start_ns=2500us dur_ns=1ms name=ProfilerStep#6
  )"));
  EXPECT_EQ(steps.method, StepMethod::kProfiler);
  ASSERT_EQ(steps.steps.size(), 2U);
  EXPECT_EQ(steps.steps[0].begin_ns, 1000000);
}

TEST_F(StepsTest, AreFoundInEveryWayAJobCanSayThem) {
  for (const auto& [by, method] :
       {std::pair("api", StepMethod::kApi), std::pair("nvtx", StepMethod::kNvtx),
        std::pair("profiler", StepMethod::kProfiler), std::pair("optimizer", StepMethod::kOptimizer)}) {
    const ProcessSteps steps = steps_of(job(by, std::string("steps=30 steps_by=") + by));
    EXPECT_EQ(steps.method, method);
    EXPECT_GE(steps.steps.size(), 29U) << by;
    EXPECT_GT(steps.confidence, 0.8);
  }
}

TEST_F(StepsTest, FollowTheRarerOfTwoOptimizers) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += "step start_ns=" + std::to_string(i) + "ms index=" + std::to_string(i) +
            " source=3 name=" + (i % 5 == 4 ? "Generator" : "Critic") + "\n";
  }
  const ProcessSteps steps = steps_of(process("run", text));
  EXPECT_EQ(steps.steps.size(), 11U);
  EXPECT_LT(steps.confidence, 0.9);
  EXPECT_THAT(steps.detail, ::testing::HasSubstr("several optimizers"));
}

TEST_F(StepsTest, MayRunOnAnotherThreadThanMain) {
  const ProcessSteps steps = steps_of(process("run", R"(
    lane 2 thread trainer tid=107
    step lane=2 start_ns=1ms source=1
    step lane=2 start_ns=2ms source=1
    step lane=2 start_ns=3ms source=1
    step lane=1 start_ns=1ms source=1
  )"));
  EXPECT_EQ(steps.lane, 1U);
  EXPECT_EQ(steps.steps.size(), 2U);
}

TEST_F(StepsTest, CutTheWarmUp) {
  const ProcessSteps steps = steps_of(job("run", "steps=12 steps_by=api warmup.extra=50ms"));
  EXPECT_EQ(classes(steps), "wtttttttttt");
}

// As a profile of one active step is imported: boundaries carry the number of the step that ends there.
TEST_F(StepsTest, TheOnlyStepIsATrainStepWhereTheProfilerHadSkippedSome) {
  const ProcessSteps one = steps_of(process("run", R"(
    step start_ns=1ms index=5 source=4
    step start_ns=9ms index=6 source=4
  )"));
  EXPECT_EQ(classes(one), "t");
  EXPECT_LT(one.confidence, 0.65) << "nothing says that it is an ordinary one";
  EXPECT_THAT(one.detail, ::testing::HasSubstr("the only step"));
  EXPECT_THAT(one.detail, ::testing::HasSubstr("skipped 6 before it"));
  EXPECT_EQ(classes(steps_of(process("first", R"(
    step start_ns=1ms index=-1 source=4
    step start_ns=9ms index=0 source=4
  )"))),
            "w")
      << "nothing ran before it";
  EXPECT_EQ(classes(steps_of(process("two", R"(
    step start_ns=1ms index=5 source=4
    step start_ns=9ms index=6 source=4
    step start_ns=17ms index=7 source=4
  )"))),
            "wt");
  EXPECT_EQ(classes(steps_of(process("api", R"(
    step start_ns=1ms index=6 source=1
    step start_ns=9ms index=7 source=1
  )"))),
            "w")
      << "a program's own number tells nothing about a schedule";
}

TEST_F(StepsTest, CutAWarmUpOfSeveralSteps) {
  std::string text;
  int64_t at = 0;
  for (const int ms : {90, 60, 30, 10, 10, 11, 10, 10, 10, 10, 10, 11, 10, 10}) {
    text += "step start_ns=" + std::to_string(at) + "ms source=1\n";
    at += ms;
  }
  EXPECT_EQ(classes(steps_of(process("run", text))), "wwwtttttttttt");
}

TEST_F(StepsTest, KeepCheckpointsEvaluationsAndEpochsApart) {
  const std::string seen = classes(steps_of(
      job("run", "steps=41 steps_per_epoch=20 checkpoint.every=10 checkpoint=20ms eval.every=16 eval=30ms")));
  EXPECT_EQ(seen.size(), 40U);
  EXPECT_EQ(seen[0], 'w');
  EXPECT_EQ(seen[9], 'c');
  EXPECT_EQ(seen[15], 'v');
  EXPECT_EQ(seen[19], 'c');  // a checkpoint and the start of an epoch
  EXPECT_EQ(seen[31], 'v');
  EXPECT_EQ(seen[39], 'c');
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 't'), 40 - 7);
}

TEST_F(StepsTest, CallTrainingWhatMostStepsDo) {
  const std::string seen = classes(steps_of(job("run", "steps=30 checkpoint.every=1 checkpoint=5ms")));
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 't'), 28);
}

TEST_F(StepsTest, AreNoneWithoutMarks) {
  const ProcessSteps steps = steps_of(process("run", "range start_ns=1ms dur_ns=1ms name=work\n"));
  EXPECT_TRUE(steps.steps.empty());
  EXPECT_EQ(steps.method, StepMethod::kNone);
  EXPECT_THAT(steps.detail, ::testing::HasSubstr("no step marks"));
}

TEST_F(StepsTest, AreNoneFromOneBoundary) {
  EXPECT_TRUE(steps_of(process("run", "step start_ns=1ms source=1\n")).steps.empty());
}

TEST_F(StepsTest, SurviveDuplicateAndUnorderedBoundaries) {
  const ProcessSteps steps = steps_of(process("run", R"(
    step start_ns=3ms source=1
    step start_ns=1ms source=1
    step start_ns=3ms source=1
    step start_ns=2ms source=1
  )"));
  ASSERT_EQ(steps.steps.size(), 2U);
  EXPECT_EQ(steps.steps[0].begin_ns, 1000000);
}

TEST_F(StepsTest, AreNotLookedForInWorkers) {
  const auto run = job("run", "steps=10");
  Result<Steps> steps = find_steps(run, {});
  ASSERT_TRUE(steps.ok());
  EXPECT_GT(run.processes().size(), 1U);
  EXPECT_EQ(steps.value().processes.size(), 1U);
}

}  // namespace
}  // namespace stepscope::analysis
