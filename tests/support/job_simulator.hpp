// SPDX-License-Identifier: Apache-2.0
//
// A small training job that never ran: simulates the main thread and the loader's workers the way PyTorch's DataLoader
// behaves (round-robin dispatch, prefetch, in-order delivery) and writes one recording per process.
//
//   write_job(dir, "steps=60 workers=2 forward=3ms backward=5ms optimizer=1ms fetch.cpu=12ms collate=1ms");
//   write_job(dir, "... fetch.io=20ms");                         // the same job, reads from a slow disk
//   write_job(dir, "... slow_worker=1 slow_worker.extra=15ms");  // one worker is slow
//
// What a key does stands in Job below. Same text, same bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/trace_builder.hpp"
#include "trace/kinds.hpp"

namespace stepscope::testing {

struct Job {
  int64_t steps = 60, seed = 1, rank = 0, world_size = 1;
  int64_t workers = 2, prefetch = 2, batch_size = 32, accumulation = 1;
  int64_t steps_per_epoch = 0;  // 0: one epoch
  int64_t persistent = 0;       // workers live on between epochs
  int64_t record_workers = 1;   // 0: the workers' recordings are missing
  int64_t count_items = 1;      // 0: how many samples a batch has was not recorded
  int64_t tokens = 0;           // per batch; 0: not recorded
  int64_t forward = 3000000, backward = 5000000, optimizer = 1000000,
          other = 100000;  // ns per micro step / step
  int64_t fetch_cpu = 2000000, fetch_starved = 0, fetch_io = 0, fetch_blocked = 0,
          fetch_throttled = 0;  // ns per batch
  int64_t collate = 500000, put = 50000, transfer = 100000, pin = 0;
  int64_t slow_worker = -1, slow_worker_extra = 0;  // blocked ns more per batch
  int64_t warmup_extra = 20000000;                  // forward of step 0 takes this much more
  int64_t worker_start = 30000000;                  // until a new worker takes its first index
  int64_t gc_every = 0, gc = 0;                     // pause in the forward of every n-th step
  int64_t checkpoint_every = 0, checkpoint = 0;     // after every n-th step
  int64_t eval_every = 0, eval = 0;
  int64_t jitter_permille = 10;  // of every duration, uniform
  int64_t run_permille = 1000;   // of every duration of this run: run-to-run noise
  int64_t watch = 1;             // sample what the workers are blocked on
  int64_t watch_missed = 0;      // of 1000 looks at a reading worker, those that find it between two reads
  int64_t affinity = 8, quota_permille = 0, throttled_permille = 0, cpus = 8;
  int64_t ranges = 0;                  // a user range "loss" of 1/4 of the forward
  int64_t dying_worker_after = -1;     // worker 0's recording ends after this many batches
  std::string steps_by = "optimizer";  // or api, nvtx, profiler
  std::string optimizer_class = "AdamW", command = "python train.py", torch = "1.13.1";
  std::string env_hash, cache, network;  // facts env.hash, fs.cache and nccl.network; empty: not recorded
};

namespace job_detail {

struct Key {
  const char* name;
  int64_t Job::*number;
  std::string Job::*text;
};

inline constexpr Key kKeys[] = {
    {"steps", &Job::steps, nullptr},
    {"seed", &Job::seed, nullptr},
    {"rank", &Job::rank, nullptr},
    {"world_size", &Job::world_size, nullptr},
    {"workers", &Job::workers, nullptr},
    {"prefetch", &Job::prefetch, nullptr},
    {"batch_size", &Job::batch_size, nullptr},
    {"accumulation", &Job::accumulation, nullptr},
    {"steps_per_epoch", &Job::steps_per_epoch, nullptr},
    {"persistent", &Job::persistent, nullptr},
    {"record_workers", &Job::record_workers, nullptr},
    {"count_items", &Job::count_items, nullptr},
    {"tokens", &Job::tokens, nullptr},
    {"forward", &Job::forward, nullptr},
    {"backward", &Job::backward, nullptr},
    {"optimizer", &Job::optimizer, nullptr},
    {"other", &Job::other, nullptr},
    {"fetch.cpu", &Job::fetch_cpu, nullptr},
    {"fetch.starved", &Job::fetch_starved, nullptr},
    {"fetch.io", &Job::fetch_io, nullptr},
    {"fetch.blocked", &Job::fetch_blocked, nullptr},
    {"fetch.throttled", &Job::fetch_throttled, nullptr},
    {"collate", &Job::collate, nullptr},
    {"put", &Job::put, nullptr},
    {"transfer", &Job::transfer, nullptr},
    {"pin", &Job::pin, nullptr},
    {"slow_worker", &Job::slow_worker, nullptr},
    {"slow_worker.extra", &Job::slow_worker_extra, nullptr},
    {"warmup.extra", &Job::warmup_extra, nullptr},
    {"worker_start", &Job::worker_start, nullptr},
    {"gc.every", &Job::gc_every, nullptr},
    {"gc", &Job::gc, nullptr},
    {"checkpoint.every", &Job::checkpoint_every, nullptr},
    {"checkpoint", &Job::checkpoint, nullptr},
    {"eval.every", &Job::eval_every, nullptr},
    {"eval", &Job::eval, nullptr},
    {"jitter_permille", &Job::jitter_permille, nullptr},
    {"run_permille", &Job::run_permille, nullptr},
    {"watch", &Job::watch, nullptr},
    {"watch.missed", &Job::watch_missed, nullptr},
    {"affinity", &Job::affinity, nullptr},
    {"quota_permille", &Job::quota_permille, nullptr},
    {"throttled_permille", &Job::throttled_permille, nullptr},
    {"cpus", &Job::cpus, nullptr},
    {"ranges", &Job::ranges, nullptr},
    {"dying_worker_after", &Job::dying_worker_after, nullptr},
    {"steps_by", nullptr, &Job::steps_by},
    {"optimizer_class", nullptr, &Job::optimizer_class},
    {"command", nullptr, &Job::command},
    {"torch", nullptr, &Job::torch},
    {"env_hash", nullptr, &Job::env_hash},
    {"cache", nullptr, &Job::cache},
    {"network", nullptr, &Job::network},
};

// One made batch, as the worker saw it.
struct Made {
  int64_t task = 0, epoch = 0, worker = 0, dispatch = 0, received = 0, start = 0, dur = 0, collate = 0,
          put = 0;
  int64_t cpu = 0, starved = 0, io = 0, blocked = 0;
};

struct WorkerLog {
  int64_t worker = 0;
  uint32_t pid = 0;
  std::vector<Made> made;
};

class Simulation {
 public:
  Simulation(const Job& job, const std::string& dir)
      : job_(job),
        dir_(dir),
        random_(static_cast<uint64_t>(job.seed) * 0x9E3779B97F4A7C15ULL + 7),
        pid_(static_cast<uint32_t>(1000 + 100 * job.rank)),
        main_(dir + "/" + base("main", pid_) + ".stepscope") {}

