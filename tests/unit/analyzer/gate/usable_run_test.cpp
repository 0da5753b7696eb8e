// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/usable_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/gate/simulated_runs.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

TEST(UsableRun, SaysTheWorstFirst) {
  RunSummary run = SimulatedRuns({}, 1).one("a");
  Policy policy;
  EXPECT_EQ(why_unusable(run, policy), "");
  run.train_steps = 9;
  EXPECT_EQ(why_unusable(run, policy), "it has 9 train steps after warm-up, 10 are needed");
  run.train_steps = 0;
  EXPECT_EQ(why_unusable(run, policy), "it has no train steps");
  run.complete = false;
  EXPECT_THAT(why_unusable(run, policy), HasSubstr("did not come to its end"));
  run.losses = {"7 records"};
  EXPECT_EQ(why_unusable(run, policy), "it lost data: 7 records");
  run.blocking = {"the clock jumped"};
  EXPECT_EQ(why_unusable(run, policy), "the clock jumped");
  policy.ignore_data_loss = policy.ignore_incomplete = true;
  EXPECT_EQ(why_unusable(run, policy), "the clock jumped") << "no policy makes up for that";
}

}  // namespace
}  // namespace stepscope::analysis
