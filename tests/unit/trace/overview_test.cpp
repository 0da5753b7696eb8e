// SPDX-License-Identifier: Apache-2.0
#include "trace/overview.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/trace/sample_recording.hpp"

namespace stepscope::trace {
namespace {

struct Interval {
  int64_t start;
  int64_t end;
  uint32_t name;
};

// The definition, nanosecond by nanosecond: busy if any interval covers it; its name is that of the covering interval
// that started last (of those that started together, the one added last).
struct Truth {
  std::vector<uint16_t> busy;
  std::vector<std::map<uint32_t, uint64_t>> names;
};

Truth brute_force(const std::vector<Interval>& intervals, const OverviewLevel& level) {
  Truth truth;
  truth.names.resize(level.busy.size());
  for (size_t bucket = 0; bucket < level.busy.size(); ++bucket) {
    int64_t covered = 0;
    for (int64_t ns = 0; ns < level.bucket_ns; ++ns) {
      const int64_t at = level.origin_ns + static_cast<int64_t>(bucket) * level.bucket_ns + ns;
      const Interval* owner = nullptr;
      for (const Interval& interval : intervals) {
        if (interval.start <= at && at < interval.end &&
            (owner == nullptr || interval.start >= owner->start)) {
          owner = &interval;
        }
      }
      if (owner != nullptr) {
        ++covered;
        ++truth.names[bucket][owner->name];
      }
    }
    const double fraction = static_cast<double>(covered) / static_cast<double>(level.bucket_ns);
    truth.busy.push_back(covered == 0 ? 0
                                      : static_cast<uint16_t>(std::max(1L, std::lround(fraction * 65535))));
  }
  return truth;
}

std::vector<OverviewLevel> sweep(std::vector<Interval> intervals, uint64_t events) {
  std::stable_sort(intervals.begin(), intervals.end(),
                   [](const Interval& a, const Interval& b) { return a.start < b.start; });
  int64_t last = INT64_MIN;
  for (const Interval& interval : intervals) {
    last = std::max(last, interval.end);
  }
  OverviewSweep result(intervals.front().start, last, events);
  for (const Interval& interval : intervals) {
    result.add(interval.start, interval.end, interval.name);
  }
  return result.finish();
}

TEST(Overview, EqualsTheDefinitionOnRandomOverlappingIntervals) {
  std::mt19937 random(42);
  for (int round = 0; round < 30; ++round) {
    std::vector<Interval> intervals;
    const int64_t base = static_cast<int64_t>(random() % 3000) - 1500;
    for (uint32_t i = 0; i < 5 + random() % 60; ++i) {
      const int64_t start = base + static_cast<int64_t>(random() % 2000);
      intervals.push_back(
          {start, start + static_cast<int64_t>(random() % 300), 1 + static_cast<uint32_t>(random() % 5)});
    }
    std::stable_sort(intervals.begin(), intervals.end(),
                     [](const Interval& a, const Interval& b) { return a.start < b.start; });
    // Pretending to have many events gives many buckets, hence several levels.
    const std::vector<OverviewLevel> levels = sweep(intervals, 64 * 500);
    ASSERT_GE(levels.size(), 2U);
    for (const OverviewLevel& level : levels) {
      const Truth truth = brute_force(intervals, level);
      EXPECT_EQ(level.busy, truth.busy);
      for (size_t bucket = 0; bucket < level.leading.size(); ++bucket) {
        uint64_t most = 0;
        for (const auto& [name, ns] : truth.names[bucket]) {
          most = std::max(most, ns);
        }
        const uint32_t leading = level.leading[bucket];
        EXPECT_EQ(most == 0 ? 0 : truth.names[bucket].at(leading), most);
      }
    }
  }
}

TEST(Overview, BucketsArePowersOfTwoAlignedToTheirWidthSoThatLevelsNest) {
  const std::vector<OverviewLevel> levels = sweep({{1003, 999'983, 1}}, 64 * 1000);
  ASSERT_GE(levels.size(), 2U);
  for (size_t i = 0; i < levels.size(); ++i) {
    EXPECT_EQ(levels[i].bucket_ns & (levels[i].bucket_ns - 1), 0);
    EXPECT_EQ(levels[i].origin_ns % levels[i].bucket_ns, 0);
    EXPECT_LE(levels[i].origin_ns, 1003);
    EXPECT_TRUE(i == 0 || levels[i].bucket_ns == 4 * levels[i - 1].bucket_ns);
    EXPECT_EQ(levels[i].busy[levels[i].busy.size() / 2], 65535);
  }
  EXPECT_LE(levels.back().busy.size(), 65U);
}

TEST(Overview, NoTimeNoOverviewAndImpossibleTimesNoHarm) {
  EXPECT_TRUE(OverviewSweep(5, 5, 10).finish().empty());
  OverviewSweep everything(INT64_MIN, INT64_MAX, 10);
  everything.add(INT64_MIN, INT64_MAX, 1);
  everything.add(0, INT64_MAX, 2);
  for (const OverviewLevel& level : everything.finish()) {
    EXPECT_LE(level.busy.size(), 65536U);
  }
}

TEST(Overview, OfARecordingCountsNestedRangesOnceAndNamesTheInnermost) {
  const testing::TempDir dir;
  write_sample(dir.file("a.stepscope"), 0);
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  const Result<std::vector<OverviewLevel>> levels = recording.overview(1);
  ASSERT_TRUE(levels.ok()) << levels.status().message();
  ASSERT_FALSE(levels.value().empty());
  // outer [1000, 9000), inner [2000, 3000) and [4000, 6000)
  const OverviewLevel& finest = levels.value().front();
  const auto at = [&](int64_t ns) { return static_cast<size_t>((ns - finest.origin_ns) / finest.bucket_ns); };
  EXPECT_EQ(finest.busy[at(5000)], 65535);
  EXPECT_EQ(recording.string(finest.leading[at(5000)]), "inner");
  EXPECT_EQ(recording.string(finest.leading[at(8000)]), "outer");
  double busy_ns = 0;
  for (const uint16_t part : finest.busy) {
    busy_ns += static_cast<double>(part) / 65535 * static_cast<double>(finest.bucket_ns);
  }
  EXPECT_NEAR(busy_ns, 8000, 1);
  EXPECT_TRUE(recording.overview(99).value().empty());
}

// Ranges are recorded when they end: a segment full of short ones may be followed by one that began before them all.
TEST(Overview, OfARecordingIsInOrderThoughSegmentsOverlap) {
  const testing::TempDir dir;
  Result<RecordingBuilder> builder = RecordingBuilder::create(dir.file("a.stepscope"));
  ASSERT_TRUE(builder.ok());
  const int64_t leaf = builder.value().intern("leaf");
  const int64_t root = builder.value().intern("root");
  constexpr int64_t kLeaves = 70'000;
  for (int64_t i = 0; i < kLeaves; ++i) {
    ASSERT_TRUE(builder.value().add(Kind::kRange, 1, std::vector<int64_t>{1000 + i * 10, 7, leaf}).ok());
  }
  ASSERT_TRUE(builder.value().add(Kind::kRange, 1, std::vector<int64_t>{1000, kLeaves * 10, root}).ok());
  ASSERT_TRUE(builder.value().add(Kind::kGc, 1, std::vector<int64_t>{1000 + kLeaves * 10, 500}).ok());
  ASSERT_TRUE(builder.value().finish().ok());
  const Recording recording = open_or_fail(dir.file("a.stepscope"));
  const Result<std::vector<OverviewLevel>> levels = recording.overview(1);
  ASSERT_TRUE(levels.ok());
  double busy_ns = 0;
  const OverviewLevel& finest = levels.value().front();
  for (size_t i = 0; i < finest.busy.size(); ++i) {
    busy_ns += static_cast<double>(finest.busy[i]) / 65535 * static_cast<double>(finest.bucket_ns);
  }
  EXPECT_NEAR(busy_ns, kLeaves * 10 + 500, 10);
  EXPECT_EQ(recording.string(finest.leading[finest.leading.size() / 2]), "leaf");
  EXPECT_EQ(recording.string(finest.leading.back()), "gc") << "a kind without a name goes by its own";
}

}  // namespace
}  // namespace stepscope::trace
