// SPDX-License-Identifier: Apache-2.0
// The tasks of a loader in flight: remembered by number, until another takes the place.
#include "collector/sources/python/loader_state.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "trace/kinds.hpp"

namespace stepscope::collector::python {
namespace {

class LoaderStateTest : public ::testing::Test {
 protected:
  LoaderState& make(int64_t in_flight) {
    const uint32_t slots = LoaderState::slots_for(in_flight);
    memory_.assign(LoaderState::bytes(slots) / sizeof(int64_t) + 1, -1);
    auto* state = reinterpret_cast<LoaderState*>(memory_.data());
    *state = {.loader = 1, .epoch = 0, .workers = 2, .flags = 0, .in_order = true, .slots = slots};
    state->begin();
    return *state;
  }

 private:
  std::vector<int64_t> memory_;
};

TEST_F(LoaderStateTest, HasRoomForTwiceWhatIsInFlight) {
  EXPECT_EQ(LoaderState::slots_for(0), 16u);
  EXPECT_EQ(LoaderState::slots_for(8), 16u);
  EXPECT_EQ(LoaderState::slots_for(9), 32u);
  EXPECT_EQ(LoaderState::slots_for(1'000'000), 4096u);
  EXPECT_EQ(LoaderState::slots_for(-5), 16u);
}

TEST_F(LoaderStateTest, CountsForItselfWhereEveryBatchPutsATaskAndAsksNowAndThen) {
  LoaderState& state = make(4);
  EXPECT_TRUE(state.may_count_on(1));
  EXPECT_TRUE(state.may_count_on(63));
  EXPECT_FALSE(state.may_count_on(64));
  EXPECT_FALSE(state.may_count_on(-1));
  state.flags = trace::kBatchIterable;
  state.begin();
  EXPECT_FALSE(state.may_count_on(1)) << "workers end one by one";
  state.flags = 0;
  state.in_order = false;
  state.begin();
  EXPECT_FALSE(state.may_count_on(1));
}

TEST_F(LoaderStateTest, RemembersATaskByItsNumber) {
  LoaderState& state = make(4);
  EXPECT_EQ(state.find(3), nullptr);
  state.claim(3)->dispatched_ns = 30;
  state.claim(3)->arrived_ns = 33;
  ASSERT_NE(state.find(3), nullptr);
  EXPECT_EQ(state.find(3)->dispatched_ns, 30);
  EXPECT_EQ(state.find(3)->arrived_ns, 33);
  EXPECT_EQ(state.find(3)->worker, -1);
}

TEST_F(LoaderStateTest, ForgetsATaskWhosePlaceIsTaken) {
  LoaderState& state = make(4);
  state.claim(3)->dispatched_ns = 30;
  LoaderTask* later = state.claim(3 + state.slots);
  EXPECT_EQ(later->dispatched_ns, 0) << "the other task's times are not its own";
  EXPECT_EQ(state.find(3), nullptr);
}

TEST_F(LoaderStateTest, OutOfOrderASlowTaskKeepsItsPlace) {
  LoaderState& state = make(4);
  state.in_order = false;
  state.claim(3)->dispatched_ns = 30;
  state.claim(3 + state.slots)->dispatched_ns = 31;
  state.claim(3 + 2 * state.slots)->dispatched_ns = 32;
  EXPECT_EQ(state.find(3)->dispatched_ns, 30);
  EXPECT_EQ(state.find(3 + state.slots)->dispatched_ns, 31);
  state.find(3)->number = -1;  // handed over
  EXPECT_EQ(state.find(3 + 2 * state.slots)->dispatched_ns, 32);
  for (int64_t number = 1000; number < 2000; ++number) {  // never handed over, as far as we saw
    EXPECT_NE(state.claim(number), nullptr);
    EXPECT_NE(state.find(number), nullptr);
  }
}

TEST_F(LoaderStateTest, HasNoPlaceForNumbersThatAreNone) {
  LoaderState& state = make(4);
  EXPECT_EQ(state.claim(-1), nullptr);
  EXPECT_EQ(state.find(-1), nullptr) << "an empty place is no task";
}

TEST_F(LoaderStateTest, ANewEpochKnowsNoTaskOfTheLast) {
  LoaderState& state = make(4);
  (void)state.claim(0);
  state.next_task = state.received = state.sent = state.out_of_order = 9;
  state.begin();
  EXPECT_EQ(state.find(0), nullptr);
  EXPECT_EQ(state.next_task + state.received + state.sent + state.out_of_order, 0);
  EXPECT_GT(state.begun_ns, 0);
  EXPECT_EQ(state.last_arrived, -1);
}

}  // namespace
}  // namespace stepscope::collector::python