  void run() {
    describe(main_, "main", pid_);
    main_.line("lane 1 thread MainThread tid=" + std::to_string(pid_));
    now_ = 1000000000;
    start_epoch();
    for (int64_t step = 0; step < job_.steps; ++step) {
      one_step(step);
    }
    finish();
  }

 private:
  static constexpr uint32_t kMainLane = 1;

  [[nodiscard]] std::string base(const std::string& role, uint32_t pid) const {
    return role + "-r" + std::to_string(job_.rank) + "-node0-" + std::to_string(pid) + "-77";
  }

  int64_t vary(int64_t ns) {
    random_ ^= random_ << 13U;
    random_ ^= random_ >> 7U;
    random_ ^= random_ << 17U;
    const int64_t spread = ns * job_.jitter_permille / 1000;
    const int64_t wobble =
        spread == 0 ? 0 : static_cast<int64_t>(random_ % static_cast<uint64_t>(2 * spread + 1)) - spread;
    return (ns + wobble) * job_.run_permille / 1000;
  }

  void describe(TextRecording& out, const std::string& role, uint32_t pid) const {
    const auto meta = [&](const std::string& key, const std::string& value) {
      out.builder().set_meta(key, value);
    };
    meta("process.role", role);
    meta("process.rank", std::to_string(job_.rank));
    meta("process.world_size", std::to_string(job_.world_size));
    meta("process.host", "node0");
    meta("process.boot_id", "boot-a");
    meta("process.pid", std::to_string(pid));
    meta("process.cmdline", job_.command);
    meta("soft.torch", job_.torch);
    meta("soft.packages", R"({"torch":")" + job_.torch + R"(","numpy":"1.24.2"})");
    meta("hw.cpu", "Example CPU @ 3 GHz");
    meta("hw.cpus", std::to_string(job_.cpus));
    if (!job_.env_hash.empty()) {
      meta("env.hash", job_.env_hash);
    }
    if (!job_.cache.empty()) {
      meta("fs.cache", job_.cache);
    }
    if (!job_.network.empty()) {
      meta("nccl.network", job_.network);
    }
    if (role == "worker") {
      meta("process.ppid", std::to_string(pid_));
    } else {
      meta("loader." + std::to_string(kLoader),
           R"({"class":"DataLoader","dataset":"ImageFolder","style":"map","batch_size":)" +
               std::to_string(job_.batch_size) + R"(,"num_workers":)" + std::to_string(job_.workers) +
               R"(,"prefetch_factor":)" + std::to_string(job_.prefetch) + R"(,"persistent":)" +
               (job_.persistent != 0 ? "true" : "false") + R"(,"start_method":"fork","in_order":true})");
    }
    for (const char* const door : {"preload", "python"}) {
      meta(std::string("door.") + door, "opened");
    }
    for (const char* const door : {"cuda", "nvtx", "nccl"}) {
      meta(std::string("door.") + door, "present");
    }
    out.line("anchor monotonic_raw_ns=0 realtime_ns=1700000000s");
  }

