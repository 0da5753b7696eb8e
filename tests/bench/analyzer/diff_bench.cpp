// SPDX-License-Identifier: Apache-2.0
//
// Diffs of large runs, as `stepscope diff` does them: open, ledger, evidence, ledger of the job of ranks, terms, findings, which
// kernels. Cold: no roll-up is stored, every event that matters is decoded; "store" also leaves the roll-ups, as the program does.
// Warm: from the roll-ups. Each runs in a process of its own, so that its peak memory is its own.
//
// Bars, for 2 x 10 M events: 5 s cold and 1 s warm of CPU time, 2 GiB. For many ranks: a diff of 64 ranks of 200 k events may
// take at most 1 MiB per rank and side more than one of 8 ranks: their ledgers and open files, no events (which would be 10 MiB).
// Warm, 2 x 64 ranks of 200 k events take 2 s, 2 x 8 ranks of 1 M 1 s. "unstored" is warm without the stored ledger of the job.
// STEPSCOPE_BENCH_EVENTS sets another number of events of the two runs; a fiftieth of it is what each of many ranks has, a
// tenth what each of few has.
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

// Written in the same way; a diff of one with itself costs what a diff of two would.
std::string run_of_ranks(int ranks, int64_t events_of_each) {
  const std::string path = directory().file(std::to_string(ranks) + "x" + std::to_string(events_of_each));
  if (!std::filesystem::exists(path)) {
    write_in_child(path, {.events = events_of_each, .ranks = ranks});
  }
  return path;
}

struct Best {
  DiffParts parts;
  double peak_mib = 0;
};

// The fastest of the repetitions.
Best measure(benchmark::State& state, const std::string& base, const std::string& candidate, Cache cache,
             Cache ranks) {
  Best best;
  for ([[maybe_unused]] auto _ : state) {
    const auto child = testing::in_child([&] { return TimedDiff::run(base, candidate, cache, ranks); });
    state.SetIterationTime(child.result.total_s());
    if (best.peak_mib == 0 || child.result.total_s() < best.parts.total_s()) {
      best = {child.result, child.peak_mib};
    }
  }
  state.counters["open_s"] = best.parts.open_s;
  state.counters["ledger_s"] = best.parts.ledger_s;
  state.counters["evidence_s"] = best.parts.evidence_s;
  state.counters["ranks_s"] = best.parts.ranks_s;
  state.counters["terms_s"] = best.parts.terms_s;
  state.counters["kernels_s"] = best.parts.kernels_s;
  state.counters["by_ranks"] = best.parts.by_ranks ? 1 : 0;
  state.counters["findings"] = best.parts.findings;
  state.counters["events"] = best.parts.events;
  state.counters["peak_MiB"] = best.peak_mib;
  return best;
}

Best measure_two_runs(benchmark::State& state, Cache cache) {
  return measure(state, two_runs() + "/a", two_runs() + "/b", cache, cache);
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
  const std::string path = run_of_ranks(static_cast<int>(state.range(0)), events() / 50);
  const Best best = measure(state, path, path, Cache::kNone, Cache::kNone);
  if (state.range(0) == kFewRanks) {
    few_mib = best.peak_mib;
  } else {
    testing::bar("diff of 64 ranks x 200 k events, peak memory over that of 8 ranks",
                 (best.peak_mib - few_mib) / (2 * (kManyRanks - kFewRanks)), "MiB per rank and side", 1);
  }
}
// The first iteration leaves the roll-ups; the fastest counts. Range: ranks, events of each as a part of events().
void diff_ranks_warm(benchmark::State& state) {
  const std::string path = run_of_ranks(static_cast<int>(state.range(0)), events() / state.range(1));
  const Best best = measure(state, path, path, Cache::kReadWrite, Cache::kReadWrite);
  if (state.range(0) == kFewRanks) {
    testing::bar("diff of 2 x 8 ranks x 1 M events, warm", best.parts.total_s(), "s of CPU time", 1);
  } else {
    testing::bar("diff of 2 x 64 ranks x 200 k events, warm", best.parts.total_s(), "s of CPU time", 2);
  }
}
void diff_ranks_unstored(benchmark::State& state) {
  const std::string path = run_of_ranks(static_cast<int>(state.range(0)), events() / state.range(1));
  (void)measure(state, path, path, Cache::kReadWrite, Cache::kNone);
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
BENCHMARK(diff_ranks_unstored)
    ->Args({kManyRanks, 50})
    ->Args({kFewRanks, 10})
    ->Iterations(2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(diff_ranks_warm)
    ->Args({kManyRanks, 50})
    ->Args({kFewRanks, 10})
    ->Iterations(3)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stepscope::analysis

BENCHMARK_MAIN();
