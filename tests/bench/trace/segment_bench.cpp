// SPDX-License-Identifier: Apache-2.0
//
// What recording costs the recorded process, and how fast a reader is. Bars (docs/ARCHITECTURE.md): at most 150 ns from
// push to the segment on disk for a kernel event, at least 15 M events/s read per core, push and pop of a range at
// most 100 ns together with two clock readings.
#include <stdlib.h>
#include <time.h>

#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "tests/support/kernel_mix.hpp"
#include "trace/segment.hpp"
#include "trace/spool_reader.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {
namespace {

using testing::KernelMix;
using KernelRow = KernelMix::Row;

constexpr size_t kRingBytes = 4 << 20;

std::vector<KernelRow> kernel_rows(size_t events) {
  KernelMix mix;
  std::vector<KernelRow> rows(events);
  for (KernelRow& row : rows) {
    row = mix.next();
  }
  return rows;
}

// A spool in a directory of its own; `spool` is static because a Spool lives in static storage in a real process.
class ScratchSpool {
 public:
  ScratchSpool() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stepscope-bench-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    if (spool.open(directory_.c_str(), "p") != 0) {
      abort();
    }
    ring = spool.acquire_ring(1, "bench", kRingBytes);
  }
  ~ScratchSpool() {
    spool.abandon_in_child();
    std::filesystem::remove_all(directory_);
  }
  ScratchSpool(const ScratchSpool&) = delete;
  ScratchSpool& operator=(const ScratchSpool&) = delete;

  [[nodiscard]] std::string base() const { return directory_ + "/p"; }

  Spool spool;
  Ring* ring = nullptr;

 private:
  std::string directory_;
};

class CountingVisitor : public SpoolVisitor {
 public:
  void on_string(uint32_t, std::string_view) override {}
  void on_lane(const LaneDecl&) override {}
  void on_meta(std::string_view, std::string_view) override {}
  void on_anchor(const ClockAnchor&) override {}
  void on_loss(std::string_view, uint64_t count) override { lost += count; }
  void on_log(int64_t, std::string_view) override {}
  Status on_events(const EventBlock& block) override {
    benchmark::DoNotOptimize(block.columns[0].back());
    return Status();
  }
  uint64_t lost = 0;
};

