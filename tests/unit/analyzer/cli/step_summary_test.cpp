// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/step_summary.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

ProcessSteps steps_of(const std::vector<int64_t>& durations, StepClass step_class) {
  ProcessSteps process;
  int64_t now = 1000;
  for (const int64_t duration : durations) {
    Step step;
    step.begin_ns = now;
    step.end_ns = now += duration;
    step.step_class = step_class;
    process.steps.push_back(step);
  }
  return process;
}

TEST(StepSummary, NothingGivesNothing) {
  EXPECT_TRUE(summarize_classes({}).empty());
}

TEST(StepSummary, OneStepIsEveryStatistic) {
  const std::vector<ProcessSteps> processes{steps_of({7}, StepClass::kEval)};
  const std::vector<ClassSummary> classes = summarize_classes(processes);
  ASSERT_EQ(classes.size(), 1U);
  EXPECT_EQ(classes[0].step_class, StepClass::kEval);
  EXPECT_EQ(classes[0].mean_ns, 7);
  EXPECT_EQ(classes[0].median_ns, 7);
  EXPECT_EQ(classes[0].p95_ns, 7);
}

TEST(StepSummary, PercentilesAreValuesThatOccurred) {
  std::vector<int64_t> durations;
  for (int64_t i = 100; i >= 1; --i) {
    durations.push_back(i);
  }
  const std::vector<ProcessSteps> processes{steps_of(durations, StepClass::kTrain)};
  const ClassSummary train = summarize_classes(processes)[0];
  EXPECT_EQ(train.median_ns, 50);
  EXPECT_EQ(train.p95_ns, 95);
  EXPECT_EQ(train.min_ns, 1);
  EXPECT_EQ(train.max_ns, 100);
  EXPECT_EQ(train.mean_ns, 51) << "50.5 is rounded up";
}

TEST(StepSummary, RanksAreTakenTogetherAndClassesApart) {
  const std::vector<ProcessSteps> processes{steps_of({10, 20}, StepClass::kTrain),
                                            steps_of({30}, StepClass::kTrain),
                                            steps_of({99}, StepClass::kWarmup)};
  const std::vector<ClassSummary> classes = summarize_classes(processes);
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0].steps, 3U);
  EXPECT_EQ(classes[0].mean_ns, 20);
  EXPECT_EQ(classes[1].step_class, StepClass::kWarmup);
}

}  // namespace
}  // namespace stepscope::analysis::cli
