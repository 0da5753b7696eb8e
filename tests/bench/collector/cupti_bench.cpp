// SPDX-License-Identifier: Apache-2.0
//
// What a GPU kernel's record costs the recorded process, from the buffer that CUPTI completed to the segment on disk. Bar: at
// most 150 ns of CPU time. Beside it the walk over the records alone (CUPTI's own GetNextRecord does at least that), and the
// clearing of a used buffer.
//
// Also for records with the fields of our choice (CUPTI 13.3), which are shorter and read by a table.
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

constexpr size_t kBufferBytes = 512 << 10;
constexpr uint32_t kKernelKind = 10;
constexpr size_t kRingBytes = 256 << 10;  // as the drain thread's
constexpr double kBarNs = 150;

// Where the fields of a kernel's record are that the bench fills; the rest is zero.
struct Places {
  size_t record_bytes, registers, start, end, context, stream, grid, block, correlation, name;

  [[nodiscard]] size_t per_buffer() const { return kBufferBytes / record_bytes; }
  [[nodiscard]] size_t valid() const { return per_buffer() * record_bytes; }
};
constexpr Places kClassic{216, 6, 16, 24, 44, 48, 52, 64, 92, 104};  // CUpti_ActivityKernel10

// Our choice of fields, packed as CUPTI documents it with the widths that its headers declare.
class Chosen {
 public:
  Chosen() {
    int ids[kMaxSelection];
    const size_t count = select_fields(kKernelKind, ids);
    size_t end = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t bytes = width(ids[i]);
      end = (end + bytes - 1) / bytes * bytes;
      fields_.push_back({sizeof(abi::FieldDescription), ids[i], end, bytes, bytes});
      end += bytes;
    }
    record_ = {sizeof(record_), fields_.data(), fields_.size(), (end + 7) / 8 * 8};
    records_[kKernelKind] = &record_;
    const abi::CompletedInfo info{sizeof(info), 0, records_, kKernelKind + 1};
    described.note(&info);
    namespace id = abi::kernel_id;
    places = {record_.record_bytes, at(id::kRegisters), at(id::kStart), at(id::kEnd),
              at(id::kContext),     at(id::kStream),    at(id::kGridX), at(id::kBlockX),
              at(id::kCorrelation), at(id::kName)};
  }

  DescribedRecords described;
  Places places{};

 private:
  static size_t width(int id) {
    namespace field = abi::kernel_id;
    switch (id) {
      case field::kRegisters:
        return 2;
      case field::kStart:
      case field::kEnd:
      case field::kContext:
      case field::kStream:
      case field::kCorrelation:
      case field::kName:
      case field::kGraphNode:
        return 8;
      default:
        return 4;
    }
  }
  [[nodiscard]] size_t at(int id) const {
    for (const abi::FieldDescription& field : fields_) {
      if (field.id == id) {
        return field.offset;
      }
    }
    abort();
  }

  std::vector<abi::FieldDescription> fields_;
  abi::RecordDescription record_{};
  const abi::RecordDescription* records_[kKernelKind + 1] = {};
};

template <typename T>
void put(uint8_t* record, size_t offset, T value) {
  std::memcpy(record + offset, &value, sizeof(value));
}

// Buffers as CUPTI leaves them: kernels of a 400-launch step, about 150 names, jitter.
class Buffers {
 public:
  explicit Buffers(size_t count, const Places& places = kClassic)
      : names_(testing::KernelMix::names()), at_(places) {
    testing::KernelMix mix;
    for (size_t b = 0; b < count; ++b) {
      auto& buffer = buffers_.emplace_back(kBufferBytes);
      for (size_t i = 0; i < at_.per_buffer(); ++i) {
        write(buffer.data() + i * at_.record_bytes, mix.next(), i);
      }
    }
  }

  [[nodiscard]] uint8_t* at(size_t i) { return buffers_[i % buffers_.size()].data(); }

