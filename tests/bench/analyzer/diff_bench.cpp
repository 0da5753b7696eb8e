// SPDX-License-Identifier: Apache-2.0
//
// A diff of two runs of 10 M events each, as `stepscope diff` does it: open, ledger, evidence, terms, findings. Cold: no
// roll-up is stored, every event that matters is decoded. Warm: from the roll-ups that the cold one left. Bars: 5 s and 1 s
// of CPU time. STEPSCOPE_BENCH_EVENTS sets another number of events.
//
// A step: 300 kernels on one stream, 100 nested ranges on the main thread, a batch made by one of two workers, backward,
// optimizer.
#include <time.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include <benchmark/benchmark.h>

#include "analyzer/diff.hpp"
#include "analyzer/findings.hpp"
#include "tests/bench/support/bars.hpp"
#include "tests/support/kernel_mix.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::analysis {
namespace {

using trace::RecordingBuilder;

constexpr int64_t kKernels = 300;
constexpr int64_t kRanges = 100;
constexpr int64_t kEventsPerStep = kKernels + kRanges + 5;
constexpr uint32_t kMainLane = 1;
constexpr uint32_t kStreamLane = 2;
constexpr int64_t kMs = 1'000'000;

void require(const Status& status) {
  if (!status.ok()) {
    throw std::runtime_error(status.message());
  }
}

int64_t events() {
  const char* wanted = getenv("STEPSCOPE_BENCH_EVENTS");
  return wanted != nullptr ? std::atoll(wanted) : 10'000'000;
}

// One process's recording.
RecordingBuilder begin(const std::string& dir, const char* role, int pid) {
  Result<RecordingBuilder> created =
      RecordingBuilder::create(dir + "/" + role + "-r0-node0-" + std::to_string(pid) + "-77.stepscope");
  require(created.status());
  RecordingBuilder builder = std::move(created).value();
  builder.set_meta("process.role", role);
  builder.set_meta("process.host", "node0");
  builder.set_meta("process.pid", std::to_string(pid));
  builder.set_meta("process.ppid", "1000");
  builder.add_anchor({0, 1'700'000'000'000'000'000, 0, 0, 0, 0});
  builder.add_lane({kMainLane, "thread", "MainThread", static_cast<uint32_t>(pid)});
  return builder;
}

// `wait` ms per step until the batch is there; the rest of a step is 20 ms.
void write_run(const std::string& dir, int64_t wait) {
  std::filesystem::create_directories(dir);
  RecordingBuilder main = begin(dir, "main", 1000);
  RecordingBuilder workers[2] = {begin(dir, "worker", 1001), begin(dir, "worker", 1002)};
  main.add_lane({kStreamLane, "stream", "GPU 0 stream 7", 0});
  for (const std::string& text : testing::KernelMix::names()) {
    (void)main.intern(text);
  }
  std::vector<int64_t> ranges;
  for (int64_t r = 0; r < kRanges; ++r) {
    ranges.push_back(main.intern("layer " + std::to_string(r % 40)));
  }
  const int64_t adam = main.intern("AdamW");
  const auto add = [](RecordingBuilder& to, Kind kind, uint32_t lane, std::vector<int64_t> values) {
    require(to.add(kind, lane, values));
  };
  testing::KernelMix mix;
  int64_t now = 1'000 * kMs;
  const int64_t steps = events() / kEventsPerStep;
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t worker = step % 2;
    const int64_t made = now + (wait - 1) * kMs - (step % 7) * 10'000;
    const int64_t fetch_ns = (2 * wait + 36) * kMs;
    add(workers[worker], Kind::kBatchFetch, kMainLane,
        {made - fetch_ns, fetch_ns, 4242, 0, step, worker, kMs, made - fetch_ns, made, fetch_ns, 0, 0, 0, 32,
         0});
    add(main, Kind::kBatch, kMainLane,
        {now, wait * kMs, 4242, 0, step, worker, 2, made - fetch_ns - kMs, now + wait * kMs, 0, 0, 0, 0, 32,
         0});
    int64_t at = now + wait * kMs;
    const int64_t forward = at;
    for (int64_t r = 0; r < kRanges; ++r) {  // pairs: a layer, and half of it inside
      const int64_t dur = 8 * kMs / kRanges;
      const bool inner = r % 2 == 1;
      add(main, Kind::kRange, kMainLane,
          {forward + (r / 2) * 2 * dur + (inner ? dur / 2 : 0), inner ? dur / 2 : 2 * dur,
           ranges[static_cast<size_t>(r)], 0, 0, 2, 0, 0, 0});
    }
    at += 9 * kMs;
    for (int64_t k = 0; k < kKernels; ++k) {
      testing::KernelMix::Row row = mix.next();
      row[0] = forward + k * 60'000;
      row[1] = std::min<int64_t>(row[1], 55'000);
      require(main.add(Kind::kKernel, kStreamLane, row));
    }
    add(main, Kind::kPhase, kMainLane,
        {at, 8 * kMs, 0, static_cast<int64_t>(trace::PhaseOp::kBackward), 3, 0});
    at += 8 * kMs;
    add(main, Kind::kPhase, kMainLane,
        {at, 2 * kMs, adam, static_cast<int64_t>(trace::PhaseOp::kOptimizer), 3, 0});
    now = at + 2 * kMs + (step % 5) * 20'000;
    add(main, Kind::kStep, kMainLane, {now, step, 3, 0, 1});
    now += kMs;
  }
  require(main.finish());
  require(workers[0].finish());
  require(workers[1].finish());
}

const std::string& directory() {
  static const testing::TempDir dir;
  static const std::string path = [] {
    write_run(dir.file("a"), 2);
    write_run(dir.file("b"), 5);
    return dir.path();
  }();
  return path;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// CPU seconds of the parts of one diff.
struct Parts {
  double open = 0;
  double ledger = 0;
  double evidence = 0;
  double terms = 0;

  [[nodiscard]] double total() const { return open + ledger + evidence + terms; }
};

struct Side {
  std::unique_ptr<Run> run;
  Ledger ledger;
  Evidence evidence;

  Side(const std::string& path, Cache cache, Parts& parts) {
    double start = cpu_seconds();
    const auto lap = [&start](double& part) {
      const double now = cpu_seconds();
      part += now - start;
      start = now;
    };
    Result<Run> opened = Run::open(path, {});
    require(opened.status());
    run = std::make_unique<Run>(std::move(opened).value());
    lap(parts.open);
    LedgerOptions options;
    options.cache = cache;
    Result<Ledger> built = build_ledger(*run, options);
    require(built.status());
    ledger = std::move(built).value();
    lap(parts.ledger);
    Result<Evidence> gathered = gather_evidence(*run, ledger);
    require(gathered.status());
    evidence = std::move(gathered).value();
    lap(parts.evidence);
  }
};

Parts diff(Cache cache, benchmark::State& state) {
  Parts parts;
  const Side a(directory() + "/a", cache, parts);
  const Side b(directory() + "/b", cache, parts);
  const double start = cpu_seconds();
  const AnalyzedRun base[] = {{a.run.get(), &a.ledger, &a.evidence}};
  const AnalyzedRun candidate[] = {{b.run.get(), &b.ledger, &b.evidence}};
  const Result<Diff> result = diff_analyzed(base, candidate, {});
  require(result.status());
  state.counters["findings"] = static_cast<double>(find_in_diff(result.value(), base, candidate).size());
  parts.terms = cpu_seconds() - start;
  return parts;
}

double measure(benchmark::State& state, Cache cache) {
  (void)directory();
  Parts best{1e9, 0, 0, 0};
  for ([[maybe_unused]] auto _ : state) {
    const Parts parts = diff(cache, state);
    best = parts.total() < best.total() ? parts : best;
  }
  state.counters["open_s"] = best.open;
  state.counters["ledger_s"] = best.ledger;
  state.counters["evidence_s"] = best.evidence;
  state.counters["terms_s"] = best.terms;
  return best.total();
}

void diff_cold(benchmark::State& state) {
  testing::bar("diff of 2 x 10 M events, cold", measure(state, Cache::kNone), "s of CPU time", 5);
}
void diff_store(benchmark::State& state) {  // cold, and leaves the roll-ups
  (void)measure(state, Cache::kReadWrite);
}
void diff_warm(benchmark::State& state) {
  testing::bar("diff of 2 x 10 M events, warm", measure(state, Cache::kReadWrite), "s of CPU time", 1);
}
BENCHMARK(diff_cold)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(diff_store)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(diff_warm)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stepscope::analysis

BENCHMARK_MAIN();
