// SPDX-License-Identifier: Apache-2.0
//
// What a GPU kernel's record costs the recorded process, from the buffer that CUPTI completed to the segment on disk. Bar: at
// most 150 ns of CPU time. Beside it the walk over the records alone (CUPTI's own GetNextRecord does at least that), and the
// clearing of a used buffer.
//
// Then, as a program would: a producer fills buffers at a given rate for two seconds while the drain loop works. Bars: two
// million records per second without a drop, and a hundredfold burst in which every record is either there or counted.
#include <time.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "collector/sources/cupti/buffer_pool.hpp"
#include "collector/sources/cupti/decoder.hpp"
#include "tests/support/kernel_mix.hpp"

namespace stepscope::collector::cupti {
namespace {

constexpr size_t kRecordBytes = 216;  // CUpti_ActivityKernel10
constexpr size_t kBufferBytes = 512 << 10;
constexpr size_t kPerBuffer = kBufferBytes / kRecordBytes;
constexpr size_t kRingBytes = 256 << 10;  // as the drain thread's
constexpr double kBarNs = 150;

template <typename T>
void put(uint8_t* record, size_t offset, T value) {
  std::memcpy(record + offset, &value, sizeof(value));
}

// Buffers as CUPTI leaves them: kernels of a 400-launch step, about 150 names, jitter.
class Buffers {
 public:
  explicit Buffers(size_t count) : names_(testing::KernelMix::names()) {
    testing::KernelMix mix;
    for (size_t b = 0; b < count; ++b) {
      auto& buffer = buffers_.emplace_back(kBufferBytes);
      for (size_t i = 0; i < kPerBuffer; ++i) {
        write(buffer.data() + i * kRecordBytes, mix.next(), i);
      }
    }
  }

  [[nodiscard]] uint8_t* at(size_t i) { return buffers_[i % buffers_.size()].data(); }

 private:
  void write(uint8_t* record, const testing::KernelMix::Row& row, size_t launch) {
    put<uint32_t>(record, 0, 10);
    put<uint16_t>(record, 6, static_cast<uint16_t>(32 + row[2] % 200));
    put<uint64_t>(record, 16, static_cast<uint64_t>(row[0]));
    put<uint64_t>(record, 24, static_cast<uint64_t>(row[0] + row[1]));
    put<uint32_t>(record, 44, 1);
    put<uint32_t>(record, 48, static_cast<uint32_t>(row[4]));
    for (const size_t offset : {52U, 56U, 60U, 64U, 68U, 72U}) {
      put<uint32_t>(record, offset, static_cast<uint32_t>(1 + (launch % 400 * 7 + offset) % 64));
    }
    put<uint32_t>(record, 92, static_cast<uint32_t>(row[5]));
    put<const char*>(record, 104, names_[static_cast<size_t>(row[2] - 1)].c_str());
  }

