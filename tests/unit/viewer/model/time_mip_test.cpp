// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/time_mip.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/random_rows.hpp"

namespace stepscope::viewer {
namespace {

using testing::brute_busy;
using testing::PlainEvent;
using testing::random_events;
using testing::sealed_row;

TEST(TimeMip, BusyFractionOfWhatWasReadIsThatOfBruteForceAtEveryZoom) {
  for (const uint64_t seed : {1U, 2U, 3U, 4U}) {
    std::mt19937_64 random(seed);
    const std::vector<PlainEvent> events = random_events(random, 2000, 3.0 + static_cast<double>(seed));
    const EventRow row = sealed_row(events);
    ASSERT_FALSE(row.mip().empty());
    const int64_t begin = events.front().start;
    const int64_t span = events.back().end() - begin;
    for (int trial = 0; trial < 400; ++trial) {
      const int64_t length = std::max(row.mip().base_bucket_ns(), span >> (random() % 12));
      const int64_t at = begin + static_cast<int64_t>(random() % static_cast<uint64_t>(span));
      const MipCell cell = row.mip().read(at, at + length);
      if (at >= events.back().end()) {
        continue;
      }
      ASSERT_LE(cell.begin_ns, at);
      ASSERT_GE(cell.end_ns, std::min(at + length, events.back().end()));
      const double expected = static_cast<double>(brute_busy(events, cell.begin_ns, cell.end_ns)) /
                              static_cast<double>(cell.end_ns - cell.begin_ns);
      ASSERT_NEAR(cell.busy, expected, 1.0 / 255) << "seed " << seed << " trial " << trial;
    }
  }
}

TEST(TimeMip, SnapsToAtMostThreeBucketsNoLongerThanTheInterval) {
  std::mt19937_64 random(7);
  const std::vector<PlainEvent> events = random_events(random, 3000, 5);
  const EventRow row = sealed_row(events);
  for (int trial = 0; trial < 500; ++trial) {
    const int64_t length = row.mip().base_bucket_ns() + testing::log_uniform(random, 8);
    const int64_t at = events[random() % events.size()].start;
    const MipCell cell = row.mip().read(at, at + length);
    EXPECT_LE(cell.end_ns - cell.begin_ns, 3 * length);
  }
}

TEST(TimeMip, ABucketTouchedByAnyEventIsNeverEmpty) {
  std::vector<PlainEvent> events;
  for (int i = 0; i < 64; ++i) {
    events.push_back({int64_t{1'000'000'000} * i, i % 2, 1});  // 0 or 1 ns in a second
  }
  const EventRow row = sealed_row(events);
  for (const PlainEvent& event : events) {
    const MipCell cell = row.mip().read(event.start, event.start + row.mip().base_bucket_ns());
    EXPECT_GT(cell.busy, 0) << event.start;
    EXPECT_EQ(cell.category, Category::kCompute);
    EXPECT_EQ(cell.name, 1U);
  }
}

TEST(TimeMip, LeadingCategoryIsTheOneWithMostTimeAtEveryLevel) {
  // Backward runs longer in sum though every single forward is longer.
  std::vector<PlainEvent> events;
  int64_t at = 0;
  for (int i = 0; i < 512; ++i) {
    events.push_back({at, 300, 1});
    for (int k = 0; k < 4; ++k) {
      events.push_back({at + 300 + 100 * k, 100, 2});
    }
    at += 700;
  }
  const EventRow row = sealed_row(events);
  for (int64_t length = 8 * 700; length < at / 2; length *= 2) {
    const MipCell cell = row.mip().read(at / 3, at / 3 + length);
    EXPECT_EQ(cell.category, Category::kBackward) << length;
  }
}

TEST(TimeMip, OutsideOfTheRowThereIsNothing) {
  std::mt19937_64 random(9);
  const std::vector<PlainEvent> events = random_events(random, 500, 4);
  const EventRow row = sealed_row(events);
  EXPECT_EQ(row.mip().read(0, 1000).busy, 0);
  const int64_t end =
      row.mip().origin_ns() + static_cast<int64_t>(row.mip().bucket_count(0)) * row.mip().base_bucket_ns();
  EXPECT_EQ(row.mip().read(end, end + 1000).busy, 0);
}

TEST(TimeMip, AnOverviewBecomesAMipOfTheSameShape) {
  const std::vector<uint16_t> busy{65535, 0, 32768, 65535};
  const std::vector<uint32_t> leading{1, 0, 2, 1};
  const TimeMip mip = TimeMip::from_overview(1000, 1'000'000, busy, leading, testing::some_categories());
  EXPECT_EQ(mip.read(1000, 1000 + 500'000).category, Category::kCompute);
  EXPECT_NEAR(mip.read(1000 + 100'000, 1000 + 200'000).busy, 1.0, 0.1);  // buckets are resampled
  EXPECT_LT(mip.read(1000 + 1'300'000, 1000 + 1'400'000).busy, 0.1);
  EXPECT_TRUE(TimeMip::from_overview(0, 0, busy, leading, {}).empty());
}

}  // namespace
}  // namespace stepscope::viewer
