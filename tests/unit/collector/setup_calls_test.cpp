// SPDX-License-Identifier: Apache-2.0
#include "collector/setup_calls.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/collector/spool_in_child.hpp"

namespace stepscope::collector {
namespace {

class SetupCalls : public ::testing::Test {
 protected:
  void SetUp() override { forget_setup_calls(); }
  void TearDown() override { forget_setup_calls(); }

  static std::vector<SetupCall> all() {
    SetupCall calls[kMaxSetupCalls];
    size_t count = 0;
    EXPECT_TRUE(copy_setup_calls(calls, count));
    return {calls, calls + count};
  }
};

TEST_F(SetupCalls, AreKeptFromBeginningToEnd) {
  const uint32_t first = setup_call_begins(100, false);
  const uint32_t second = setup_call_begins(200, true);
  ASSERT_NE(first, 0U);
  ASSERT_NE(second, first);
  setup_call_ends(first, 0xABC, 300);
  const std::vector<SetupCall> calls = all();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].number, first);
  EXPECT_EQ(calls[0].comm, 0xABCU);
  EXPECT_EQ(calls[0].start_ns, 100);
  EXPECT_EQ(calls[0].end_ns, 300);
  EXPECT_FALSE(calls[0].all_ranks);
  EXPECT_EQ(calls[1].end_ns, 0);
  EXPECT_TRUE(calls[1].all_ranks);
}

TEST_F(SetupCalls, TheOldestThatReturnedMakesRoom) {
  std::vector<uint32_t> numbers;
  for (size_t i = 0; i < kMaxSetupCalls; ++i) {
    numbers.push_back(setup_call_begins(1, false));
  }
  EXPECT_EQ(setup_call_begins(1, false), 0U) << "all are open";
  setup_call_ends(numbers[7], 0, 2);
  setup_call_ends(numbers[5], 0, 2);
  EXPECT_NE(setup_call_begins(3, false), 0U);
  bool has_fifth = false;
  bool has_seventh = false;
  for (const SetupCall& call : all()) {
    has_fifth = has_fifth || call.number == numbers[5];
    has_seventh = has_seventh || call.number == numbers[7];
  }
  EXPECT_FALSE(has_fifth);
  EXPECT_TRUE(has_seventh);
}

TEST_F(SetupCalls, CountTheCommunicatorsThatArriveMeanwhile) {
  const uint32_t first = setup_call_begins(1, false);
  count_init_in_setup_calls();
  (void)setup_call_begins(2, false);
  count_init_in_setup_calls();
  setup_call_ends(first, 0, 3);
  count_init_in_setup_calls();
  EXPECT_EQ(all().at(0).inits, 2U);
  EXPECT_EQ(all().at(1).inits, 2U);
}

TEST_F(SetupCalls, TheEndOfACallThatIsNotKeptChangesNothing) {
  (void)setup_call_begins(1, false);
  setup_call_ends(0, 5, 9);
  setup_call_ends(77, 5, 9);
  EXPECT_EQ(all().at(0).end_ns, 0);
}

TEST_F(SetupCalls, WhatWasOpenBeforeIsLookedAtOnce) {
  EXPECT_EQ(verbs_before_setup(), -1) << "no call yet";
  (void)setup_call_begins(1, false);
  EXPECT_GE(verbs_before_setup(), 0);
}

TEST_F(SetupCalls, WhatCannotBeKeptIsCounted) {
  const auto full = spool_in_child([] {
    for (size_t i = 0; i < kMaxSetupCalls + 3; ++i) {
      (void)setup_call_begins(1, false);
    }
  });
  EXPECT_EQ(full.losses, (std::map<std::string, uint64_t>{{"nccl.setup_call_not_kept", 3}}));
  const auto locked = spool_in_child([] {
    const uint32_t number = setup_call_begins(1, false);
    detail::g_setup_lock.store(true);  // as a fork in the wrong moment leaves it
    (void)setup_call_begins(2, false);
    setup_call_ends(number, 0, 3);
  });
  EXPECT_EQ(locked.losses, (std::map<std::string, uint64_t>{{"nccl.setup_call_not_kept", 2}}));
}

}  // namespace
}  // namespace stepscope::collector
