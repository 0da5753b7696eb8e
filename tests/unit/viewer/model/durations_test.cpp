// SPDX-License-Identifier: Apache-2.0
//
// Durations against a sorted copy of them.
#include "viewer/model/durations.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/random_rows.hpp"

namespace stepscope::viewer {
namespace {

using testing::PlainEvent;

const std::atomic<bool> kMeasureOn{false};

// One lane per list of events; names are indices of some_categories().
RunModel run_of(const std::vector<std::vector<PlainEvent>>& lanes) {
  RunModel run;
  for (size_t n = 0; n < testing::some_categories().size(); ++n) {
    run.names.push_back({"name " + std::to_string(n), trace::Kind::kRange, testing::some_categories()[n]});
    run.category_of.push_back(testing::some_categories()[n]);
  }
  for (const std::vector<PlainEvent>& events : lanes) {
    LaneModel lane;
    lane.rows.push_back(testing::sealed_row(events));
    run.lanes.push_back(std::move(lane));
  }
  return run;
}

EventFilter everything(const RunModel& run) {
  return {{}, whole_run(run)};
}

// Nearest rank, as the header says.
int64_t sorted_quantile(const std::vector<int64_t>& sorted, size_t percent) {
  return percent == 50 ? sorted[(sorted.size() - 1) / 2] : sorted[(sorted.size() * percent + 99) / 100 - 1];
}

class DurationsOfRandomRuns : public ::testing::TestWithParam<int> {};

TEST_P(DurationsOfRandomRuns, AgreeWithASortedCopy) {
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  const double decades = GetParam() % 2 == 0 ? 10 : 2;
  std::vector<std::vector<PlainEvent>> lanes;
  for (int lane = 0; lane < 3; ++lane) {
    lanes.push_back(testing::random_events(random, 700, decades));
  }
  const RunModel run = run_of(lanes);
  EventFilter filter = everything(run);
  filter.names = chosen_names(run, {"name 2", false});
  const DurationReport report = measure_durations({nullptr, &run}, {EventFilter(), filter}, {}, kMeasureOn);
  std::vector<int64_t> durations;
  for (const auto& lane : lanes) {
    for (const PlainEvent& event : lane) {
      if (event.name == 2) {
        durations.push_back(event.duration);
      }
    }
  }
  std::sort(durations.begin(), durations.end());
  const DurationStats& stats = report.stats[1];
  ASSERT_EQ(stats.count, durations.size());
  EXPECT_EQ(stats.total_ns, std::accumulate(durations.begin(), durations.end(), int64_t{0}));
  EXPECT_EQ(stats.min_ns, durations.front());
  EXPECT_EQ(stats.max_ns, durations.back());
  const auto near = [](int64_t value) { return static_cast<double>(value) / 8e6 + 1e-9; };
  EXPECT_NEAR(static_cast<double>(stats.median_ns), static_cast<double>(sorted_quantile(durations, 50)),
              near(stats.median_ns));
  EXPECT_NEAR(static_cast<double>(stats.p99_ns), static_cast<double>(sorted_quantile(durations, 99)),
              near(stats.p99_ns));
  // Every bin holds what lies between its edges.
  ASSERT_EQ(report.counts[1].size() + 1, report.edges.size());
  for (size_t b = 0; b < report.counts[1].size(); ++b) {
    const auto from = std::lower_bound(durations.begin(), durations.end(), report.edges[b],
                                       [](int64_t d, double edge) { return static_cast<double>(d) < edge; });
    const auto to = std::lower_bound(durations.begin(), durations.end(), report.edges[b + 1],
                                     [](int64_t d, double edge) { return static_cast<double>(d) < edge; });
    EXPECT_EQ(report.counts[1][b], static_cast<uint64_t>(to - from)) << "bin " << b;
  }
  // The longest, longest first.
  ASSERT_EQ(report.longest.size(), std::min(kLongestEvents, durations.size()));
  for (size_t i = 0; i < report.longest.size(); ++i) {
    EXPECT_EQ(report.longest[i].duration_ns, durations[durations.size() - 1 - i]);
    const EventRef& ref = report.longest[i].ref;
    EXPECT_EQ(run.lanes[ref.lane].rows[ref.row].duration(ref.index), report.longest[i].duration_ns);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, DurationsOfRandomRuns, ::testing::Range(1, 9));

TEST(Durations, NarrowOnesGetEqualBinsThatBothRunsShare) {
  std::vector<PlainEvent> a;
  std::vector<PlainEvent> b;
  for (int64_t i = 0; i < 1000; ++i) {
    a.push_back({i * 10'000'000, 1'000'000 + i * 10, 0});
    b.push_back({i * 10'000'000, 1'100'000 + i * 10, 0});
  }
  const RunModel run_a = run_of({a});
  const RunModel run_b = run_of({b});
  const DurationReport report =
      measure_durations({&run_a, &run_b}, {everything(run_a), everything(run_b)}, {}, kMeasureOn);
  ASSERT_GT(report.edges.size(), 100U);
  EXPECT_NEAR(report.edges[1] - report.edges[0], report.edges.back() - report.edges[report.edges.size() - 2],
              1e-3);
  for (const auto& counts : report.counts) {
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), uint64_t{0}), 1000U);
  }
  EXPECT_EQ(report.counts[1].front(), 0U);
  EXPECT_EQ(report.counts[0].back(), 0U);
}