  void phase(trace::PhaseOp op, int64_t start, int64_t dur, const std::string& name = {}) {
    main_.event(trace::Kind::kPhase, kMainLane,
                {start, dur, main_.name(name), static_cast<int64_t>(op), 3, 0});
  }

  void boundary(int64_t step, int64_t source) {
    main_.event(trace::Kind::kStep, kMainLane, {now_, step, source, 0, job_.accumulation});
  }

  void start_epoch() {
    tasks_.clear();
    next_task_ = 0;
    taken_ = 0;
    const bool fresh = logs_.empty() || job_.persistent == 0;
    if (job_.workers > 0 && fresh) {
      for (int64_t w = 0; w < job_.workers; ++w) {
        logs_.push_back({w, pid_ + 1 + static_cast<uint32_t>(logs_.size()), {}});
      }
      free_.assign(static_cast<size_t>(job_.workers), now_ + vary(job_.worker_start));
      phase(trace::PhaseOp::kLoaderStart, now_, 5000000, "DataLoader");
      now_ += 5000000;
    }
    for (int64_t i = 0; i < job_.workers * job_.prefetch; ++i) {
      dispatch();
    }
  }

  Made make(int64_t begin) {
    Made made;
    made.task = next_task_++;
    made.epoch = epoch_;
    made.cpu = vary(job_.fetch_cpu);
    made.starved = vary(job_.fetch_starved);
    made.io = vary(job_.fetch_io);
    made.worker = job_.workers == 0 ? -1 : made.task % job_.workers;
    made.blocked = vary(job_.fetch_blocked + (made.worker == job_.slow_worker ? job_.slow_worker_extra : 0));
    made.collate = vary(job_.collate);
    made.received = begin;
    made.start = begin + (job_.workers == 0 ? 0 : 2000);
    made.dur = made.cpu + made.starved + made.io + made.blocked + made.collate;
    made.put = made.start + made.dur + (job_.workers == 0 ? 0 : vary(job_.put));
    return made;
  }

  void dispatch() {
    const auto worker = static_cast<size_t>(next_task_ % job_.workers);
    Made made = make(std::max(free_[worker], now_ + 30000));
    made.dispatch = now_;
    free_[worker] = made.put;
    tasks_.push_back(made);
    logs_[logs_.size() - static_cast<size_t>(job_.workers) + worker].made.push_back(made);
  }

