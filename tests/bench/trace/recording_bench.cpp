// SPDX-License-Identifier: Apache-2.0
//
// A recording of 2 M kernel events (tests/support/kernel_mix.hpp) written, opened and read, and the same events as plain
// SQLite rows in the same run, so that the ratio does not depend on the machine.
//
// Bars (docs of the design): at most 6 bytes per event, reading at least 15 M events/s per core. Counters:
// ns_event, B_event, M_events_s (of CPU time), and x_rows = how many times faster (or smaller) than rows.
#include <sys/stat.h>
#include <time.h>

#include <cstdlib>
#include <stdexcept>

#include <benchmark/benchmark.h>

#include "tests/bench/support/bars.hpp"
#include "tests/support/kernel_mix.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/finalize.hpp"
#include "trace/recording.hpp"
#include "trace/recording_builder.hpp"
#include "trace/spool_writer.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {
namespace {

constexpr size_t kEvents = 2'000'000;

// What the rows measured, for the ratios. Rows run first.
struct Baseline {
  double write_s = 0;
  double read_s = 0;
  double bytes = 0;
} rows_took;

const testing::TempDir& directory() {
  static const testing::TempDir dir;
  return dir;
}

const std::vector<testing::KernelMix::Row>& events() {
  static const std::vector<testing::KernelMix::Row> all = [] {
    std::vector<testing::KernelMix::Row> rows;
    testing::KernelMix mix;
    for (size_t i = 0; i < kEvents; ++i) {
      rows.push_back(mix.next());
    }
    return rows;
  }();
  return all;
}

double file_bytes(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 ? static_cast<double>(info.st_size) : 0;
}

void require(bool ok) {
  if (!ok) {
    throw std::runtime_error("bench: a step failed");
  }
}

// CPU time of this thread, all work here is its own: "per core", whatever else the machine does.
double cpu_seconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_since(double begin) {
  return cpu_seconds() - begin;
}

void count(benchmark::State& state, double seconds, double rows_seconds) {
  const auto total = static_cast<double>(kEvents);
  state.counters["ns_event"] = seconds * 1e9 / total;
  state.counters["M_events_s"] = total / seconds / 1e6;
  if (rows_seconds > 0) {
    state.counters["x_rows"] = rows_seconds / seconds;
  }
}

void rows_write(benchmark::State& state) {
  const std::string path = directory().file("rows.db");
  (void)events();
  for ([[maybe_unused]] auto _ : state) {
    testing::write_bytes(path, "");
    const double begin = cpu_seconds();
    Result<Database> opened = Database::open(path, OpenMode::kReadWrite);
    require(opened.ok());
    Database& database = opened.value();
    require(
        database.exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;"
                      "CREATE TABLE kernel (lane, start_ns, dur_ns, name, device, stream, correlation, graph,"
                      " graph_node, context, signature)"));
    {
      Statement row(database, "INSERT INTO kernel VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      for (const testing::KernelMix::Row& event : events()) {
        for (size_t c = 0; c < event.size(); ++c) {
          row.bind(static_cast<int>(c + 1), event[c]);
        }
        require(row.run());
      }
    }
    require(database.exec("COMMIT") && database.close());
    rows_took.write_s = seconds_since(begin);
    rows_took.bytes = file_bytes(path);
  }
  count(state, rows_took.write_s, 0);
  state.counters["B_event"] = rows_took.bytes / static_cast<double>(kEvents);
}

void rows_read(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    const double begin = cpu_seconds();
    const Result<Database> opened = Database::open(directory().file("rows.db"), OpenMode::kReadOnly);
    require(opened.ok());
    Statement rows(opened.value(),
                   "SELECT start_ns, dur_ns, name, device, stream, correlation, graph, graph_node, context, "
                   "signature FROM "
                   "kernel");
    int64_t sum = 0;
    while (rows.next()) {
      for (int c = 0; c < static_cast<int>(testing::KernelMix::kColumns); ++c) {
        sum += rows.integer(c);
      }
    }
    benchmark::DoNotOptimize(sum);
    rows_took.read_s = seconds_since(begin);
  }
  count(state, rows_took.read_s, 0);
}

