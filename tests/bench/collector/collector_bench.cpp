// SPDX-License-Identifier: Apache-2.0
//
// What the collector costs the program it records, measured on the real libstepscope.so:
//   range push + pop through the C API and through NVTX's tables   bar 100 ns together
//   thread_usage()                                                 bar 3 us
//   a collective of NCCL with two channels (nccl_bench.cpp)        bar 1 us
//   the constructor of a preloaded, dormant library                bar 50 us
// Beside them, in the same run, what two clock reads cost: the floor of a range.
//
//   bench_collector [--benchmark_filter=...]
#include <dlfcn.h>
#include <stepscope/stepscope.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "collector/sources/nvtx/nvtx_abi.hpp"
#include "tests/bench/support/bars.hpp"

namespace {

namespace abi = stepscope::collector::nvtx;

abi::Function g_functions[7][32];
abi::Function* g_tables[7][32];

int get_module_table(uint32_t module, abi::Function*** table, unsigned int* size) {
  for (int i = 0; i < 32; ++i) {
    g_tables[module][i] = &g_functions[module][i];
  }
  *table = g_tables[module];
  *size = 9 + 7;
  return 1;
}

const void* get_export_table(uint32_t) {
  static const abi::ExportTableCallbacks callbacks = {sizeof(callbacks), get_module_table};
  return &callbacks;
}

template <typename F>
F find(void* library, const char* name) {
  F function = nullptr;
  void* symbol = dlsym(library, name);
  std::memcpy(&function, &symbol, sizeof(function));
  return function;
}

// The library as a door would load it, recording into a directory of our own.
const stepscope_api* collector() {
  static const stepscope_api* api = [] {
    void* library = dlopen(STEPSCOPE_LIBRARY, RTLD_NOW);
    auto attach = find<int (*)(const void* (*)(uint32_t))>(library, "InitializeInjectionNvtx2");
    auto get = find<stepscope_get_api_fn>(library, STEPSCOPE_GET_API_SYMBOL);
    if (attach == nullptr || attach(get_export_table) != 1 || get()->open("c-api") != 1) {
      std::fprintf(stderr, "cannot record into %s\n", getenv("STEPSCOPE_DIR"));
      std::exit(1);
    }
    return get();
  }();
  return api;
}

void two_clock_reads(benchmark::State& state) {
  timespec ts;
  for (auto _ : state) {
    clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
    benchmark::DoNotOptimize(ts);
    clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
    benchmark::DoNotOptimize(ts);
  }
}
BENCHMARK(two_clock_reads);

void c_api_push_pop(benchmark::State& state) {
  const stepscope_api* api = collector();
  for (auto _ : state) {
    api->range_push(api->intern("forward", 7), 0);
    api->range_pop();
  }
}
BENCHMARK(c_api_push_pop);

void nvtx_push_pop(benchmark::State& state) {
  collector();
  auto push = reinterpret_cast<int (*)(const char*)>(g_functions[abi::kModuleCore][abi::kRangePushA]);
  auto pop = reinterpret_cast<int (*)()>(g_functions[abi::kModuleCore][abi::kRangePop]);
  for (auto _ : state) {
    push("forward");
    pop();
  }
}
BENCHMARK(nvtx_push_pop);

void nvtx_registered_push_pop(benchmark::State& state) {
  collector();
  auto core2 = [](uint32_t slot) { return g_functions[abi::kModuleCore2][slot]; };
  void* domain = reinterpret_cast<void* (*)(const char*)>(core2(abi::kDomainCreateA))("domain");
  auto push =
      reinterpret_cast<int (*)(const void*, const abi::EventAttributes*)>(core2(abi::kDomainRangePushEx));
  auto pop = reinterpret_cast<int (*)(const void*)>(core2(abi::kDomainRangePop));
  abi::EventAttributes event = {};
  event.size = sizeof(event);
  event.message_type = abi::kMessageRegistered;
  event.message = reinterpret_cast<void* (*)(const void*, const char*)>(core2(abi::kDomainRegisterStringA))(
      domain, "name");
  for (auto _ : state) {
    push(domain, &event);
    pop(domain);
  }
}
BENCHMARK(nvtx_registered_push_pop);

void emit_batch(benchmark::State& state) {
  const stepscope_api* api = collector();
  int64_t values[15] = {};
  for (auto _ : state) {
    values[0] = static_cast<int64_t>(api->now_ns());
    api->emit(8, 0, values, 15);
  }
}
BENCHMARK(emit_batch);

void thread_usage(benchmark::State& state) {
  const stepscope_api* api = collector();
  int64_t usage[5];
  for (auto _ : state) {
    api->thread_usage(usage);
  }
}
BENCHMARK(thread_usage);

// CPU time of dlopen, in a fresh child: mapping, relocation and constructor. Other programs' load does not count.
double load_us(const char* library) {
  int ends[2];
  if (pipe(ends) != 0) {
    std::exit(1);
  }
  pid_t child = fork();
  if (child == 0) {
    setenv("LD_PRELOAD", STEPSCOPE_LIBRARY, 1);  // the constructor then does all it does when preloaded
    timespec begin;
    timespec end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    void* handle = dlopen(library, RTLD_NOW);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double us = static_cast<double>(end.tv_sec - begin.tv_sec) * 1e6 +
                static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e3;
    _exit(handle != nullptr && write(ends[1], &us, sizeof(us)) == sizeof(us) ? 0 : 1);
  }
  close(ends[1]);
  double us = 0;
  if (read(ends[0], &us, sizeof(us)) != sizeof(us)) {
    std::exit(1);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return us;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Interleaved: a library that does nothing, ours disabled (mapped and relocated, its constructor returns at once), ours.
// The difference of the last two is what the constructor does.
void report_dormant_process() {
  std::vector<double> empty;
  std::vector<double> disabled;
  std::vector<double> ours;
  for (int i = 0; i < 300; ++i) {
    empty.push_back(load_us(EMPTY_LIBRARY));
    setenv("STEPSCOPE_DISABLE", "1", 1);
    disabled.push_back(load_us(STEPSCOPE_LIBRARY));
    unsetenv("STEPSCOPE_DISABLE");
    ours.push_back(load_us(STEPSCOPE_LIBRARY));
  }
  std::printf(
      "dormant, CPU time, median of 300: empty library %.1f us, libstepscope.so disabled %.1f us, dormant "
      "%.1f us -> "
      "constructor %.1f us\n",
      median(empty), median(disabled), median(ours), median(ours) - median(disabled));
  stepscope::testing::bar("constructor of a dormant library", median(ours) - median(disabled), "us", 50);
}

// The usual table, and behind it one line for each benchmark that has a bar.
class BarReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& reports) override {
    ConsoleReporter::ReportRuns(reports);
    for (const Run& run : reports) {
      for (const auto& [name, limit_ns] : kBars) {
        if (run.run_name.function_name == name && !run.error_occurred) {
          held_.emplace_back(name, run.GetAdjustedCPUTime(), limit_ns);
        }
      }
    }
  }
  void Finalize() override {
    for (const auto& [name, ns, limit] : held_) {
      stepscope::testing::bar(name, ns, "ns", limit);
    }
  }

 private:
  static constexpr std::pair<const char*, double> kBars[] = {{"c_api_push_pop", 100},
                                                             {"nvtx_push_pop", 100},
                                                             {"nvtx_registered_push_pop", 100},
                                                             {"thread_usage", 3000}};
  std::vector<std::tuple<const char*, double, double>> held_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string directory =
      std::filesystem::temp_directory_path() / ("stepscope-bench-" + std::to_string(getpid()));
  setenv("STEPSCOPE_DIR", directory.c_str(), 1);
  report_dormant_process();
  benchmark::Initialize(&argc, argv);
  BarReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  std::filesystem::remove_all(directory);
  return 0;
}