  std::vector<std::string> names_;
  std::vector<std::vector<uint8_t>> buffers_;
};

const void* next_record(void*, uint8_t* buffer, size_t valid, const void* previous) noexcept {
  const auto* at = previous == nullptr ? buffer : static_cast<const uint8_t*>(previous) + kRecordBytes;
  return at + kRecordBytes <= buffer + valid ? at : nullptr;
}

struct Scratch {
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stepscope-bench-XXXXXX").string();
    directory = mkdtemp(pattern.data());
    if (spool.open(directory.c_str(), "p") != 0 || !decoder.open(spool, windows)) {
      abort();
    }
    decoder.read_classic({});
    ring = spool.acquire_ring(1, "bench", kRingBytes);
  }
  ~Scratch() {
    spool.abandon_in_child();
    std::filesystem::remove_all(directory);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string directory;
  trace::Spool spool;
  trace::Ring* ring = nullptr;
  Windows windows;
  Decoder decoder;
};

double cpu_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void per_record(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPerBuffer));
  state.counters["per_record"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(kPerBuffer),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void walk_records(benchmark::State& state) {
  Buffers buffers(8);
  size_t i = 0;
  for (auto _ : state) {
    const void* record = nullptr;
    uint8_t* buffer = buffers.at(i++);
    while ((record = next_record(nullptr, buffer, kPerBuffer * kRecordBytes, record)) != nullptr) {
      benchmark::DoNotOptimize(record);
    }
  }
  per_record(state);
}
BENCHMARK(walk_records);

void clear_buffer(benchmark::State& state) {
  std::vector<uint8_t> buffer(kBufferBytes);
  for (auto _ : state) {
    std::memset(buffer.data(), 0, kPerBuffer * kRecordBytes);
    benchmark::ClobberMemory();
  }
  per_record(state);
}
BENCHMARK(clear_buffer);

void buffer_to_segment(benchmark::State& state) {
  Buffers buffers(8);
  Scratch scratch;
  size_t i = 0;
  for (auto _ : state) {
    scratch.decoder.decode(buffers.at(i++), kPerBuffer * kRecordBytes, {next_record, nullptr}, scratch.ring,
                           1);
    scratch.spool.drain();
  }
  per_record(state);
}
BENCHMARK(buffer_to_segment);

// A producer of `rate` records per second for `seconds`, through the pool, beside the drain loop of the collector.
void sustain(const char* title, double rate, double seconds) {
  Buffers buffers(16);
  Scratch scratch;
  auto pool = std::make_unique<BufferPool>();
  if (!pool->open(kBufferBytes)) {
    abort();
  }
  std::atomic<bool> done{false};
  std::atomic<uint64_t> produced{0};
  std::atomic<uint64_t> discarded{0};
  std::thread producer([&] {
    const double begin = cpu_seconds(CLOCK_MONOTONIC);
    size_t i = 0;
    while (cpu_seconds(CLOCK_MONOTONIC) - begin < seconds) {
      const double due = static_cast<double>(produced.load()) / rate;
      if (cpu_seconds(CLOCK_MONOTONIC) - begin < due) {
        timespec pause{0, 200'000};
        nanosleep(&pause, nullptr);
        continue;
      }
      size_t bytes = 0;
      uint8_t* buffer = pool->request(bytes);
      const size_t valid = kPerBuffer * kRecordBytes;
      std::memcpy(buffer, buffers.at(i++), valid);
      produced += kPerBuffer;
      const BufferPool::Owner owner = pool->complete(buffer, valid);
      if (owner != BufferPool::Owner::kPool) {
        discarded += kPerBuffer;
        if (owner == BufferPool::Owner::kSpare) {
          pool->give_back_spare(buffer, valid);
        }
      }
    }
    done = true;
  });
  const double cpu_begin = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  bool more = true;
  while (more || !done) {
    more = false;
    size_t valid = 0;
    while (uint8_t* buffer = pool->take(valid)) {
      scratch.decoder.decode(buffer, valid, {next_record, nullptr}, scratch.ring, 1);
      pool->give_back(buffer, valid);
      scratch.spool.drain();
      more = true;
    }
    timespec pause{0, 5'000'000};
    nanosleep(&pause, nullptr);
  }
  const double cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_begin;
  producer.join();
  const uint64_t recorded = scratch.decoder.counts().kernels;
  std::printf(
      "%s: %.2f M records in %.1f s (%.2f M/s), recorded %.2f M, discarded and counted %.2f M, unaccounted "
      "%lld; "
      "drain thread %.0f ns/record\n",
      title, static_cast<double>(produced) / 1e6, seconds, static_cast<double>(produced) / 1e6 / seconds,
      static_cast<double>(recorded) / 1e6, static_cast<double>(discarded) / 1e6,
      static_cast<long long>(produced.load() - recorded - discarded.load()),
      cpu * 1e9 / static_cast<double>(recorded));
}

double nanoseconds_per_record() {
  Buffers buffers(8);
  Scratch scratch;
  const double begin = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  constexpr size_t kRounds = 400;
  for (size_t i = 0; i < kRounds; ++i) {
    uint8_t* buffer = buffers.at(i);
    scratch.decoder.decode(buffer, kPerBuffer * kRecordBytes, {next_record, nullptr}, scratch.ring, 1);
    scratch.spool.drain();
  }
  return (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e9 / static_cast<double>(kRounds * kPerBuffer);
}

}  // namespace
}  // namespace stepscope::collector::cupti

int main(int argc, char** argv) {
  using namespace stepscope::collector::cupti;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  const double ns = nanoseconds_per_record();
  std::printf("completed buffer to segment: %.1f ns/record (bar %.0f): %s\n", ns, kBarNs,
              ns <= kBarNs ? "held" : "MISSED");
  sustain("sustained", 2.0e6, 2.0);
  sustain("burst", 200.0e6, 1.0);
  return 0;
}