void recording_write(benchmark::State& state) {
  const std::string path = directory().file("a.stepscope");
  double seconds = 0;
  for ([[maybe_unused]] auto _ : state) {
    const double begin = cpu_seconds();
    Result<RecordingBuilder> builder = RecordingBuilder::create(path);
    require(builder.ok());
    for (const std::string& name : testing::KernelMix::names()) {
      (void)builder.value().intern(name);
    }
    builder.value().add_lane({1, "stream", "GPU 0 stream 7", 0});
    for (const testing::KernelMix::Row& event : events()) {
      require(builder.value().add(Kind::kKernel, 1, event).ok());
    }
    require(builder.value().finish().ok());
    seconds = seconds_since(begin);
  }
  count(state, seconds, rows_took.write_s);
  state.counters["B_event"] = file_bytes(path) / static_cast<double>(kEvents);
  state.counters["x_smaller"] = rows_took.bytes / file_bytes(path);
}

// The bar's bytes per event are those of a file that finalize wrote from a spool, as a recorded process leaves it.
void spool_finalize(benchmark::State& state) {
  const std::string path = directory().file("spooled.stepscope");
  double seconds = 0;
  for ([[maybe_unused]] auto _ : state) {
    {
      static Spool spool;
      require(spool.open(directory().path().c_str(), "spooled") == 0);
      Ring* ring = spool.acquire_ring(1, "GPU", 4 << 20);
      std::vector<int64_t> ids{0};
      for (const std::string& name : testing::KernelMix::names()) {
        ids.push_back(spool.intern(name.data(), name.size()));
      }
      constexpr size_t kDrainEvery = 20'000;  // about as many as a second of training has
      for (size_t i = 0; i < kEvents; ++i) {
        testing::KernelMix::Row row = events()[i];
        row[2] = ids[static_cast<size_t>(row[2])];
        row[9] = ids[static_cast<size_t>(row[9])];
        require(spool.push(ring, Kind::kKernel, 0, row.data(), row.size()));
        if (i % kDrainEvery == 0) {
          (void)spool.drain();
        }
      }
      spool.close();
      spool.abandon_in_child();  // as the end of the process: locks go
    }
    const double begin = cpu_seconds();
    const Result<FinalizeResult> done = finalize(directory().file("spooled.spool"), {});
    require(done.ok() && done.value().recordings.size() == 1);
    seconds = seconds_since(begin);
  }
  count(state, seconds, 0);
  const double bytes = file_bytes(path) / static_cast<double>(kEvents);
  state.counters["B_event"] = bytes;
  testing::bar("a kernel event after finalize", bytes, "B", 6);
}

void recording_open(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(Recording::open(directory().file("a.stepscope")).ok());
  }
}

void recording_read(benchmark::State& state) {
  double seconds = 1e9;
  for ([[maybe_unused]] auto _ : state) {
    const double begin = cpu_seconds();
    const Result<Recording> recording = Recording::open(directory().file("a.stepscope"));
    require(recording.ok());
    size_t rows = 0;
    int64_t sum = 0;
    require(recording.value()
                .scan({.kind = Kind::kKernel},
                      [&](const SegmentView& view) {
                        rows += view.rows;
                        for (const std::span<const int64_t> column : view.columns) {
                          for (const int64_t value : column) {
                            sum += value;
                          }
                        }
                        return Status();
                      })
                .ok());
    require(rows == kEvents);
    benchmark::DoNotOptimize(sum);
    seconds = std::min(seconds, seconds_since(begin));
  }
  count(state, seconds, rows_took.read_s);
  testing::bar("reading, per core", static_cast<double>(kEvents) / seconds / 1e6, "M events/s", 15,
               testing::Bound::kAtLeast);
}

BENCHMARK(rows_write)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(rows_read)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(recording_write)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(spool_finalize)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(recording_open)->Iterations(20)->Unit(benchmark::kMillisecond);
BENCHMARK(recording_read)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stepscope::trace

BENCHMARK_MAIN();
