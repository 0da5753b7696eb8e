// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/viewer/bench_big.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/bench/analyzer/training_run.hpp"
#include "tests/bench/support/bars.hpp"
#include "tests/bench/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"
#include "viewer/loader.hpp"

namespace stepscope::viewer {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRanks = 64;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// A line of /proc/self/status, in bytes: VmRSS is what is resident now, VmHWM the most that ever was.
double memory_of_process(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kib = 0;
  while (status >> word) {
    if (word == key + ":" && status >> kib) {
      return kib * 1024;
    }
  }
  return 0;
}

void write_run(size_t events, const std::string& directory) {
  if (std::filesystem::exists(directory)) {
    return;
  }
  const auto start = Clock::now();
  stepscope::testing::TrainingRun run;
  run.ranks = kRanks;
  run.events = static_cast<int64_t>(events) / kRanks;
  run.workers = false;
  std::filesystem::create_directories(directory);
  for (int rank = 0; rank < kRanks; ++rank) {  // a process for each, so that this one stays small
    (void)stepscope::testing::in_child([&] {
      stepscope::testing::TrainingRunWriter::write_rank(directory, run, rank);
      return 0;
    });
  }
  std::printf("%-32s %.1f s\n", "written in", ms_since(start) / 1e3);
}

void report_memory(const char* when, double events) {
  const double now = memory_of_process("VmRSS");
  const double most = memory_of_process("VmHWM");
  std::printf("%-32s %.0f MiB, %.2f B/event; the most so far %.0f MiB, %.2f B/event\n", when, now / 1048576,
              now / events, most / 1048576, most / events);
}

// Loads all of it and looks at it every few milliseconds, as the window does between frames.
double load(const std::string& directory) {
  AppState state((Options()));
  bool picture = false;
  bool whole = false;
  double events = 0;
  const auto start = Clock::now();
  Loader loader(directory, "", [] {});
  for (bool last = false; !last; std::this_thread::sleep_for(std::chrono::milliseconds(2))) {
    last = loader.finished();
    (void)loader.poll(state);
    const RunModel* run = state.run(Side::kA);
    if (run != nullptr && !picture) {
      picture = true;
      std::printf("%-32s %.0f ms, %zu lanes\n", "first picture", ms_since(start), run->lanes.size());
      stepscope::testing::bar("first picture of 64 recordings", ms_since(start), "ms", 500);
    }
    if (run != nullptr && !run->preview && !whole) {
      whole = true;
      events = static_cast<double>(run->events);
      std::printf("%-32s %.1f s for %.0f M events\n", "all events", ms_since(start) / 1e3, events / 1e6);
      std::printf("%-32s %.2f B/event\n", "the model says",
                  static_cast<double>(run->resident_bytes()) / events);
      report_memory("with all events", events);
    }
  }
  std::printf("%-32s %.1f s\n", "with the analysis", ms_since(start) / 1e3);
  for (const std::string& error : state.load.errors) {
    std::printf("%s\n", error.c_str());
  }
  if (events > 0) {
    report_memory("with the analysis", events);
    stepscope::testing::bar("resident memory of the process", memory_of_process("VmRSS") / events, "B/event",
                            20);
  }
  return ms_since(start);
}

// Ends a load `after_ms` in, and says what it was doing and how long it took to stop.
double time_stop(const std::string& directory, const std::string& versus, double after_ms) {
  AppState state((Options()));
  auto loader = std::make_unique<Loader>(directory, versus, [] {});
  const auto start = Clock::now();
  while (ms_since(start) < after_ms && !loader->finished()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    (void)loader->poll(state);
  }
  if (loader->finished()) {
    return 0;
  }
  const std::string doing = state.load.text;
  const auto stop = Clock::now();
  loader.reset();
  const double took = ms_since(stop);
  std::printf("  %s, stopped after %5.1f s: %4.0f ms (%s)\n", versus.empty() ? "one run" : "two runs",
              after_ms / 1e3, took, doing.c_str());
  return took;
}

}  // namespace

int bench_big(size_t events, const std::string& directory) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  write_run(events, directory);
  const stepscope::testing::TempDir temp;
  const std::string twin = temp.file("twin");
  std::filesystem::copy(directory, twin);
  const double whole_ms = load(directory);
  // The twin's ledger is not stored: it is computed meanwhile, or loses what was not done.
  double slowest = 0;
  constexpr int kStops = 3;
  for (int i = 0; i < kStops; ++i) {
    slowest = std::max(slowest, time_stop(twin, "", whole_ms * (i + 0.5) / kStops));
  }
  for (int i = 0; i < kStops; ++i) {
    slowest = std::max(slowest, time_stop(directory, twin, 2 * whole_ms * (i + 0.5) / kStops));
  }
  stepscope::testing::bar("stopping at any point of it", slowest, "ms", 200);
  return 0;
}

}  // namespace stepscope::viewer
