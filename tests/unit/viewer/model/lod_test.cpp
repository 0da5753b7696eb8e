// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/lod.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/random_rows.hpp"

namespace stepscope::viewer {
namespace {

using testing::brute_busy;
using testing::PlainEvent;
using testing::random_events;
using testing::sealed_row;
using testing::some_categories;

constexpr double kExact = 1.0 / 255;

PixelMap linear_map(int64_t begin, double ns_per_pixel, size_t columns) {
  PixelMap map;
  for (size_t p = 0; p <= columns; ++p) {
    map.edge.push_back(begin + static_cast<int64_t>(static_cast<double>(p) * ns_per_pixel));
  }
  return map;
}

std::vector<LodSpan> spans_of(const EventRow& row, const PixelMap& map) {
  std::vector<LodSpan> spans;
  level_of_detail(row, map, some_categories(), spans);
  return spans;
}

bool covered(const std::vector<LodSpan>& spans, double x0, double x1) {
  return std::any_of(spans.begin(), spans.end(), [&](const LodSpan& span) {
    return double{span.x1} > x0 - 1e-3 && double{span.x0} < x1 + 1e-3;
  });
}

TEST(LevelOfDetail, AnEventOfAPixelOrMoreIsNeverLostAtAnyZoom) {
  for (const uint64_t seed : {21U, 22U, 23U}) {
    std::mt19937_64 random(seed);
    const std::vector<PlainEvent> events = random_events(random, 1500, 6);
    const EventRow row = sealed_row(events);
    const int64_t begin = events.front().start;
    const auto span = static_cast<double>(events.back().end() - begin);
    constexpr size_t kColumns = 700;
    for (double view = span * 1.1; view > 700; view /= 3.7) {
      const double npp = view / kColumns;
      const int64_t at = begin +
                         static_cast<int64_t>(std::uniform_real_distribution<double>(0, span)(random)) -
                         static_cast<int64_t>(view / 2);
      const PixelMap map = linear_map(at, npp, kColumns);
      const std::vector<LodSpan> spans = spans_of(row, map);
      for (const PlainEvent& event : events) {
        if (static_cast<double>(event.duration) >= npp && event.end() > map.edge.front() &&
            event.start < map.edge.back()) {
          // Every pixel that the event covers is drawn.
          const double x0 = map.to_pixel(event.start);
          const double x1 = map.to_pixel(event.end());
          for (double x = x0; x < x1 - 1; x += 1) {
            ASSERT_TRUE(covered(spans, x, x + 1)) << "seed " << seed << " view " << view << " x " << x;
          }
          ASSERT_TRUE(covered(spans, x0, x1));
        }
      }
    }
  }
}

TEST(LevelOfDetail, CoverageIsTheShareOfEachPixelThatSpansFill) {
  std::vector<LodSpan> spans(3);
  spans[0].x0 = 1.5F;
  spans[0].x1 = 3.25F;
  spans[0].event = 7;
  spans[1].x0 = 4;
  spans[1].x1 = 6;
  spans[1].fill = kFull / 2;
  spans[2].x0 = 6;
  spans[2].x1 = 9;  // past the end
  spans[2].event = 8;
  std::vector<float> cover(8, 0);
  add_coverage(spans, cover);
  const float half = static_cast<float>(kFull / 2) / float{kFull};
  EXPECT_EQ(cover, (std::vector<float>{0, 0.5F, 1, 0.25F, half, half, 1, 1}));
}

// Drawn as rectangles, what the spans cover is what the row was busy.
TEST(LevelOfDetail, CoverageOfARowIsItsBusyShare) {
  std::mt19937_64 random(41);
  const std::vector<PlainEvent> events = random_events(random, 400, 3);
  const EventRow row = sealed_row(events);
  const double npp = 20;
  const PixelMap map = linear_map(events[100].start, npp, 300);
  std::vector<float> cover(300, 0);
  add_coverage(spans_of(row, map), cover);
  for (size_t p = 0; p < 300; ++p) {
    const auto busy = static_cast<double>(brute_busy(events, map.edge[p], map.edge[p + 1]));
    // Before and behind an event that is drawn as itself there can be a column of smaller ones each.
    EXPECT_NEAR(std::min(1.0F, cover[p]), busy / npp, 2 * kExact) << p;
  }
}

TEST(LevelOfDetail, SpansGoLeftToRightAndStayInside) {
  std::mt19937_64 random(31);
  const EventRow row = sealed_row(random_events(random, 5000, 4));
  for (int trial = 0; trial < 60; ++trial) {
    const auto npp = static_cast<double>(testing::log_uniform(random, 6));
    const PixelMap map = linear_map(row.start(random() % row.size()) - 5000, npp, 300);
    float before = 0;
    for (const LodSpan& span : spans_of(row, map)) {
      EXPECT_GE(span.x0, std::floor(before) - 1e-3F);
      EXPECT_GT(span.x1, span.x0 - 1e-6F);
      EXPECT_LE(span.x1, 300.0F + 1e-3F);
      EXPECT_GE(span.fill, 1);
      EXPECT_LE(span.fill, kFull);
      before = span.x0;
    }
  }
}

TEST(LevelOfDetail, CrowdedPixelsHaveTheBusyFractionOfBruteForce) {
  // 60 events per pixel: the walk has to jump, and sums must still be exact.
  std::vector<PlainEvent> events;
  for (int64_t i = 0; i < 60'000; ++i) {
    events.push_back({i * 100, 10 + (i / 6000) * 9, 1});  // busy 10 % .. 91 %
  }
  EventRow row;
  for (const PlainEvent& event : events) {
    row.append(event.start, event.duration, event.name);
  }
  row.append(60'000'000'000, 1, 1);  // far away: makes the base bucket huge, so that the walk is used
  row.seal(some_categories());
  const PixelMap map = linear_map(0, 6000, 1000);
  ASSERT_LT(6000, row.mip().base_bucket_ns());
  for (const LodSpan& span : spans_of(row, map)) {
    const int64_t begin = map.edge[static_cast<size_t>(span.x0)];
    const int64_t end = map.edge[static_cast<size_t>(span.x1)];
    const double busy =
        static_cast<double>(brute_busy(events, begin, end)) / static_cast<double>(end - begin);
    EXPECT_NEAR(span.fill / static_cast<double>(kFull), busy, kExact) << span.x0;
  }
}

// Every column of random rows at every zoom: of the pixel where events are walked over, of the buckets that it touches where a mip is
// read. A column without a rectangle is one in which nothing runs.
TEST(LevelOfDetail, EveryColumnIsAsBusyAsBruteForceSays) {
  size_t walked = 0;
  size_t read = 0;
  for (const uint64_t seed : {51U, 52U, 53U}) {
    std::mt19937_64 random(seed);
    const std::vector<PlainEvent> events = random_events(random, 3000, seed == 53 ? 2 : 4);
    const EventRow row = sealed_row(events);
    const auto span = static_cast<double>(events.back().end() - events.front().start);
    constexpr size_t kColumns = 200;
    for (double view = span * 1.2; view > 2000; view /= 2.9) {
      const auto at = static_cast<int64_t>(std::uniform_real_distribution<double>(0, span)(random));
      const PixelMap map =
          linear_map(events.front().start + at - static_cast<int64_t>(view / 2), view / kColumns, kColumns);
      std::vector<float> cover(kColumns, 0);
      std::vector<int> several(kColumns, 0);
      const std::vector<LodSpan> spans = spans_of(row, map);
      add_coverage(spans, cover);
      for (const LodSpan& one : spans) {
        for (auto p = static_cast<size_t>(one.x0);
             p < std::min<size_t>(kColumns, static_cast<size_t>(std::ceil(one.x1))); ++p) {
          several[p] += one.event == LodSpan::kMany ? 1 : 0;
        }
      }
      const double beyond = view / kColumns - static_cast<double>(row.mip().base_bucket_ns());
      if (std::abs(beyond) < 1) {
        continue;  // either way
      }
      const bool mip = beyond > 0;
      for (size_t p = 0; p < kColumns; ++p) {
        int64_t begin = map.edge[p];
        int64_t end = map.edge[p + 1];
        if (mip) {
          const MipCell cell = row.mip().read(begin, end);
          begin = cell.begin_ns;
          end = cell.end_ns;
        }
        const double busy =
            static_cast<double>(brute_busy(events, begin, end)) / static_cast<double>(end - begin);
        ASSERT_NEAR(std::min(1.0F, cover[p]), busy, std::max(1, several[p]) * kExact + 1e-5)
            << "seed " << seed << " view " << view << " column " << p;
        ASSERT_TRUE(cover[p] > 0 || busy == 0);
        (mip ? read : walked) += 1;
      }
    }
  }
  EXPECT_GT(walked, 500U);
  EXPECT_GT(read, 500U);
}

TEST(LevelOfDetail, ZoomedInEventsAreThemselvesWithExactEdges) {
  const std::vector<PlainEvent> events{{100, 50, 1}, {150, 25, 2}, {200, 3, 3}};
  const EventRow row = sealed_row(events);
  const std::vector<LodSpan> spans = spans_of(row, linear_map(90, 1.0, 200));
  ASSERT_EQ(spans.size(), 3U);
  EXPECT_FLOAT_EQ(spans[0].x0, 10);
  EXPECT_FLOAT_EQ(spans[0].x1, 60);
  EXPECT_EQ(spans[1].event, 1U);
  EXPECT_EQ(spans[2].category, Category::kOptimizer);
}

TEST(LevelOfDetail, AGapInTheMapShowsNothing) {
  const EventRow row = sealed_row({{0, 100, 1}, {100, 100, 2}});
  PixelMap map;
  map.edge = {0, 50, 100, 100, 100, 150, 200};  // columns 2 and 3 show no time
  const std::vector<LodSpan> spans = spans_of(row, map);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_FLOAT_EQ(spans[0].x1, 2);
  EXPECT_FLOAT_EQ(spans[1].x0, 4);
}

TEST(LevelOfDetail, AnEventThatLastsBeyondAGapIsDrawnBeforeAndAfterIt) {
  const EventRow row = sealed_row({{20, 160, 1}});
  PixelMap map;
  map.edge = {0, 50, 100, 100, 100, 100, 150, 200};  // columns 2 to 4 show no time
  const std::vector<LodSpan> spans = spans_of(row, map);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_FLOAT_EQ(spans[0].x0, 0.4F);
  EXPECT_FLOAT_EQ(spans[0].x1, 2);
  EXPECT_FLOAT_EQ(spans[1].x0, 5);
  EXPECT_FLOAT_EQ(spans[1].x1, 6.6F);
  EXPECT_EQ(spans[0].event, spans[1].event);
}

TEST(LevelOfDetail, AMomentWithoutDurationIsSeen) {
  const EventRow row = sealed_row({{500, 0, 4}});
  const std::vector<LodSpan> spans = spans_of(row, linear_map(0, 10, 100));
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_FLOAT_EQ(spans[0].x0, 50);
  EXPECT_EQ(spans[0].category, Category::kGc);
}

TEST(LevelOfDetail, CostDoesNotGrowWithTheNumberOfEventsZoomedOut) {
  for (const size_t count : {size_t{10'000}, size_t{200'000}}) {
    std::mt19937_64 random(5);
    const EventRow row = sealed_row(random_events(random, count, 3));
    const auto span = static_cast<double>(row.end(row.size() - 1) - row.start(0));
    EXPECT_LE(spans_of(row, linear_map(row.start(0), span / 500, 500)).size(), 501U);
  }
}

}  // namespace
}  // namespace stepscope::viewer
