// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/recording.hpp"

#include <algorithm>
#include <bit>
#include <filesystem>
#include <unordered_map>

#include "tests/support/trace_builder.hpp"

namespace stepscope::scenarios {
namespace {

using testing::TextRecording;
using trace::Kind;

constexpr uint32_t kMainLane = 1, kAutogradLane = 2, kComputeLane = 3, kCommunicationLane = 4,
                   kCommunicatorLane = 5, kDeviceLane = 6;
constexpr int64_t kLoaderId = 4242;
constexpr int64_t kSecond = 1'000'000'000;

// From the true clock to what a host's clocks read.
class HostClock {
 public:
  HostClock(const Job& job, uint64_t seed, int64_t host) {
    const uint64_t number = identity(identity(seed, identity("clock")), static_cast<uint64_t>(host));
    booted_ = 1000 * kSecond + static_cast<int64_t>(number % 1'000'000) * 1'000'000;
    if (host > 0) {  // the first host is the measure of the others
      offset_ = static_cast<int64_t>(static_cast<double>(job.host_clock_offset) * part(number));
      drift_ = job.host_clock_drift * part(identity(number, 1));
    }
  }
  // CLOCK_MONOTONIC_RAW
  [[nodiscard]] int64_t raw(int64_t ns) const {
    return booted_ + ns + static_cast<int64_t>(static_cast<double>(ns) * drift_);
  }
  // CLOCK_REALTIME, which is as wrong as NTP leaves it
  [[nodiscard]] int64_t wall(int64_t ns) const { return 1'700'000'000 * kSecond + ns + offset_; }

 private:
  // In [-1, 1].
  static double part(uint64_t number) { return static_cast<double>(number % 2'000'001) / 1e6 - 1; }
  int64_t booted_ = 0, offset_ = 0;
  double drift_ = 0;
};

class RankWriter {
 public:
  RankWriter(const std::string& directory, const Job& job, const RankHistory& history, uint64_t seed,
             int64_t rank)
      : directory_(directory),
        job_(job),
        history_(history),
        rank_(rank),
        host_(rank / job.ranks_per_host),
        pid_(static_cast<uint32_t>(4000 + 200 * rank)),
        clock_(job, seed, host_),
        out_(path("main", pid_)) {}

  void write() {
    describe(out_, "main", pid_);
    main_lanes();
    threads();
    gpu();
    health();
    if (history_.lost) {
      out_.builder().add_loss("cupti.dropped", 1000);
    }
    out_.event(Kind::kOverhead, kMainLane, {at(1 * kSecond), 1500000, name("CUPTI_BUFFER_FLUSH")});
    out_.finish();
    for (int64_t worker = 0; job_.marks && worker < job_.loader.workers; ++worker) {
      write_worker(worker);
    }
  }

 private:
  [[nodiscard]] int64_t at(int64_t ns) const { return clock_.raw(ns); }
  [[nodiscard]] int64_t dur(int64_t begin, int64_t end) const { return at(end) - at(begin); }

  int64_t name(std::string_view text) {
    const auto [known, fresh] = names_.try_emplace(text, 0);
    if (fresh) {
      known->second = out_.name(text);
    }
    return known->second;
  }

  [[nodiscard]] std::string path(const std::string& role, uint32_t pid) const {
    return directory_ + "/" + role + "-r" + std::to_string(rank_) + "-node" + std::to_string(host_) + "-" +
           std::to_string(pid) + "-77.stepscope";
  }

  void describe(TextRecording& out, const std::string& role, uint32_t pid) const {
    const auto meta = [&](const std::string& key, const std::string& value) {
      out.builder().set_meta(key, value);
    };
    meta("process.role", role);
    meta("process.rank", std::to_string(rank_));
    meta("process.local_rank", std::to_string(rank_ % job_.ranks_per_host));
    meta("process.world_size", std::to_string(job_.ranks));
    meta("process.host", "node" + std::to_string(host_));
    meta("process.boot_id", "boot-" + std::to_string(host_));
    meta("process.pid", std::to_string(pid));
    meta("process.cmdline", "python train.py --config pretrain.yaml");
    meta("soft.torch", "2.9.0");
    meta("hw.cpu", "Example CPU @ 3 GHz");
    meta("hw.cpus", "96");
    meta("door.preload", "opened");
    if (role == "worker") {
      meta("process.ppid", std::to_string(pid_));
    } else {
      meta("door.cuda", "opened");
      meta("device.0.name", "Example GPU 80GB");
      meta("device.0.uuid", "GPU-0000000" + std::to_string(rank_));
      meta("cupti.version", "13.0");
      meta("cupti.state", "recording");
      meta("run.level", job_.calls ? "api" : "kernels");
      if (job_.ranks > 1) {
        meta("nccl.version", "2.27.5");
      }
      if (job_.marks) {
        meta("loader." + std::to_string(kLoaderId),
             R"({"class":"DataLoader","dataset":"Corpus","style":"map","batch_size":)" +
                 std::to_string(job_.loader.batch_size) + R"(,"num_workers":)" +
                 std::to_string(job_.loader.workers) + R"(,"prefetch_factor":)" +
                 std::to_string(job_.loader.prefetch) +
                 R"(,"persistent":true,"start_method":"fork","in_order":true})");
      }
    }
    for (int64_t ns = 0; ns <= history_.end_ns + kSecond; ns += kSecond) {
      trace::ClockAnchor anchor;
      anchor.monotonic_raw_ns = clock_.raw(ns);
      anchor.realtime_ns = clock_.wall(ns);
      out.builder().add_anchor(anchor);
    }
  }