  [[nodiscard]] int64_t items() const { return job_.count_items != 0 ? job_.batch_size : 0; }

  void fetch_event(TextRecording& out, uint32_t lane, const Made& made) {
    out.event(trace::Kind::kBatchFetch, lane,
              {made.start, made.dur, kLoader, made.epoch, made.task, made.worker, made.collate, made.received,
               made.put, made.cpu + made.collate, made.starved, made.io > 0 ? 4 * 1024 * 1024 : 0, 0, items(),
               job_.fetch_throttled, job_.tokens});
  }

  void next_batch() {
    const int64_t begin = now_;
    Made made;
    int64_t arrive = 0;
    int64_t flags = 0;
    if (job_.workers == 0) {
      made = make(begin + 10000);
      fetch_event(main_, kMainLane, made);
      now_ = made.put + 5000;
      flags = trace::kBatchInProcess;
    } else {
      made = tasks_[static_cast<size_t>(taken_)];
      arrive = std::max(begin + 5000, made.put + vary(job_.transfer));
      now_ = arrive;
      dispatch();
      now_ += job_.pin + 15000;
    }
    ++taken_;
    main_.event(trace::Kind::kBatch, kMainLane,
                {begin, now_ - begin, kLoader, epoch_, made.task, made.worker, job_.workers, made.dispatch,
                 arrive, job_.pin, 0, job_.workers == 0 ? made.dur : 0, job_.workers == 0 ? made.collate : 0,
                 items(), flags});
  }

  void forward(int64_t step) {
    const int64_t begin = now_;
    int64_t dur = vary(job_.forward) + (step == 0 ? job_.warmup_extra : 0);
    if (job_.gc_every > 0 && step % job_.gc_every == job_.gc_every - 1) {
      main_.event(trace::Kind::kGc, kMainLane, {begin + dur / 2, job_.gc, 2, 100, 0});
      dur += job_.gc;
    }
    if (job_.ranges != 0) {
      main_.event(trace::Kind::kRange, kMainLane,
                  {begin + dur / 2, dur / 4, main_.name("loss"), 0, 0, 1, 0, 0, 0});
    }
    now_ += dur;
  }

  void one_step(int64_t step) {
    const int64_t top = now_;
    if (job_.steps_per_epoch > 0 && step > 0 && step % job_.steps_per_epoch == 0) {
      ++epoch_;
      start_epoch();
    }
    if (job_.steps_by == "api") {
      boundary(step, 1);
    }
    for (int64_t micro = 0; micro < job_.accumulation; ++micro) {
      next_batch();
      forward(step);
      const int64_t backward = vary(job_.backward);
      phase(trace::PhaseOp::kBackward, now_, backward);
      now_ += backward;
    }
    now_ += vary(job_.other);
    const int64_t optimizer = vary(job_.optimizer);
    phase(trace::PhaseOp::kOptimizer, now_, optimizer, job_.optimizer_class);
    now_ += optimizer;
    if (job_.steps_by == "optimizer") {
      boundary(step, 3);
    } else if (job_.steps_by == "profiler") {
      boundary(step, 4);
    }
    if (job_.checkpoint_every > 0 && (step + 1) % job_.checkpoint_every == 0) {
      phase(trace::PhaseOp::kCheckpointSave, now_, job_.checkpoint, "torch.save");
      now_ += job_.checkpoint;
    }
    if (job_.eval_every > 0 && (step + 1) % job_.eval_every == 0) {
      phase(trace::PhaseOp::kEval, now_, job_.eval, "validate");
      now_ += job_.eval;
    }
    if (job_.steps_by == "nvtx") {
      main_.event(trace::Kind::kRange, kMainLane,
                  {top, now_ - top, main_.name("train_step"), 0, 0, 2, 0, 0, 0});
    }
  }

