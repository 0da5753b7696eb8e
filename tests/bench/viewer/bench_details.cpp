// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/viewer/bench_details.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

#include "tests/bench/support/bars.hpp"
#include "viewer/model/call_tree.hpp"
#include "viewer/model/durations.hpp"
#include "viewer/model/event_list.hpp"
#include "viewer/model/rank_matrix.hpp"
#include "viewer/model/selection.hpp"

namespace stepscope::viewer {
namespace {

using Clock = std::chrono::steady_clock;
const std::atomic<bool> kBenchOn{false};

// The quickest of a few: what it costs, not what else the machine does meanwhile.
template <typename Work>
double best_ms(int times, const Work& work) {
  double best = 1e12;
  for (int i = 0; i < times; ++i) {
    const auto start = Clock::now();
    work();
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return best;
}

void bench_ranks() {
  RankMatrix matrix;
  matrix.ranks.resize(4096);
  for (int64_t step = 0; step < 1000; ++step) {
    matrix.steps.push_back(step);
  }
  matrix.resize();
  std::mt19937_64 random(1);
  for (float& value : matrix.ns[0]) {
    value = static_cast<float>(random() % 1000000);
  }
  const auto order = order_ranks(matrix, RankOrder::kRank);
  std::printf("%-28s %.0f ms\n", "map of 4096 ranks x 1000", best_ms(3, [&] {
                (void)heat_grid({&matrix, nullptr, RankMetric::kStep}, order, 800, 400);
              }));
}

}  // namespace

void bench_details(const std::shared_ptr<const RunModel>& run) {
  const EventFilter all{{}, whole_run(*run)};
  const double statistics = best_ms(3, [&] {
    (void)measure_durations({run.get(), nullptr}, {all, EventFilter()}, {}, kBenchOn);
  });
  std::printf("%-28s %.0f ms\n", "durations of all events", statistics);
  stepscope::testing::bar("durations of all events", statistics, "ms", 100);
  std::vector<LaneArea> lanes;
  for (uint32_t lane = 0; lane < run->lanes.size(); ++lane) {
    lanes.push_back({lane, run->begin_ns, run->end_ns});
  }
  const double area = best_ms(3, [&] { (void)area_stats(*run, lanes); });
  std::printf("%-28s %.0f ms\n", "area of all events", area);
  stepscope::testing::bar("statistics of a selection", area, "ms", 100);
  const EventFilter one{chosen_names(*run, {run->names[0].text, false}), whole_run(*run)};
  std::printf("%-28s %.0f ms\n", "durations of one name", best_ms(3, [&] {
                (void)measure_durations({run.get(), nullptr}, {one, EventFilter()}, {}, kBenchOn);
              }));
  std::printf("%-28s %.0f ms\n", "flame graph of all events", best_ms(1, [&] {
                CallTree tree;
                add_ranges(tree, *run, Side::kA, all.spans, kBenchOn);
                tree.finish();
              }));
  std::printf(
      "%-28s %.0f ms\n", "list by duration", best_ms(1, [&] {
        (void)EventList({run.get(), nullptr}, {all, EventFilter()}, EventOrder::kDuration, true, kBenchOn);
      }));
  bench_ranks();
}

}  // namespace stepscope::viewer
