// SPDX-License-Identifier: Apache-2.0
//
// Import of a trace as torch.profiler writes it: of five events one operator with its shapes, one CUDA call, one kernel with
// its launch configuration, and the two ends of the arrow between them. Bar: 1 M events/s of CPU time, plain JSON. The
// memory that the import took is shown beside it: it must not grow with the trace. STEPSCOPE_BENCH_EVENTS sets another
// number of events (2 M).
#include <sys/resource.h>
#include <time.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "analyzer/import/import_run.hpp"
#include "tests/bench/support/bars.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/kernel_mix.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

constexpr int64_t kEventsPerOperator = 5;
constexpr const char* kOperators[] = {
    "aten::empty",  "aten::mm",          "aten::add_",
    "aten::conv2d", "aten::convolution", "autograd::engine::evaluate_function: AddBackward0"};

int64_t events() {
  const char* wanted = getenv("STEPSCOPE_BENCH_EVENTS");
  return wanted != nullptr ? std::atoll(wanted) : 2'000'000;
}

const testing::TempDir& directory() {
  static const testing::TempDir dir;
  return dir;
}

// What one operator leaves, with the line breaks and blanks of Kineto's writer.
std::string one_operator(int64_t i, double ts, const std::string& kernel) {
  const int64_t id = 1000 + i;
  return fmt::format(
      R"j(  {{
    "ph": "X", "cat": "cpu_op", "name": "{}", "pid": 2910249, "tid": 2910249,
    "ts": {:.3f}, "dur": {:.3f},
    "args": {{
      "External id": {},"Record function id": {}, "Concrete Inputs": ["", ""], "Input type": ["float", "float"], "Input Strides": [[1024, 1], [1, 1]], "Input Dims": [[2048, 125], [125, 320]], "Ev Idx": {}
    }}
  }},
  {{
    "ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 2910249, "tid": 2910249,
    "ts": {:.3f}, "dur": 5.612,
    "args": {{
      "External id": {},
      "cbid": 211, "correlation": {}
    }}
  }},
  {{
    "ph": "s", "id": {}, "pid": 2910249, "tid": 2910249, "ts": {:.3f},
    "cat": "ac2g", "name": "ac2g"
  }},
  {{
    "ph": "X", "cat": "kernel", "name": "{}", "pid": 0, "tid": 7,
    "ts": {:.3f}, "dur": {:.3f},
    "args": {{
      "External id": {},
      "queued": 0, "device": 0, "context": 1,
      "stream": 7, "correlation": {},
      "registers per thread": {},
      "shared memory": 0,
      "blocks per SM": 116.148148,
      "warps per SM": 464.59259,
      "grid": [{}, 1, 1],
      "block": [128, 1, 1],
      "est. achieved occupancy %": 75
    }}
  }},
  {{
    "ph": "f", "id": {}, "pid": 0, "tid": 7, "ts": {:.3f},
    "cat": "ac2g", "name": "ac2g", "bp": "e"
  }})j",
      kOperators[i % 6], ts, 20.5 + static_cast<double>(i % 37), id, id, i, ts + 1, id, id, id, ts + 1,
      kernel, ts + 9, 3.25 + static_cast<double>(i % 29), id, id, 16 + i % 3 * 8, 8 << i % 5, id, ts + 9);
}

const std::string& plain_trace() {
  static const std::string path = [] {
    const std::string file = directory().file("trace.json");
    std::ofstream out(file, std::ios::binary);
    out << "{\n  \"schemaVersion\": 1,\n  \"traceEvents\": [\n";
    const auto kernels = testing::KernelMix::names();
    double ts = 4458676522690;
    for (int64_t i = 0; i * kEventsPerOperator < events(); ++i) {
      ts += 7.125;
      out << (i == 0 ? "" : ",\n")
          << one_operator(i, ts, std::string(kernels[static_cast<size_t>(i) % kernels.size()]));
    }
    out << "\n  ],\n  \"displayTimeUnit\": \"ms\",\n  \"baseTimeNanoseconds\": 1711964646000000000\n}\n";
    return file;
  }();
  return path;
}

const std::string& gzip_trace() {
  static const std::string path = [] {
    const std::string file = directory().file("packed.json.gz");
    testing::write_bytes(file, testing::gzip_bytes(testing::read_bytes(plain_trace())));
    return file;
  }();
  return path;
}

double cpu_seconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double resident_mib() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Events per second of CPU time, the best of the repetitions.
double measure(benchmark::State& state, const std::string& trace) {
  const std::string run = directory().file("run");
  double best = 0;
  const double before = resident_mib();
  for ([[maybe_unused]] auto _ : state) {
    std::filesystem::remove_all(run);
    std::filesystem::create_directory(run);
    const double start = cpu_seconds();
    const trace::Result<ImportedRun> imported = import_run({trace}, run, {});
    const double seconds = cpu_seconds() - start;
    if (!imported.ok()) {
      throw std::runtime_error(imported.status().message());
    }
    best = std::max(best, static_cast<double>(imported.value().files[0].events) / seconds);
  }
  state.counters["events_per_s"] = best;
  state.counters["bytes_per_event"] =
      static_cast<double>(std::filesystem::file_size(trace)) / static_cast<double>(events());
  state.counters["more_memory_MiB"] = resident_mib() - before;
  return best;
}

void import_plain(benchmark::State& state) {
  testing::bar("import of Kineto JSON", measure(state, plain_trace()) / 1e6, "M events/s of CPU time", 1,
               testing::Bound::kAtLeast);
}
void import_gzip(benchmark::State& state) {
  (void)measure(state, gzip_trace());
}
BENCHMARK(import_plain)->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(import_gzip)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stepscope::analysis

BENCHMARK_MAIN();
