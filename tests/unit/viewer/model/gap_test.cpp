// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/gap.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"

namespace stepscope::viewer {
namespace {

// Against a look at every event for every ns.
TEST(Gap, IsAllThatLiesBetweenTwoEventsOfALane) {
  std::mt19937_64 random(3);
  testing::RunWriter writer("x");
  const uint32_t name = writer.name("r", Category::kRange);
  writer.process("p");
  std::vector<RawEvent> events;
  for (int i = 0; i < 40; ++i) {  // nested and crossing
    events.push_back(
        {static_cast<int64_t>(100 + random() % 2000), static_cast<int64_t>(1 + random() % 60), name});
  }
  writer.lane(0, "t", events);
  const RunModel run = writer.model();
  std::vector<uint8_t> busy(2300, 0);
  for (const RawEvent& event : events) {
    for (int64_t t = event.start_ns; t < event.start_ns + event.duration_ns; ++t) {
      busy[static_cast<size_t>(t)] = 1;
    }
  }
  const auto first = std::find(busy.begin(), busy.end(), 1) - busy.begin();
  const auto last = static_cast<std::ptrdiff_t>(busy.size()) - 1 -
                    (std::find(busy.rbegin(), busy.rend(), 1) - busy.rbegin());
  size_t gaps = 0;
  for (int64_t t = 0; t < 2300; ++t) {
    const auto gap = gap_at(run, Side::kB, 0, t);
    if (busy[static_cast<size_t>(t)] != 0 || t < first || t > last) {
      EXPECT_FALSE(gap.has_value()) << t;
      continue;
    }
    ASSERT_TRUE(gap.has_value()) << t;
    int64_t begin = t;
    int64_t end = t;
    while (busy[static_cast<size_t>(begin - 1)] == 0) {
      --begin;
    }
    while (busy[static_cast<size_t>(end)] == 0) {
      ++end;
    }
    EXPECT_EQ(*gap, (GapRef{Side::kB, 0, begin, end}));
    ++gaps;
  }
  EXPECT_GT(gaps, 100U);
}

}  // namespace
}  // namespace stepscope::viewer
