// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/set_up.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "collector/clock.hpp"
#include "tests/unit/collector/spool_in_child.hpp"

namespace stepscope::collector::nccl {
namespace {

constexpr uint64_t kId = 0xABC;
constexpr Arrival kOnItsThread = {.id = kId, .init_ns = 500, .call = 7};
constexpr Arrival kElsewhere = {.id = kId, .init_ns = 500, .call = 0};

SetupCall open(uint32_t number, int64_t start) {
  return {number, false, 0, start, 0, 1};
}
SetupCall over(uint32_t number, uint64_t comm, int64_t start, int64_t end) {
  return {number, false, comm, start, end, 1};
}

// The number of the call found; 0 = none, -1 = wait.
int64_t joined(const Arrival& arrival, const std::vector<SetupCall>& calls) {
  SetupCall found;
  switch (join_call(arrival, calls.data(), calls.size(), found)) {
    case Join::kWait:
      return -1;
    case Join::kNone:
      return 0;
    case Join::kFound:
      return found.number;
  }
  return -2;
}

TEST(SetUp, TheCallOnWhoseThreadInitCame) {
  EXPECT_EQ(joined(kOnItsThread, {open(7, 100)}), -1);
  EXPECT_EQ(joined(kOnItsThread, {over(6, kId, 100, 900), over(7, 0, 100, 900)}), 7);
  EXPECT_EQ(joined(kOnItsThread, {over(6, kId, 100, 900)}), 0)
      << "it is not kept any more; the other is not it";
  EXPECT_EQ(joined(kOnItsThread, {open(6, 100), over(7, 0, 100, 900)}), 7) << "nothing else is waited for";
}

TEST(SetUp, TheCallThatReturnedTheCommunicator) {
  EXPECT_EQ(joined(kElsewhere, {over(3, 0x111, 100, 900), over(4, kId, 100, 900)}), 4);
  EXPECT_EQ(joined(kElsewhere, {over(4, 0, 100, 900)}), 0) << "up to NCCL 2.24 the range does not say it";
}

TEST(SetUp, ACallThatDoesNotEncloseInitIsNotTheOne) {
  EXPECT_EQ(joined(kElsewhere, {over(4, kId, 100, 499)}), 0) << "a non-blocking one returns first";
  EXPECT_EQ(joined(kElsewhere, {over(4, kId, 501, 900)}), 0);
  EXPECT_EQ(joined(kElsewhere, {over(4, kId, 500, 500)}), 4);
}

TEST(SetUp, ACallThatMayStillTurnOutToBeTheOneIsWaitedFor) {
  EXPECT_EQ(joined(kElsewhere, {open(4, 100)}), -1);
  EXPECT_EQ(joined(kElsewhere, {over(3, kId, 100, 900), open(4, 100)}), -1)
      << "it may be of the same communicator";
  EXPECT_EQ(joined(kElsewhere, {open(4, 501)}), 0) << "it began later";
}

TEST(SetUp, WhereSeveralCouldBeMeantNoneIs) {
  EXPECT_EQ(joined(kElsewhere, {over(3, kId, 100, 900), over(4, kId, 100, 900)}), 0);
  SetupCall of_two = over(3, kId, 100, 900);
  of_two.inits = 2;
  EXPECT_EQ(joined(kElsewhere, {of_two}), 0);
  of_two.all_ranks = true;
  EXPECT_EQ(joined(kElsewhere, {of_two}), 3);
}

TEST(SetUp, ACallThatHangsIsNotWaitedForForEver) {
  EXPECT_FALSE(is_due(Join::kWait, 500, 500 + kPatienceNs));
  EXPECT_TRUE(is_due(Join::kWait, 500, 501 + kPatienceNs));
  EXPECT_TRUE(is_due(Join::kNone, 500, 500));
  EXPECT_TRUE(is_due(Join::kFound, 500, 500));
}

// As a process that makes many communicators in one group: none of their records is lost in a ring that is too small for all.
TEST(SetUp, RecordsAreWrittenInPortionsThatFit) {
  const testing::SpoolContents contents = spool_in_child([] {
    EventStore& store = *make_event_store();
    for (Communicator& communicator : store.communicators) {
      communicator.id = index_of(store, communicator) + 1;
      communicator.record.store(RecordState::kWaits);
      store.waiting.fetch_add(1);
    }
    constexpr size_t kSmallestRing = size_t{64} << 10U;
    trace::Ring* ring = spool().acquire_ring(1, "drain", kSmallestRing);
    while (write_arrivals(store, ring, false)) {
      spool().drain();
    }
  });
  EXPECT_EQ(contents.of(trace::Kind::kCommunicator).size(), size_t{kMaxCommunicators});
  EXPECT_TRUE(contents.losses.empty());
}

// Whoever had the lock on the calls may be gone with it.
TEST(SetUp, ALockThatIsNeverLetGoOfIsNotWaitedForForEver) {
  const testing::SpoolContents contents = spool_in_child([] {
    EventStore& store = *make_event_store();
    store.communicators[0].record.store(RecordState::kWaits);
    store.communicators[0].init_ns = now_ns() - kPatienceNs - 1;
    store.communicators[1].record.store(RecordState::kWaits);
    store.communicators[1].init_ns = now_ns();
    store.waiting.store(2);
    detail::g_setup_lock.store(true);
    write_arrivals(store, spool().acquire_ring(1, "drain", 1), false);
  });
  EXPECT_EQ(contents.of(trace::Kind::kCommunicator).size(), 1U);
}

TEST(SetUp, WithoutCallsNothingIsKnown) {
  EXPECT_EQ(joined(kElsewhere, {}), 0);
  EXPECT_EQ(joined(kOnItsThread, {}), 0);
}

}  // namespace
}  // namespace stepscope::collector::nccl
