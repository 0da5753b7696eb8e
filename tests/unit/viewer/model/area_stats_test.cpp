// SPDX-License-Identifier: Apache-2.0
//
// Statistics of an area against counting every nanosecond, over ranges that nest, cross and lie beside each other.
#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/model/selection.hpp"

namespace stepscope::viewer {
namespace {

class AreasOfRandomLanes : public ::testing::TestWithParam<int> {};

TEST_P(AreasOfRandomLanes, AgreeWithCountingEveryNanosecond) {
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  testing::RunWriter writer("run");
  for (const char* text : {"a", "b", "c"}) {
    (void)writer.name(text, Category::kRange);
  }
  writer.process("main");
  constexpr int64_t kEnd = 2000;
  std::vector<RawEvent> events;
  for (int i = 0; i < 80; ++i) {
    const auto start = static_cast<int64_t>(random() % kEnd);
    const auto longest = static_cast<uint64_t>(GetParam() % 2 == 0 ? 400 : 60);
    events.push_back({start, static_cast<int64_t>(random() % longest), static_cast<uint32_t>(random() % 3)});
  }
  writer.lane(0, "main thread", events);
  const auto run = writer.take();
  const auto& rows = run->lanes[0].rows;
  ASSERT_GT(rows.size(), 2U);
  for (const LaneArea& area : {LaneArea{0, 0, kEnd + 400}, LaneArea{0, 333, 1234}, LaneArea{0, 700, 701}}) {
    int64_t covered = 0;
    for (int64_t t = area.begin_ns; t < area.end_ns; ++t) {
      covered += std::any_of(events.begin(), events.end(), [&](const RawEvent& event) {
        return event.start_ns <= t && t < event.start_ns + event.duration_ns;
      });
    }
    std::map<uint32_t, int64_t> self;
    for (size_t r = 0; r < rows.size(); ++r) {
      for (size_t i = 0; i < rows[r].size(); ++i) {
        const int64_t begin = std::max(rows[r].start(i), area.begin_ns);
        const int64_t end = std::min(rows[r].end(i), area.end_ns);
        if (begin < end) {
          self[rows[r].name(i)] += end - begin - (r + 1 < rows.size() ? rows[r + 1].busy(begin, end) : 0);
        }
      }
    }
    const AreaStats stats = area_stats(*run, {&area, 1});
    EXPECT_EQ(stats.union_ns, covered) << area.begin_ns << " to " << area.end_ns;
    for (const NameStat& stat : stats.names) {
      EXPECT_EQ(stat.self_ns, self[stat.name]) << run->names[stat.name].text;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, AreasOfRandomLanes, ::testing::Range(1, 13));

}  // namespace
}  // namespace stepscope::viewer
