// SPDX-License-Identifier: Apache-2.0
#include "trace/clock_map.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace stepscope::trace {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kEpoch = 1'790'000'000 * kSecond;  // a wall clock in 2026

ClockAnchor anchor(int64_t raw_ns, int64_t cupti_ns) {
  ClockAnchor made;
  made.monotonic_raw_ns = raw_ns;
  made.realtime_ns = cupti_ns;
  made.cupti_ns = cupti_ns;
  return made;
}

TEST(ClockMap, WithoutAnchorsTimesStay) {
  EXPECT_EQ(ClockMap().to_raw(12345), 12345);
}

TEST(ClockMap, OneAnchorIsAnOffset) {
  const ClockMap map(std::vector{anchor(5 * kSecond, kEpoch)});
  EXPECT_EQ(map.to_raw(kEpoch), 5 * kSecond);
  EXPECT_EQ(map.to_raw(kEpoch - 7), 5 * kSecond - 7);
  EXPECT_EQ(map.to_raw(kEpoch + 123'456'789), 5 * kSecond + 123'456'789);
}

TEST(ClockMap, ASlewedWallClockIsFollowedPieceByPiece) {
  // One second straight, then NTP lets the wall clock run 400 ppm fast, then straight again.
  const int64_t fast = kSecond + 400'000;
  const ClockMap map(std::vector{anchor(0, kEpoch), anchor(kSecond, kEpoch + kSecond),
                                 anchor(2 * kSecond, kEpoch + kSecond + fast),
                                 anchor(3 * kSecond, kEpoch + 2 * kSecond + fast)});
  EXPECT_EQ(map.to_raw(kEpoch + kSecond / 2), kSecond / 2);
  EXPECT_EQ(map.to_raw(kEpoch + kSecond + fast / 2), kSecond + kSecond / 2);
  EXPECT_EQ(map.to_raw(kEpoch + kSecond + fast + kSecond / 2), 2 * kSecond + kSecond / 2);
  EXPECT_EQ(map.to_raw(kEpoch + 3 * kSecond + fast), 4 * kSecond) << "the last slope goes on";
  EXPECT_EQ(map.jumps(), 0U);
}

TEST(ClockMap, AStepOfTheWallClockIsAJumpAndStretchesNothing) {
  const ClockMap map(std::vector{anchor(0, kEpoch), anchor(kSecond, kEpoch + 61 * kSecond),
                                 anchor(2 * kSecond, kEpoch + 62 * kSecond)});
  EXPECT_EQ(map.jumps(), 1U);
  EXPECT_EQ(map.to_raw(kEpoch + kSecond / 4), kSecond / 4);
  EXPECT_EQ(map.to_raw(kEpoch + 61 * kSecond + 5), kSecond + 5);
}

TEST(ClockMap, AWallClockSetBackIsAJumpToo) {
  const ClockMap map(std::vector{anchor(0, kEpoch), anchor(kSecond, kEpoch - 3600 * kSecond)});
  EXPECT_EQ(map.jumps(), 1U);
  EXPECT_EQ(map.to_raw(kEpoch - 3600 * kSecond + 9), kSecond + 9);
}

TEST(ClockMap, AnAnchorWithoutCuptiStandsForTheWallClock) {
  ClockAnchor plain = anchor(kSecond, kEpoch);
  plain.cupti_ns = 0;
  EXPECT_EQ(ClockMap(std::vector{plain}).to_raw(kEpoch + 1), kSecond + 1);
}

TEST(ClockMap, OrderIsKeptOverAWholeDayOfDrift) {
  std::vector<ClockAnchor> anchors;
  for (int64_t second = 0; second < 86'400; second += 60) {
    const int64_t drift = second * 20'000 + (second / 600 % 2) * 90'000;  // 20 ppm and some wobble
    anchors.push_back(anchor(second * kSecond, kEpoch + second * kSecond + drift));
  }
  const ClockMap map(anchors);
  int64_t before = map.to_raw(kEpoch);
  for (int64_t ns = kEpoch; ns < kEpoch + 86'400 * kSecond; ns += 777'777'777'777) {
    const int64_t now = map.to_raw(ns);
    EXPECT_GE(now, before);
    EXPECT_LE(now, map.to_raw(ns + 1));
    before = now;
  }
}

TEST(ClockMap, WildTimesDoNotOverflow) {
  const ClockMap map(std::vector{anchor(0, kEpoch), anchor(kSecond, kEpoch + kSecond)});
  (void)map.to_raw(INT64_MAX);
  (void)map.to_raw(INT64_MIN);
}

}  // namespace
}  // namespace stepscope::trace
