// SPDX-License-Identifier: Apache-2.0
//
// Diffs of large runs, as `stepscope diff` does them: open, ledger, evidence, terms, findings. Cold: no roll-up is stored,
// every event that matters is decoded; "store" also leaves the roll-ups, as the program does. Warm: from the roll-ups.
// Each runs in a process of its own, so that its peak memory is its own.
//
// Bars, for 2 x 10 M events: 5 s cold and 1 s warm of CPU time, 2 GiB. For many ranks: a diff of 64 ranks of 200 k events may
// take at most 1 MiB per rank and side more than one of 8 ranks: their ledgers and open files, no events (which would be 10 MiB).
// STEPSCOPE_BENCH_EVENTS sets another number of events of the two runs, and a fiftieth of it is what each rank has.
#include <algorithm>
#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "tests/bench/analyzer/diff_parts.hpp"
#include "tests/bench/analyzer/training_run.hpp"
#include "tests/bench/support/bars.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

constexpr double kGib = 1024;  // MiB
constexpr int kFewRanks = 8;
constexpr int kManyRanks = 64;

int64_t events() {
  const char* wanted = getenv("STEPSCOPE_BENCH_EVENTS");
  return wanted != nullptr ? std::atoll(wanted) : 10'000'000;
}

const testing::TempDir& directory() {
  static const testing::TempDir dir;
  return dir;
}

void write_in_child(const std::string& path, const testing::TrainingRun& run) {
  (void)testing::in_child([&] {
    testing::TrainingRunWriter::write(path, run);
    return 0;
  });
}

// Written once, in children: a parent's memory would count as that of every child after it.
const std::string& two_runs() {
  static const std::string path = [] {
    write_in_child(directory().file("a"), {.events = events(), .wait_ms = 2});
    write_in_child(directory().file("b"), {.events = events(), .wait_ms = 5});
    return directory().path();
  }();
  return path;
}

// Writes DIR/8 and DIR/64 in the same way; a diff of one with itself costs what a diff of two would.
std::string run_of_ranks(int ranks) {
  const std::string path = directory().file(std::to_string(ranks));
  if (!std::filesystem::exists(path)) {
    write_in_child(path, {.events = events() / 50, .ranks = ranks});
  }
  return path;
}

struct Best {
  DiffParts parts;
  double peak_mib = 0;
};

// The fastest of the repetitions.
Best measure(benchmark::State& state, const std::string& base, const std::string& candidate, Cache cache) {
  Best best;
  for ([[maybe_unused]] auto _ : state) {
    const auto child = testing::in_child([&] { return TimedDiff::run(base, candidate, cache); });
    state.SetIterationTime(child.result.total_s());
    if (best.peak_mib == 0 || child.result.total_s() < best.parts.total_s()) {
      best = {child.result, child.peak_mib};
    }
  }
  state.counters["open_s"] = best.parts.open_s;
  state.counters["ledger_s"] = best.parts.ledger_s;
  state.counters["evidence_s"] = best.parts.evidence_s;
  state.counters["terms_s"] = best.parts.terms_s;
  state.counters["findings"] = best.parts.findings;
  state.counters["events"] = best.parts.events;
  state.counters["peak_MiB"] = best.peak_mib;
  return best;
}

Best measure_two_runs(benchmark::State& state, Cache cache) {
  return measure(state, two_runs() + "/a", two_runs() + "/b", cache);
}

void diff_cold(benchmark::State& state) {
  const Best best = measure_two_runs(state, Cache::kNone);
  testing::bar("diff of 2 x 10 M events, cold", best.parts.total_s(), "s of CPU time", 5);
  testing::bar("diff of 2 x 10 M events, cold, peak memory", best.peak_mib, "MiB", 2 * kGib);
}
void diff_store(benchmark::State& state) {
  (void)measure_two_runs(state, Cache::kReadWrite);
}
void diff_warm(benchmark::State& state) {
  const Best best = measure_two_runs(state, Cache::kReadWrite);
  testing::bar("diff of 2 x 10 M events, warm", best.parts.total_s(), "s of CPU time", 1);
}
void diff_ranks(benchmark::State& state) {
  static double few_mib = 0;
  const std::string path = run_of_ranks(static_cast<int>(state.range(0)));
  const Best best = measure(state, path, path, Cache::kNone);
  if (state.range(0) == kFewRanks) {
    few_mib = best.peak_mib;
  } else {
    testing::bar("diff of 64 ranks x 200 k events, peak memory over that of 8 ranks",
                 (best.peak_mib - few_mib) / (2 * (kManyRanks - kFewRanks)), "MiB per rank and side", 1);
  }
}
BENCHMARK(diff_cold)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(diff_store)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(diff_warm)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(diff_ranks)
    ->Arg(kFewRanks)
    ->Arg(kManyRanks)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stepscope::analysis

BENCHMARK_MAIN();
