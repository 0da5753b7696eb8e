// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/graph_policy.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace stepscope::collector::cupti {
namespace {

using Turn = GraphPolicy::Turn;

class CuptiGraphPolicy : public ::testing::Test {
 protected:
  // Launches until the switch turns; how many launches that took, 0 when it did not within 100.
  int launches_until_turn(uint64_t graph) {
    for (int i = 1; i <= 100; ++i) {
      if (policy_->on_launch(graph) != Turn::kNone) {
        return i;
      }
    }
    return 0;
  }

  std::unique_ptr<GraphPolicy> policy_ = std::make_unique<GraphPolicy>();
};

TEST_F(CuptiGraphPolicy, TheFirstLaunchesAreRecordedNodeByNode) {
  EXPECT_EQ(launches_until_turn(7),
            static_cast<int>(GraphPolicy::kNodeLaunches + GraphPolicy::kSteadyLaunches));
  EXPECT_TRUE(policy_->at_launches());
  EXPECT_EQ(policy_->expected(), 1U);
}

TEST_F(CuptiGraphPolicy, ANewGraphIsSeenNodeByNodeFromItsFirstLaunchOn) {
  ASSERT_GT(launches_until_turn(7), 0);
  EXPECT_EQ(policy_->on_launch(8), Turn::kToNodes);
  EXPECT_FALSE(policy_->at_launches());
  for (uint32_t i = 1; i < GraphPolicy::kNodeLaunches; ++i) {
    EXPECT_EQ(policy_->on_launch(8), Turn::kNone);
  }
  EXPECT_GT(launches_until_turn(8), 0);
}

TEST_F(CuptiGraphPolicy, AJobThatAlwaysMakesNewGraphsStaysNodeByNode) {
  for (uint64_t graph = 1; graph < 500; ++graph) {
    EXPECT_EQ(policy_->on_launch(graph), Turn::kNone);
  }
}

TEST_F(CuptiGraphPolicy, TheSwitchIsNotTurnedForEver) {
  uint32_t turns = 0;
  for (uint64_t graph = 1; graph < 400; ++graph) {
    for (int i = 0; i < 12; ++i) {
      turns += policy_->on_launch(graph) != Turn::kNone ? 1U : 0U;
    }
  }
  EXPECT_EQ(turns, GraphPolicy::kMaxTurns);
}

TEST_F(CuptiGraphPolicy, GivingUpMeansNodeByNode) {
  ASSERT_GT(launches_until_turn(7), 0);
  policy_->give_up();
  EXPECT_FALSE(policy_->at_launches());
  EXPECT_EQ(launches_until_turn(7), 0);
}

TEST_F(CuptiGraphPolicy, MoreGraphsThanItCanRemember) {
  for (uint64_t graph = 1; graph < 3 * GraphPolicy::kGraphs; ++graph) {
    (void)policy_->on_launch(graph);
  }
  EXPECT_EQ(policy_->launches(), 3 * GraphPolicy::kGraphs - 1);
}

}  // namespace
}  // namespace stepscope::collector::cupti