void per_event(benchmark::State& state, double events) {
  state.counters["per_event"] =
      benchmark::Counter(events, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetItemsProcessed(static_cast<int64_t>(events));
}

constexpr size_t kBatch = 40000;  // fits the ring

void push_all(ScratchSpool& scratch, const std::vector<KernelRow>& rows) {
  for (const KernelRow& row : rows) {
    scratch.spool.push(scratch.ring, Kind::kKernel, 3, row.data(), row.size());
  }
}

// Producer side alone: one kernel record into the ring.
void push(benchmark::State& state) {
  ScratchSpool scratch;
  const auto rows = kernel_rows(kBatch);
  for (auto _ : state) {
    push_all(scratch, rows);
    state.PauseTiming();
    (void)scratch.spool.drain();
    state.ResumeTiming();
  }
  per_event(state, static_cast<double>(state.iterations()) * kBatch);
}
BENCHMARK(push);

// The whole way in the recorded process: push, drain, encode, checksum, write to the spool.
void push_and_drain(benchmark::State& state) {
  ScratchSpool scratch;
  const auto rows = kernel_rows(kBatch);
  for (auto _ : state) {
    push_all(scratch, rows);
    if (scratch.spool.drain() != kBatch) {
      state.SkipWithError("events were lost");
    }
  }
  const double events = static_cast<double>(state.iterations()) * kBatch;
  per_event(state, events);
  state.counters["B/event"] =
      static_cast<double>(std::filesystem::file_size(scratch.base() + ".spool")) / events;
}
BENCHMARK(push_and_drain);

// Reading a spool: frames, checksums, all columns decoded.
void read_events(benchmark::State& state) {
  ScratchSpool scratch;
  const auto rows = kernel_rows(kBatch);
  for (int i = 0; i < 50; ++i) {
    push_all(scratch, rows);
    (void)scratch.spool.drain();
  }
  for (auto _ : state) {
    CountingVisitor visitor;
    const Result<SpoolSummary> result = read_spool(scratch.base(), visitor);
    if (!result.ok() || result.value().events != 50 * kBatch || visitor.lost != 0) {
      state.SkipWithError("events were lost");
    }
  }
  per_event(state, static_cast<double>(state.iterations()) * 50 * kBatch);
}
BENCHMARK(read_events);

// The codec alone, on a full segment: what a reader of a recording pays after zstd.
void decode_kernels(benchmark::State& state) {
  const auto rows = kernel_rows(kMaxSegmentRows);
  std::vector<std::vector<int64_t>> columns(KernelMix::kColumns, std::vector<int64_t>(rows.size()));
  std::vector<const int64_t*> in;
  std::vector<int64_t*> out;
  for (size_t c = 0; c < columns.size(); ++c) {
    for (size_t i = 0; i < rows.size(); ++i) {
      columns[c][i] = rows[i][c];
    }
    in.push_back(columns[c].data());
    out.push_back(columns[c].data());
  }
  std::vector<uint64_t> scratch(segment_scratch_bytes() / 8 + 1);
  std::vector<uint8_t> data(segment_bound(columns.size(), rows.size()));
  const KindInfo& kind = *find_kind(static_cast<uint16_t>(Kind::kKernel));
  const size_t bytes = encode_segment(kind.columns, columns.size(), in.data(), rows.size(), scratch.data(),
                                      data.data(), data.size());
  for (auto _ : state) {
    if (!decode_segment(data.data(), bytes, rows.size(), columns.size(), out.data())) {
      state.SkipWithError("not decoded");
    }
  }
  per_event(state, static_cast<double>(state.iterations()) * static_cast<double>(rows.size()));
  state.counters["B/event"] = static_cast<double>(bytes) / static_cast<double>(rows.size());
}
BENCHMARK(decode_kernels);

void range_push_pop(benchmark::State& state) {
  ScratchSpool scratch;
  size_t since_drain = 0;
  int64_t now = 1;
  for (auto _ : state) {
    scratch.spool.range_push(scratch.ring, {now, 12, 0, 0, 1, 0, 0});
    scratch.spool.range_pop(scratch.ring, 0, now + 5);
    now += 10;
    if (++since_drain == kBatch) {
      since_drain = 0;
      state.PauseTiming();
      (void)scratch.spool.drain();
      state.ResumeTiming();
    }
  }
}
BENCHMARK(range_push_pop);

int64_t clock_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void range_push_pop_with_clocks_and_intern(benchmark::State& state) {
  ScratchSpool scratch;
  const std::string name = "aten::convolution_backward";
  size_t since_drain = 0;
  for (auto _ : state) {
    scratch.spool.range_push(scratch.ring,
                             {clock_ns(), scratch.spool.intern(name.data(), name.size()), 0, 0, 1, 0, 0});
    scratch.spool.range_pop(scratch.ring, 0, clock_ns());
    if (++since_drain == kBatch) {
      since_drain = 0;
      state.PauseTiming();
      (void)scratch.spool.drain();
      state.ResumeTiming();
    }
  }
}
BENCHMARK(range_push_pop_with_clocks_and_intern);

void two_clock_readings(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(clock_ns() + clock_ns());
  }
}
BENCHMARK(two_clock_readings);

// A name that is known already, among 2000; 24 characters.
void intern_hit(benchmark::State& state) {
  ScratchSpool scratch;
  std::vector<std::string> names;
  for (int i = 0; i < 2000; ++i) {
    names.push_back("layer.attention.qkv." + std::to_string(1000 + i));
    (void)scratch.spool.intern(names.back().data(), names.back().size());
  }
  size_t i = 0;
  for (auto _ : state) {
    const std::string& name = names[i++ % 64];
    benchmark::DoNotOptimize(scratch.spool.intern(name.data(), name.size()));
  }
}
BENCHMARK(intern_hit);

}  // namespace
}  // namespace stepscope::trace

BENCHMARK_MAIN();
