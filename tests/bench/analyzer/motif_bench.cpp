// SPDX-License-Identifier: Apache-2.0
//
// find_motif over 2 M kernels: steps of 24 layers, a tenth of the kernels replaced by others in one case, and no period at
// all in another. Bar: 1 s of CPU time.
#include <time.h>

#include <algorithm>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "analyzer/motif.hpp"
#include "tests/bench/support/bars.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kItems = 2'000'000;

double motif_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// `replaced`: of ten kernels, how many are another one each time.
std::vector<MotifItem> training(uint32_t replaced) {
  constexpr uint32_t kLayers = 24;
  constexpr uint32_t kPerLayer = 50;
  constexpr uint32_t kUpdates = 30;
  std::mt19937 random(3);
  std::vector<MotifItem> out;
  while (out.size() < kItems) {
    for (uint32_t i = 0; i < kLayers * kPerLayer + kUpdates; ++i) {
      MotifItem item;
      item.update = i >= kLayers * kPerLayer ? 1 : 0;
      item.copied_in = i == 0 ? 1 : 0;
      item.symbol = item.update != 0 ? 500 + i : i % kPerLayer * 7 % 33;
      item.symbol = random() % 10 < replaced ? 10000 + static_cast<uint32_t>(random()) % 1000 : item.symbol;
      out.push_back(item);
    }
  }
  return out;
}

void find(benchmark::State& state, const char* what, const std::vector<MotifItem>& items) {
  double best = 1e9;
  for ([[maybe_unused]] auto _ : state) {
    const double start = motif_cpu_seconds();
    const Motif motif = find_motif(items, {});
    best = std::min(best, motif_cpu_seconds() - start);
    state.counters["period"] = static_cast<double>(motif.period);
  }
  testing::bar(what, best, "s of CPU time", 1);
}

void motif_exact(benchmark::State& state) {
  find(state, "motif of 2 M kernels", training(0));
}
void motif_replaced(benchmark::State& state) {
  find(state, "motif of 2 M kernels, a tenth replaced", training(1));
}
void motif_none(benchmark::State& state) {
  find(state, "motif of 2 M random kernels", training(10));
}
BENCHMARK(motif_exact)->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(motif_replaced)->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(motif_none)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stepscope::analysis

BENCHMARK_MAIN();
