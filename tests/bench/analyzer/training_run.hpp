// SPDX-License-Identifier: Apache-2.0
//
// A large run of a training job, written to disk: what the benches of the analyzer read.
//
// A step of a rank: 300 kernels on one stream, the last of them its all-reduce, which another rank comes to last in every step, 100 nested ranges on the main thread, a batch
// made by one of two workers, backward, optimizer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/kernel_mix.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::testing {

struct TrainingRun {
  int64_t events = 10'000'000;  // of each rank
  int ranks = 1;
  int64_t wait_ms = 2;  // per step until the batch is there; the rest of a step is 20 ms
  bool workers = true;  // recordings of those that make the batches; false: one recording a rank
};

class TrainingRunWriter {
 public:
  // One rank's recordings: a main process and, where wanted, two workers.
  static void write_rank(const std::string& directory, const TrainingRun& run, int rank) {
    TrainingRunWriter(directory, run, rank).write();
  }
  static void write(const std::string& directory, const TrainingRun& run) {
    std::filesystem::create_directories(directory);
    for (int rank = 0; rank < run.ranks; ++rank) {
      write_rank(directory, run, rank);
    }
  }

 private:
  using Kind = trace::Kind;
  using Builder = trace::RecordingBuilder;

  static constexpr int64_t kKernels = 300;
  static constexpr int64_t kRanges = 100;
  static constexpr int64_t kEventsPerStep = kKernels + kRanges + 6;
  static constexpr uint32_t kMainLane = 1;
  static constexpr uint32_t kStreamLane = 2;
  static constexpr uint32_t kCommunicatorLane = 3;
  static constexpr int64_t kMs = 1'000'000;

  TrainingRunWriter(const std::string& directory, const TrainingRun& run, int rank)
      : run_(run), rank_(rank), main_(begin(directory, "main", 0)) {
    for (int worker = 1; run.workers && worker <= 2; ++worker) {
      workers_.push_back(begin(directory, "worker", worker));
    }
  }

  static void require(const trace::Status& status) {
    if (!status.ok()) {
      throw std::runtime_error(status.message());
    }
  }

  static void add(Builder& to, Kind kind, uint32_t lane, std::vector<int64_t> values) {
    require(to.add(kind, lane, values));
  }

  [[nodiscard]] Builder begin(const std::string& directory, const std::string& role, int offset) const {
    const int pid = 1000 + 10 * rank_ + offset;
    const std::string number = std::to_string(rank_);
    trace::Result<Builder> created = Builder::create(directory + "/" + role + "-r" + number + "-node0-" +
                                                     std::to_string(pid) + "-77.stepscope");
    require(created.status());
    Builder builder = std::move(created).value();
    builder.set_meta("process.role", role);
    builder.set_meta("process.rank", number);
    builder.set_meta("process.world_size", std::to_string(run_.ranks));
    builder.set_meta("process.host", "node0");
    builder.set_meta("process.pid", std::to_string(pid));
    builder.set_meta("process.ppid", std::to_string(1000 + 10 * rank_));
    builder.add_anchor({0, 1'700'000'000'000'000'000, 0, 0, 0, 0});
    builder.add_lane({kMainLane, "thread", "MainThread", static_cast<uint32_t>(pid)});
    return builder;
  }

  void write() {
    main_.add_lane({kStreamLane, "stream", "GPU 0 stream 7", 0});
    main_.add_lane({kCommunicatorLane, "communicator", "default_pg of " + std::to_string(run_.ranks), 0});
    for (const std::string& text : KernelMix::names()) {
      (void)main_.intern(text);
    }
    for (int64_t r = 0; r < kRanges; ++r) {
      ranges_.push_back(main_.intern("layer " + std::to_string(r % 40)));
    }
    adam_ = main_.intern("AdamW");
    reduce_ = main_.intern("AllReduce");
    reduce_kernel_ = main_.intern("ncclDevKernel_AllReduce_Sum_f32_RING_LL");
    type_ = main_.intern("float32");
    int64_t now = 1'000 * kMs;
    for (int64_t step = 0; step < run_.events / kEventsPerStep; ++step) {
      now = write_step(step, now);
    }
    require(main_.finish());
    for (Builder& worker : workers_) {
      require(worker.finish());
    }
  }

  // Returns when the next one begins.
  int64_t write_step(int64_t step, int64_t now) {
    const int64_t wait = run_.wait_ms;
    const int64_t worker = step % 2;
    const int64_t made = now + (wait - 1) * kMs - (step % 7) * 10'000;
    const int64_t fetch_ns = (2 * wait + 36) * kMs;
    if (!workers_.empty()) {
      add(workers_[static_cast<size_t>(worker)], Kind::kBatchFetch, kMainLane,
          {made - fetch_ns, fetch_ns, 4242, 0, step, worker, kMs, made - fetch_ns, made, fetch_ns, 0, 0, 0,
           32, 0});
    }
    add(main_, Kind::kBatch, kMainLane,
        {now, wait * kMs, 4242, 0, step, worker, 2, made - fetch_ns - kMs, now + wait * kMs, 0, 0, 0, 0, 32,
         0});
    int64_t at = now + wait * kMs;
    const int64_t forward = at;
    for (int64_t r = 0; r < kRanges; ++r) {  // pairs: a layer, and half of it inside
      const int64_t dur = 8 * kMs / kRanges;
      const bool inner = r % 2 == 1;
      add(main_, Kind::kRange, kMainLane,
          {forward + (r / 2) * 2 * dur + (inner ? dur / 2 : 0), inner ? dur / 2 : 2 * dur,
           ranges_[static_cast<size_t>(r)], 0, 0, 2, 0, 0, 0});
    }
    at += 9 * kMs;
    KernelMix::Row row{};
    for (int64_t k = 0; k < kKernels; ++k) {
      row = mix_.next();
      row[0] = forward + k * 60'000;
      row[1] = std::min<int64_t>(row[1], 55'000);
      if (k + 1 == kKernels) {
        const int64_t late = (37 * rank_ + 11 * step) % 97 * 10'000;
        row[0] += late;
        row[1] = 2 * kMs - late;
        row[2] = reduce_kernel_;
      }
      require(main_.add(Kind::kKernel, kStreamLane, row));
    }
    add(main_, Kind::kCollective, kCommunicatorLane,
        {row[0], row[1], reduce_, 1, step, 4096, type_, run_.ranks, rank_, -1, -1, 1024, 0, 0, 0, 0, row[5],
         0});
    add(main_, Kind::kPhase, kMainLane,
        {at, 8 * kMs, 0, static_cast<int64_t>(trace::PhaseOp::kBackward), 3, 0});
    at += 8 * kMs;
    add(main_, Kind::kPhase, kMainLane,
        {at, 2 * kMs, adam_, static_cast<int64_t>(trace::PhaseOp::kOptimizer), 3, 0});
    now = at + 2 * kMs + (step % 5) * 20'000;
    add(main_, Kind::kStep, kMainLane, {now, step, 3, 0, 1});
    return now + kMs;
  }

  TrainingRun run_;
  int rank_;
  Builder main_;
  std::vector<Builder> workers_;
  KernelMix mix_;
  std::vector<int64_t> ranges_;
  int64_t adam_ = 0, reduce_ = 0, reduce_kernel_ = 0, type_ = 0;
};

}  // namespace stepscope::testing