  void main_lanes() {
    out_.line("lane 1 thread MainThread tid=" + std::to_string(pid_));
    out_.line("lane 2 thread autograd tid=" + std::to_string(pid_ + 150));
    out_.line("lane 3 stream \"GPU 0 stream 7\"");
    out_.line("lane 4 stream \"GPU 0 stream 13\"");
    out_.line("lane 5 communicator \"default_pg rank " + std::to_string(rank_) + "/" +
              std::to_string(job_.ranks) + "\"");
    out_.line("lane 6 device \"GPU 0\"");
  }

  void threads() {
    for (const Call& call : history_.calls) {
      if (!job_.calls) {
        break;
      }
      out_.event(Kind::kCudaApi, call.thread == Thread::kMain ? kMainLane : kAutogradLane,
                 {at(call.begin_ns), dur(call.begin_ns, call.end_ns), name(call.name), call.correlation, 0});
    }
    for (const Pause& pause : history_.gc) {
      out_.event(Kind::kGc, kMainLane, {at(pause.begin_ns), dur(pause.begin_ns, pause.end_ns), 2, 1200, 0});
    }
    if (!job_.marks) {
      return;
    }
    for (const Span& span : history_.spans) {
      const int64_t begin = at(span.begin_ns);
      const int64_t length = dur(span.begin_ns, span.end_ns);
      if (span.op->range) {
        out_.event(Kind::kRange, kMainLane, {begin, length, name(span.op->name), 0, 0, 2, 0, 0, 0});
      } else {
        out_.event(Kind::kPhase, kMainLane,
                   {begin, length, name(span.op->name), static_cast<int64_t>(span.op->phase), 3, 0});
      }
    }
    for (const Pause& save : history_.checkpoints) {
      out_.event(Kind::kPhase, kMainLane,
                 {at(save.begin_ns), dur(save.begin_ns, save.end_ns), name("torch.save"),
                  static_cast<int64_t>(trace::PhaseOp::kCheckpointSave), 3, 0});
    }
    for (size_t step = 0; step < history_.marks.size(); ++step) {
      out_.event(Kind::kStep, kMainLane, {at(history_.marks[step]), static_cast<int64_t>(step), 3, 0, 1});
    }
    for (const MadeBatch& made : history_.batches) {
      if (made.wait_end_ns > 0) {
        batch(made);
      }
    }
  }

  void batch(const MadeBatch& made) {
    const bool in_process = made.worker < 0;
    out_.event(Kind::kBatch, kMainLane,
               {at(made.wait_begin_ns), dur(made.wait_begin_ns, made.wait_end_ns), kLoaderId, 0, made.task,
                made.worker, job_.loader.workers, in_process ? 0 : at(made.dispatch_ns),
                in_process ? 0 : at(made.arrive_ns), 0, 0, in_process ? made.made_ns() : 0,
                in_process ? made.collate_ns : 0, samples(), in_process ? trace::kBatchInProcess : 0});
    if (in_process) {
      fetch(out_, made);
    }
  }

  void fetch(TextRecording& out, const MadeBatch& made) const {
    out.event(Kind::kBatchFetch, kMainLane,
              {at(made.start_ns), made.made_ns(), kLoaderId, 0, made.task, made.worker, made.collate_ns,
               at(made.received_ns), at(made.put_ns), made.cpu_ns + made.collate_ns, 0, 0, 0, samples(), 0,
               samples() * job_.loader.sequence_length});
  }

  [[nodiscard]] int64_t samples() const { return job_.loader.counted ? job_.loader.batch_size : 0; }

  void write_worker(int64_t worker) {
    const uint32_t pid = pid_ + 1 + static_cast<uint32_t>(worker);
    TextRecording out(path("worker", pid));
    describe(out, "worker", pid);
    out.line("lane 1 thread MainThread tid=" + std::to_string(pid));
    for (const MadeBatch& made : history_.batches) {
      if (made.worker == worker && made.put_ns < history_.end_ns) {
        fetch(out, made);
      }
    }
    out.finish();
  }