 private:
  void write(uint8_t* record, const testing::KernelMix::Row& row, size_t launch) {
    put<uint32_t>(record, 0, kKernelKind);
    put<uint16_t>(record, at_.registers, static_cast<uint16_t>(32 + row[2] % 200));
    put<uint64_t>(record, at_.start, static_cast<uint64_t>(row[0]));
    put<uint64_t>(record, at_.end, static_cast<uint64_t>(row[0] + row[1]));
    put<uint32_t>(record, at_.context, 1);
    put<uint32_t>(record, at_.stream, static_cast<uint32_t>(row[4]));
    for (const size_t i : {0U, 4U, 8U}) {
      put<uint32_t>(record, at_.grid + i, static_cast<uint32_t>(1 + (launch % 400 * 7 + 52 + i) % 64));
      put<uint32_t>(record, at_.block + i, static_cast<uint32_t>(1 + (launch % 400 * 7 + 64 + i) % 64));
    }
    put<uint32_t>(record, at_.correlation, static_cast<uint32_t>(row[5]));
    put<const char*>(record, at_.name, names_[static_cast<size_t>(row[2] - 1)].c_str());
  }

  std::vector<std::string> names_;
  Places at_;
  std::vector<std::vector<uint8_t>> buffers_;
};

// context: the length of a record.
const void* next_record(void* context, uint8_t* buffer, size_t valid, const void* previous) noexcept {
  const size_t bytes = *static_cast<const size_t*>(context);
  const auto* at = previous == nullptr ? buffer : static_cast<const uint8_t*>(previous) + bytes;
  return at + bytes <= buffer + valid ? at : nullptr;
}
size_t g_classic_bytes = kClassic.record_bytes;
constexpr RecordWalk kClassicWalk{next_record, &g_classic_bytes};

struct Scratch {
  explicit Scratch(const DescribedRecords* described = nullptr) {
    std::string pattern = (std::filesystem::temp_directory_path() / "stepscope-bench-XXXXXX").string();
    directory = mkdtemp(pattern.data());
    if (spool.open(directory.c_str(), "p") != 0 || !decoder.open(spool, windows)) {
      abort();
    }
    if (described != nullptr) {
      decoder.read_described(*described);
    } else {
      decoder.read_classic({});
    }
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
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kClassic.per_buffer()));
  state.counters["per_record"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(kClassic.per_buffer()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void walk_records(benchmark::State& state) {
  Buffers buffers(8);
  size_t i = 0;
  for (auto _ : state) {
    const void* record = nullptr;
    uint8_t* buffer = buffers.at(i++);
    while ((record = next_record(&g_classic_bytes, buffer, kClassic.valid(), record)) != nullptr) {
      benchmark::DoNotOptimize(record);
    }
  }
  per_record(state);
}
BENCHMARK(walk_records);

void clear_buffer(benchmark::State& state) {
  std::vector<uint8_t> buffer(kBufferBytes);
  for (auto _ : state) {
    std::memset(buffer.data(), 0, kClassic.valid());
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
    scratch.decoder.decode(buffers.at(i++), kClassic.valid(), kClassicWalk, scratch.ring, 1);
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
      const size_t valid = kClassic.valid();
      std::memcpy(buffer, buffers.at(i++), valid);
      produced += kClassic.per_buffer();
      const BufferPool::Owner owner = pool->complete(buffer, valid);
      if (owner != BufferPool::Owner::kPool) {
        discarded += kClassic.per_buffer();
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
      scratch.decoder.decode(buffer, valid, kClassicWalk, scratch.ring, 1);
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

// described: null for classic records.
double nanoseconds_per_record(const Places& places, const DescribedRecords* described) {
  Buffers buffers(8, places);
  Scratch scratch(described);
  size_t record_bytes = places.record_bytes;
  const double begin = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  constexpr size_t kRounds = 400;
  for (size_t i = 0; i < kRounds; ++i) {
    uint8_t* buffer = buffers.at(i);
    scratch.decoder.decode(buffer, places.valid(), {next_record, &record_bytes}, scratch.ring, 1);
    scratch.spool.drain();
  }
  return (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e9 /
         static_cast<double>(kRounds * places.per_buffer());
}

}  // namespace
}  // namespace stepscope::collector::cupti

int main(int argc, char** argv) {
  using namespace stepscope::collector::cupti;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  const Chosen chosen;
  for (const bool classic : {true, false}) {
    const Places& places = classic ? kClassic : chosen.places;
    const double ns = nanoseconds_per_record(places, classic ? nullptr : &chosen.described);
    std::printf("completed buffer to segment, %s records of %zu bytes: %.1f ns/record (bar %.0f): %s\n",
                classic ? "classic" : "user-defined", places.record_bytes, ns, kBarNs,
                ns <= kBarNs ? "held" : "MISSED");
  }
  sustain("sustained", 2.0e6, 2.0);
  sustain("burst", 200.0e6, 1.0);
  return 0;
}