  void counters() {
    const auto counter = [&](int64_t at, const std::string& name, double value, int64_t subject) {
      main_.event(trace::Kind::kCounter, kMainLane,
                  {at, main_.name(name), std::bit_cast<int64_t>(value), subject});
    };
    const int64_t begin = 1000000000;
    for (int64_t i = 0; i <= 10; ++i) {
      const int64_t at = begin + (now_ - begin) * i / 10;
      const auto wall = static_cast<double>(at - begin);
      counter(at, "proc.affinity_cpus", static_cast<double>(job_.affinity), pid_);
      counter(at, "cgroup.cpu.throttled_ns", wall * static_cast<double>(job_.throttled_permille) / 1000,
              pid_);
      if (job_.quota_permille > 0) {
        // 0 is no limit: the job is put under its quota after it started, as `docker update` does.
        counter(at, "cgroup.cpu.quota_cpus", i == 0 ? 0 : static_cast<double>(job_.quota_permille) / 1000,
                pid_);
      }
      for (const WorkerLog& log : logs_) {
        if (job_.watch != 0) {
          watch_counters(log, at, counter);
        }
      }
    }
  }

  template <typename Counter>
  void watch_counters(const WorkerLog& log, int64_t at, const Counter& counter) {
    double cpu = 0;
    double read = 0;
    double sleep = 0;
    for (const Made& made : log.made) {
      if (made.put <= at) {
        cpu += static_cast<double>(made.cpu + made.collate + made.starved) / 50e6;
        read += static_cast<double>(made.io) / 50e6;
        sleep += static_cast<double>(made.blocked) / 50e6;
      }
    }
    const double all = static_cast<double>(at - 1000000000) / 50e6;
    counter(at, "watch.samples", all, log.pid);
    const double missed = read * static_cast<double>(job_.watch_missed) / 1000;
    counter(at, "watch.running", cpu + missed, log.pid);
    counter(at, "watch.read", read - missed, log.pid);
    counter(at, "watch.sleep", sleep, log.pid);
    counter(at, "watch.poll", std::max(0.0, all - cpu - read - sleep), log.pid);
  }

  void finish() {
    counters();
    main_.finish();
    for (const WorkerLog& log : logs_) {
      if (job_.record_workers == 0) {
        continue;
      }
      TextRecording out(dir_ + "/" + base("worker", log.pid) + ".stepscope");
      describe(out, "worker", log.pid);
      out.line("lane 1 thread MainThread tid=" + std::to_string(log.pid));
      int64_t written = 0;
      for (const Made& made : log.made) {
        if (made.received >= now_ ||
            (log.worker == 0 && job_.dying_worker_after >= 0 && written >= job_.dying_worker_after)) {
          break;
        }
        fetch_event(out, 1, made);
        ++written;
      }
      out.line("counter start_ns=1s name=proc.affinity_cpus value=" + std::to_string(job_.affinity) +
               " subject=" + std::to_string(log.pid));
      out.finish();
    }
  }

  static constexpr int64_t kLoader = 4242;

  Job job_;
  std::string dir_;
  uint64_t random_;
  uint32_t pid_;
  TextRecording main_;
  int64_t now_ = 0;
  int64_t epoch_ = 0;
  int64_t next_task_ = 0;
  int64_t taken_ = 0;
  std::vector<int64_t> free_;  // per worker
  std::vector<Made> tasks_;    // of the epoch
  std::vector<WorkerLog> logs_;
};

}  // namespace job_detail

inline Job parse_job(const std::string& text) {
  Job job;
  for (const std::string& word : split_words(text)) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "1" : word.substr(equals + 1);
    bool found = false;
    for (const job_detail::Key& key : job_detail::kKeys) {
      if (name != key.name) {
        continue;
      }
      found = true;
      if (key.number != nullptr) {
        job.*key.number = parse_quantity(value);
      } else {
        job.*key.text = value;
      }
    }
    if (!found) {
      throw std::runtime_error("a job has no '" + name + "'");
    }
  }
  return job;
}

// Writes the job's recordings into `dir` (made if needed).
inline void write_job(const std::string& dir, const std::string& text) {
  std::filesystem::create_directories(dir);
  job_detail::Simulation(parse_job(text), dir).run();
}

}  // namespace stepscope::testing