  // A graph is recorded node by node at first, and as a whole from then on.
  void gpu() {
    constexpr int64_t kStepsByNode = 4;
    size_t graph = 0;
    for (uint32_t i = 0; i < history_.works.size(); ++i) {
      while (graph < history_.graphs.size() && history_.graphs[graph].last < i) {
        ++graph;
      }
      const Work& work = history_.works[i];
      if (work.op->kind == Op::Kind::kNode && work.step >= kStepsByNode) {
        const GraphRun& run = history_.graphs[graph];
        if (i == run.first) {
          out_.event(Kind::kGraphLaunch, kComputeLane,
                     {at(work.start_ns), dur(work.start_ns, history_.works[run.last].end_ns), kGraph, 0, 7,
                      run.correlation, 1, run.last - run.first + 1});
        }
        continue;
      }
      piece(work, i);
    }
  }

  void piece(const Work& work, uint32_t index) {
    const bool compute = work.op->stream == Stream::kCompute;
    const uint32_t lane = compute ? kComputeLane : kCommunicationLane;
    const int64_t begin = at(work.start_ns);
    const int64_t length = dur(work.start_ns, work.end_ns);
    if (work.op->kind == Op::Kind::kCopy) {
      const bool to_device = work.op->copy == trace::CopyKind::kHostToDevice;
      const auto host =
          static_cast<int64_t>(work.op->pageable ? trace::MemoryKind::kPageable : trace::MemoryKind::kPinned);
      const auto device = static_cast<int64_t>(trace::MemoryKind::kDevice);
      out_.event(Kind::kMemcpy, lane,
                 {begin, length, static_cast<int64_t>(work.op->copy), work.op->bytes, 0, 7, work.correlation,
                  0, 1, to_device ? host : device, to_device ? device : host, trace::kCopyAsync, 0, 0});
      return;
    }
    const bool node = work.op->kind == Op::Kind::kNode;
    out_.event(Kind::kKernel, lane,
               {begin, length, name(work.op->name), 0, compute ? 7 : 13, work.correlation, node ? kGraph : 0,
                node ? static_cast<int64_t>(index % 100000) + 1 : 0, 1, 0});
    if (work.op->kind == Op::Kind::kCollective) {
      const Op& op = *work.op;
      out_.event(Kind::kCollective, kCommunicatorLane,
                 {begin, length, name(op.collective), op.group, work.sequence, op.bytes, name("bfloat16"),
                  op.group_ranks, rank_, op.peer, 6, op.bytes / 2, name("RING"), name("LL"), 8,
                  at(work.call_ns), work.correlation, op.peer >= 0 ? trace::kCollectivePointToPoint : 0});
    }
  }

  // NVML's readings, one a second.
  void health() {
    constexpr double kFullClock = 1980;
    int64_t slow_from = history_.end_ns + 1;
    for (const Work& work : history_.works) {
      if (job_.slow_clock_from >= 0 && work.step >= job_.slow_clock_from) {
        slow_from = work.start_ns;
        break;
      }
    }
    const auto reading = [&](int64_t ns, const char* what, double value) {
      out_.event(Kind::kHealth, kDeviceLane, {at(ns), name(what), std::bit_cast<int64_t>(value), 0});
    };
    for (int64_t ns = kSecond; ns < history_.end_ns + kSecond; ns += kSecond) {
      const bool slow = ns >= slow_from;
      reading(ns, "gpu.sm_clock_mhz", slow ? kFullClock / job_.slow_clock : kFullClock);
      reading(ns, "gpu.mem_clock_mhz", 2619);
      reading(ns, "gpu.power_mw", slow ? 560000 : 610000);
      reading(ns, "gpu.temperature_c", slow ? 88 : 66);
      reading(ns, "gpu.throttle.thermal_sw_ns",
              static_cast<double>(std::max<int64_t>(0, ns - slow_from)) * 0.97);
      reading(ns, "gpu.throttle.power_cap_ns", 0);
    }
  }

  static constexpr int64_t kGraph = 77;

  std::string directory_;
  const Job& job_;
  const RankHistory& history_;
  int64_t rank_, host_;
  uint32_t pid_;
  HostClock clock_;
  TextRecording out_;
  std::unordered_map<std::string_view, int64_t> names_;  // of texts that live as long as the history
};

}  // namespace

void write_recordings(const std::string& directory, const Job& job, const History& history, uint64_t seed) {
  std::filesystem::create_directories(directory);
  for (size_t rank = 0; rank < history.ranks.size(); ++rank) {
    RankWriter(directory, job, history.ranks[rank], seed, static_cast<int64_t>(rank)).write();
  }
}

}  // namespace stepscope::scenarios