// Equal bins are counted by a product, their edges told by another one: no duration may fall on the wrong side.
TEST(Durations, EveryEqualBinHoldsWhatLiesBetweenItsEdges) {
  std::mt19937_64 random(9);
  for (int trial = 0; trial < 40; ++trial) {
    const int64_t shortest = testing::log_uniform(random, trial % 2 == 0 ? 5 : 12) + 1;
    const auto width = static_cast<uint64_t>(shortest) * (1 + random() % 6) + 1;
    std::array<std::vector<PlainEvent>, 2> events;
    for (auto& of_run : events) {
      int64_t at = 0;
      for (int i = 0; i < 300; ++i) {
        of_run.push_back({at, shortest + static_cast<int64_t>(random() % width), 0});
        at = of_run.back().end();
      }
    }
    const RunModel run_a = run_of({events[0]});
    const RunModel run_b = run_of({events[1]});
    const DurationReport report =
        measure_durations({&run_a, &run_b}, {everything(run_a), everything(run_b)}, {}, kMeasureOn);
    for (size_t side = 0; side < 2; ++side) {
      for (size_t b = 0; b < report.counts[side].size(); ++b) {
        const auto expected =
            std::count_if(events[side].begin(), events[side].end(), [&](const PlainEvent& event) {
              return static_cast<double>(event.duration) >= report.edges[b] &&
                     static_cast<double>(event.duration) < report.edges[b + 1];
            });
        ASSERT_EQ(report.counts[side][b], static_cast<uint64_t>(expected)) << trial << " bin " << b;
      }
    }
  }
}

TEST(Durations, ARangeOfDurationsLeavesOutTheRest) {
  std::mt19937_64 random(3);
  const std::vector<PlainEvent> events = testing::random_events(random, 2000, 6);
  const RunModel run = run_of({events});
  const DurationRange within{1000, 50000};
  const DurationReport report =
      measure_durations({&run, nullptr}, {everything(run), EventFilter()}, within, kMeasureOn);
  const auto expected = std::count_if(events.begin(), events.end(), [&](const PlainEvent& event) {
    return event.duration >= within.low_ns && event.duration <= within.high_ns;
  });
  EXPECT_EQ(report.stats[0].count, static_cast<uint64_t>(expected));
  EXPECT_GE(report.stats[0].min_ns, within.low_ns);
  EXPECT_LE(report.stats[0].max_ns, within.high_ns);
  EXPECT_LE(report.longest.front().duration_ns, within.high_ns);
}

TEST(Durations, ASpanCountsWhatTouchesIt) {
  const RunModel run = run_of({{{0, 100, 0}, {100, 100, 0}, {200, 100, 0}, {300, 100, 0}}});
  const EventFilter filter{{}, {{0, 150, 300}}};
  const DurationReport report = measure_durations({&run, nullptr}, {filter, EventFilter()}, {}, kMeasureOn);
  EXPECT_EQ(report.stats[0].count, 2U);
}

TEST(Durations, NothingToMeasureIsAnEmptyReport) {
  const RunModel run = run_of({{{0, 100, 0}}});
  EventFilter none = everything(run);
  none.names = chosen_names(run, {"no such name", false});
  const DurationReport report = measure_durations({&run, nullptr}, {none, EventFilter()}, {}, kMeasureOn);
  EXPECT_TRUE(report.edges.empty());
  EXPECT_TRUE(report.longest.empty());
  EXPECT_EQ(report.stats[0].count, 0U);
}

TEST(Durations, ANameIsChosenWholeOrByAPart) {
  const RunModel run = run_of({});
  const auto count = [&](const NameChoice& choice) {
    const auto chosen = chosen_names(run, choice);
    return std::count(chosen.begin(), chosen.end(), 1);
  };
  EXPECT_EQ(count({"name 3", false}), 1);
  EXPECT_EQ(count({"NAME", true}), static_cast<int64_t>(run.names.size()));
  EXPECT_EQ(count({"NAME", false}), 0);
  EXPECT_TRUE(chosen_names(run, {"", false}).empty()) << "no text: every name";
}

TEST(Durations, SpreadingOverColumnsKeepsTheCount) {
  const std::vector<double> edges{100, 110, 150, 200, 400};
  const std::vector<uint64_t> counts{4, 0, 10, 6};
  for (const bool logarithmic : {false, true}) {
    for (const size_t columns : {size_t{1}, size_t{3}, size_t{4}, size_t{100}}) {
      const auto spread = spread_over(edges, counts, 100, 400, columns, logarithmic);
      EXPECT_NEAR(std::accumulate(spread.begin(), spread.end(), 0.0), 20, 1e-6);
    }
  }
  const auto halves = spread_over(edges, counts, 100, 400, 2, false);
  EXPECT_NEAR(halves[0], 4 + 10 + 6 * 50.0 / 200, 1e-9);  // 100..250
}

}  // namespace
}  // namespace stepscope::viewer
