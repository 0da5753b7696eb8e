// SPDX-License-Identifier: Apache-2.0
//
// What a gate costs when its recordings have their roll-ups: open, summarise, judge, and the smallest visible change.
// Bars: 20 runs 200 ms of CPU time; one run of 1024 ranks of 20 steps, 3072 recordings, 2 s until the answer is there, on two cores.
#include <chrono>
#include <ctime>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "analyzer/gate/verdict.hpp"
#include "tests/bench/analyzer/training_run.hpp"
#include "tests/bench/support/bars.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

constexpr int64_t kEventsOfAStep = 406;  // of TrainingRunWriter

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

RunSummary summary_at(const std::string& path) {
  Result<Run> run = Run::open(path, {});
  return summarise_run(run.value(), {}).value();
}

void gate_20_runs(benchmark::State& state) {
  const testing::TempDir dir;
  std::vector<std::string> paths;
  for (int i = 0; i < 20; ++i) {
    paths.push_back(dir.file("run" + std::to_string(i)));
    testing::TrainingRunWriter::write(paths.back(),
                                      {.events = (200 + i) * kEventsOfAStep, .ranks = 1, .wait_ms = 2});
    (void)summary_at(paths.back());  // leaves the roll-ups
  }
  double best = 1e9;
  for ([[maybe_unused]] auto _ : state) {
    const double before = cpu_s();
    std::vector<RunSummary> runs;
    for (const std::string& path : paths) {
      runs.push_back(summary_at(path));
    }
    const std::span<const RunSummary> all(runs);
    Policy policy;
    const Result<GateResult> result = judge(all.first(10), all.last(10), policy, std::nullopt);
    benchmark::DoNotOptimize(smallest_visible(result.value(), policy));
    const double took = cpu_s() - before;
    state.SetIterationTime(took);
    best = std::min(best, took);
  }
  testing::bar("gate of 20 runs from roll-ups", 1000 * best, "ms of CPU time", 200);
}

void gate_1024_ranks(benchmark::State& state) {
  const testing::TempDir dir;
  const std::string path = dir.file("ranks");
  testing::TrainingRunWriter::write(path, {.events = 20 * kEventsOfAStep, .ranks = 1024, .wait_ms = 2});
  (void)summary_at(path);
  double best = 1e9;
  for ([[maybe_unused]] auto _ : state) {
    const auto before = std::chrono::steady_clock::now();
    const double cpu_before = cpu_s();
    benchmark::DoNotOptimize(summary_at(path));
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    state.SetIterationTime(took);
    state.counters["cpu_s"] = cpu_s() - cpu_before;
    best = std::min(best, took);
  }
  testing::bar("summary of 1024 ranks x 20 steps from roll-ups", best, "s", 2);
}
BENCHMARK(gate_20_runs)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(gate_1024_ranks)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stepscope::analysis

BENCHMARK_MAIN();
