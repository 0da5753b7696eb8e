// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/event_row.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/random_rows.hpp"

namespace stepscope::viewer {
namespace {

using testing::brute_busy;
using testing::PlainEvent;
using testing::random_events;
using testing::sealed_row;

TEST(EventRow, GivesBackWhatWasAppendedLongDurationsIncluded) {
  const std::vector<PlainEvent> events{{0, 5, 1},
                                       {10, 4'294'967'294, 2},
                                       {4'300'000'000, 4'294'967'295, 3},
                                       {9'000'000'000, 3'600'000'000'000, 4},
                                       {4'000'000'000'000, 0, 5}};
  const EventRow row = sealed_row(events);
  ASSERT_EQ(row.size(), events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(row.start(i), events[i].start);
    EXPECT_EQ(row.duration(i), events[i].duration);
    EXPECT_EQ(row.name(i), events[i].name);
  }
}

TEST(EventRow, GallopingFindsTheSameAsAScanFromAnyHint) {
  std::mt19937_64 random(11);
  const std::vector<PlainEvent> events = random_events(random, 300, 3);
  const EventRow row = sealed_row(events);
  for (int trial = 0; trial < 3000; ++trial) {
    const int64_t t = events[random() % events.size()].start + static_cast<int64_t>(random() % 7) - 3;
    const size_t hint = random() % (events.size() + 2);
    size_t expected = 0;
    while (expected < events.size() && events[expected].start < t) {
      ++expected;
    }
    ASSERT_EQ(row.first_starting_at(t, hint), expected);
    expected = 0;
    while (expected < events.size() && events[expected].start < t && events[expected].end() <= t) {
      ++expected;
    }
    ASSERT_EQ(row.first_ending_after(t, hint), expected);
  }
}

TEST(EventRow, BusyIsExactForAnyInterval) {
  std::mt19937_64 random(12);
  const std::vector<PlainEvent> events = random_events(random, 400, 4);
  const EventRow row = sealed_row(events);
  const int64_t begin = events.front().start - 100;
  const auto span = static_cast<uint64_t>(events.back().end() - begin + 200);
  for (int trial = 0; trial < 3000; ++trial) {
    int64_t low = begin + static_cast<int64_t>(random() % span);
    int64_t high = begin + static_cast<int64_t>(random() % span);
    if (low > high) {
      std::swap(low, high);
    }
    ASSERT_EQ(row.busy(low, high), brute_busy(events, low, high));
  }
  EXPECT_EQ(row.busy(5, 5), 0);
}

TEST(EventRow, AnEmptyRowAnswersEverything) {
  EventRow row;
  row.seal({});
  EXPECT_EQ(row.size(), 0U);
  EXPECT_EQ(row.first_starting_at(5), 0U);
  EXPECT_EQ(row.first_ending_after(5), 0U);
  EXPECT_EQ(row.busy(0, 100), 0);
}

TEST(EventRow, StaysWithinTwentyBytesPerEvent) {
  std::mt19937_64 random(13);
  for (const double decades : {0.5, 2.0, 5.0}) {
    for (const size_t count : {size_t{70}, size_t{1000}, size_t{100'000}}) {
      const EventRow row = sealed_row(random_events(random, count, decades));
      const double fixed = 2048;  // vectors' own headers: constant per row
      EXPECT_LE((static_cast<double>(row.resident_bytes()) - fixed) / static_cast<double>(count), 20.0)
          << count << " events, " << decades << " decades";
    }
  }
}

}  // namespace
}  // namespace stepscope::viewer
