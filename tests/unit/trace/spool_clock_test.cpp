// SPDX-License-Identifier: Apache-2.0
//
// Events that another clock stamped, and lanes of threads that others write about.
#include <time.h>

#include <gmock/gmock.h>

#include "tests/unit/trace/spool_fixture.hpp"

namespace stepscope::trace {
namespace {

using testing::ElementsAre;

// A GPU clock 1000 s ahead of the raw one.
constexpr int64_t kAhead = 1'000'000'000'000;

int64_t raw_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
int64_t gpu_now() noexcept {
  return raw_now() + kAhead;
}

class SpoolClock : public SpoolTest {
 protected:
  bool push_kernel(int64_t start_ns, int64_t dur_ns, Clock clock) {
    const int64_t values[] = {start_ns, dur_ns, 0, 0, 7, 1, 0, 0, 1, 0};
    return spool_.push(ring_, Kind::kKernel, 0, values, 10, clock);
  }

  void SetUp() override {
    SpoolTest::SetUp();
    ring_ = spool_.acquire_ring(1, "t", 1);
    ASSERT_NE(ring_, nullptr);
  }

  Ring* ring_ = nullptr;
};

TEST_F(SpoolClock, TimesOfTheGpuComeOutInTheClockOfTheHost) {
  spool_.set_cupti_clock(gpu_now);
  spool_.anchor();
  const int64_t at = raw_now();
  ASSERT_TRUE(push_kernel(at + kAhead, 5000, Clock::kCupti));
  ASSERT_TRUE(push_kernel(at, 5000, Clock::kMonotonicRaw));
  spool_.drain();
  ASSERT_TRUE(push_kernel(at + kAhead, 5000, Clock::kCupti));  // stays in the ring
  spool_.anchor();
  die();
  const KeepingVisitor got = read();
  const std::vector<int64_t> starts = got.column(Kind::kKernel, 0);
  ASSERT_EQ(starts.size(), 3U);
  for (const int64_t start : starts) {
    EXPECT_NEAR(static_cast<double>(start - at), 0.0, 20'000.0);
  }
  for (const int64_t dur : got.column(Kind::kKernel, 1)) {
    EXPECT_EQ(dur, 5000);
  }
}

TEST_F(SpoolClock, AnAnchorThatComesAfterTheEventsCountsForThem) {
  const int64_t at = raw_now();
  ASSERT_TRUE(push_kernel(at + kAhead, 10, Clock::kCupti));
  spool_.drain();
  spool_.set_cupti_clock(gpu_now);
  spool_.anchor();
  die();
  EXPECT_NEAR(static_cast<double>(read().column(Kind::kKernel, 0).at(0) - at), 0.0, 20'000.0);
}

TEST_F(SpoolClock, AnchorsReadTheClockOnlyWhileItIsSet) {
  spool_.anchor();
  spool_.set_cupti_clock(gpu_now);
  spool_.anchor();
  spool_.set_cupti_clock(nullptr);
  spool_.anchor();
  die();
  const KeepingVisitor got = read();
  ASSERT_EQ(got.anchors.size(), 3U);
  EXPECT_EQ(got.anchors[0].cupti_ns, 0);
  EXPECT_NEAR(static_cast<double>(got.anchors[1].cupti_ns - got.anchors[1].monotonic_raw_ns - kAhead), 0.0,
              20'000.0);
  EXPECT_EQ(got.anchors[2].cupti_ns, 0);
}

TEST_F(SpoolClock, ATimeThatWasNeverStampedStaysZero) {
  spool_.set_cupti_clock(gpu_now);
  spool_.anchor();
  ASSERT_TRUE(push_kernel(0, 0, Clock::kCupti));
  die();
  EXPECT_THAT(read().column(Kind::kKernel, 0), ElementsAre(0));
}

using SpoolThreadLanes = SpoolClock;

TEST_F(SpoolThreadLanes, AThreadHasOneLaneWhoeverAsksFirst) {
  const uint32_t before = spool_.thread_lane(42, "launcher");
  EXPECT_EQ(spool_.thread_lane(42, ""), before);
  Ring* ring = spool_.acquire_ring(42, "trainer", 1);
  ASSERT_NE(ring, nullptr);
  const int64_t values[] = {1, 0, 0, 0, 1, 0, 0};
  ASSERT_TRUE(spool_.push(ring, Kind::kInstant, 0, values, 7));
  EXPECT_EQ(spool_.thread_lane(42, ""), before);
  die();
  const KeepingVisitor got = read();
  ASSERT_EQ(got.events.size(), 1U);
  EXPECT_EQ(got.events[0].lane, before);
  EXPECT_EQ(got.lanes.at(before).tid, 42U);
  EXPECT_EQ(got.lanes.at(before).name, "launcher");
}

// Entries that are free or were taken over have number 0 too.
TEST_F(SpoolThreadLanes, NumberZeroIsNoThread) {
  const uint32_t lane = spool_.thread_lane(42, "launcher");
  ASSERT_NE(spool_.acquire_ring(42, "", 1), nullptr);
  EXPECT_EQ(spool_.thread_lane(0, ""), 0U);
  EXPECT_EQ(spool_.thread_lane(42, ""), lane);
}

TEST_F(SpoolThreadLanes, AnEndedThreadKeepsItsLaneUntilItsNumberIsUsedAgain) {
  Ring* first = spool_.acquire_ring(42, "first", 1);
  const uint32_t lane = spool_.thread_lane(42, "");
  spool_.release_ring(first);
  spool_.drain();
  EXPECT_EQ(spool_.thread_lane(42, ""), lane);
  Ring* second = spool_.acquire_ring(42, "second", 1);
  ASSERT_NE(second, nullptr);
  EXPECT_NE(spool_.thread_lane(42, ""), lane);
}

}  // namespace
}  // namespace stepscope::trace
