// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/simulation.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>

namespace stepscope::scenarios {
namespace {

constexpr int64_t kBegin = 1'000'000'000;
constexpr int64_t kLaunchLatency = 4500;  // from the call's end to the kernel's earliest start
constexpr int64_t kKernelGap = 900;       // between two kernels of a stream
constexpr int64_t kNodeGap = 500;         // between two nodes of a graph
constexpr int64_t kWakeUp = 6000;         // of a thread that waits for the GPU
constexpr uint32_t kQueueDepth = 1024;    // launches that the driver takes ahead
constexpr int64_t kWarmUp = 40'000'000;   // of the first two steps: autotuning, lazy loading

// One rank's threads.
class Rank {
 public:
  Rank(const Job& job, uint64_t seed, size_t rank, const std::vector<Op>& program, Machine& machine)
      : job_(job),
        rank_(rank),
        program_(program),
        machine_(machine),
        noise_(seed, static_cast<int64_t>(rank), job.steps, job.noise),
        loader_(job.loader, noise_, job.steps) {}
  Rank(const Rank&) = delete;
  Rank& operator=(const Rank&) = delete;

  [[nodiscard]] bool finished() const { return step_ == job_.steps; }

  // Goes on until the end or until it waits for what another rank has to do first; whether it got anywhere.
  bool advance() {
    bool any = false;
    while (!finished() && execute(program_[at_])) {
      any = true;
      if (++at_ == program_.size()) {
        at_ = 0;
        ++step_;
      }
    }
    return any;
  }

  RankHistory take() {
    history_.works = machine_.take(rank_);
    history_.batches = loader_.take();
    history_.end_ns = now_;
    for (const Work& work : history_.works) {
      history_.end_ns = std::max(history_.end_ns, work.end_ns);
    }
    return std::move(history_);
  }

 private:
  void spend(int64_t ns, uint64_t key) { now_ += ns > 0 ? noise_.host(ns, step_, key) : 0; }

  void call(const Op& op, int64_t begin, int64_t correlation) {
    history_.calls.push_back({begin, now_, correlation, op.name, op.thread});
  }

  // False: not yet.
  bool execute(const Op& op) {
    switch (op.kind) {
      case Op::Kind::kHost:
        spend(op.host_ns, op.key);
        return true;
      case Op::Kind::kLaunch:
      case Op::Kind::kCollective:
      case Op::Kind::kCopy:
        return launch(op);
      case Op::Kind::kGraph:
        return launch_graph(op);
      case Op::Kind::kNode:
        enqueue(op, graph_ready_, kNodeGap, correlation_);
        history_.graphs.back().last = machine_.count(rank_) - 1;
        return true;
      case Op::Kind::kWaitStream:
        machine_.wait(rank_, op.stream, machine_.last(rank_, op.other));
        now_ += 1800;
        return true;
      case Op::Kind::kSynchronize:
        return synchronize(op);
      case Op::Kind::kOpen:
        open_.push_back(history_.spans.size());
        history_.spans.push_back({now_, 0, &op});
        return true;
      case Op::Kind::kClose:
        history_.spans[open_.back()].end_ns = now_;
        open_.pop_back();
        return true;
      case Op::Kind::kBatch:
        now_ = loader_.next(now_);
        now_ += step_ < 2 ? kWarmUp : 0;
        return true;
      case Op::Kind::kGcPoint:
        pause(job_.gc_every, job_.gc, op.key, &history_.gc);
        return true;
      case Op::Kind::kCheckpointPoint:
        pause(job_.checkpoint_every, job_.checkpoint, op.key, &history_.checkpoints);
        return true;
      case Op::Kind::kMark:
        history_.marks.push_back(now_);
        return true;
    }
    return true;
  }

  // In every n-th step.
  void pause(int64_t every, int64_t ns, uint64_t key, std::vector<Pause>* out) {
    if (every > 0 && (step_ + 1) % every == 0) {
      const int64_t begin = now_;
      spend(ns, key);
      out->push_back({begin, now_});
    }
  }

  // The driver's queue has room, or we know when it has.
  bool queue_has_room() {
    if (machine_.count(rank_) < kQueueDepth) {
      return true;
    }
    const std::optional<int64_t> end = machine_.end_of(rank_, machine_.count(rank_) - kQueueDepth);
    now_ = std::max(now_, end.value_or(0));
    return end.has_value();
  }

  void enqueue(const Op& op, int64_t ready, int64_t gap, int64_t correlation) {
    Work work;
    work.op = &op;
    work.step = step_;
    work.correlation = correlation;
    work.call_ns = now_;
    work.ready_ns = ready;
    work.gap_ns = gap;
    const bool slow = op.computes && job_.slow_clock_from >= 0 && step_ >= job_.slow_clock_from;
    const auto ns = static_cast<int64_t>(static_cast<double>(op.gpu_ns) * (slow ? job_.slow_clock : 1));
    work.gpu_ns =
        op.kind == Op::Kind::kCollective ? noise_.wire(ns, step_, op.key) : noise_.gpu(ns, step_, op.key);
    machine_.enqueue(rank_, work);
  }

  bool launch(const Op& op) {
    if (!queue_has_room()) {
      return false;
    }
    // A copy from memory that is not pinned is staged by the driver, and the call returns when it is done.
    if (op.pageable) {
      if (!staged_) {
        spend(op.host_ns, op.key);
        staged_from_ = now_;
        spend(op.call_ns, op.key + 1);
        enqueue(op, now_ + kLaunchLatency, kKernelGap, ++correlation_);
        staged_ = true;
      }
      const std::optional<int64_t> end = machine_.end_of(rank_, machine_.last(rank_, op.stream));
      if (!end.has_value()) {
        return false;
      }
      staged_ = false;
      now_ = std::max(now_, *end + kWakeUp);
      call(op, staged_from_, correlation_);
      return true;
    }
    spend(op.host_ns, op.key);
    const int64_t begin = now_;
    spend(op.call_ns, op.key + 1);
    ++correlation_;
    history_.calls.push_back({begin, now_, correlation_,
                              op.kind == Op::Kind::kCopy         ? std::string_view(op.name)
                              : op.kind == Op::Kind::kCollective ? "cudaLaunchKernelExC"
                                                                 : "cudaLaunchKernel",
                              op.thread});
    enqueue(op, now_ + kLaunchLatency, kKernelGap, correlation_);
    return true;
  }

  bool launch_graph(const Op& op) {
    if (!queue_has_room()) {
      return false;
    }
    spend(op.host_ns, op.key);
    const int64_t begin = now_;
    spend(op.call_ns, op.key + 1);
    call(op, begin, ++correlation_);
    graph_ready_ = now_ + kLaunchLatency;
    const uint32_t first = machine_.count(rank_);
    history_.graphs.push_back({first, first, step_, correlation_});
    return true;
  }

  bool synchronize(const Op& op) {
    int64_t until = now_;
    for (const Stream stream : {Stream::kCompute, Stream::kCommunication}) {
      if (stream != op.stream && !op.whole_device) {
        continue;
      }
      const std::optional<int64_t> end = machine_.end_of(rank_, machine_.last(rank_, stream));
      if (!end.has_value()) {
        return false;
      }
      until = std::max(until, *end + kWakeUp);
    }
    const int64_t begin = now_;
    spend(op.call_ns, op.key);
    now_ = std::max(now_, until);
    call(op, begin, ++correlation_);
    return true;
  }

  const Job& job_;
  size_t rank_;
  const std::vector<Op>& program_;
  Machine& machine_;
  Noise noise_;
  Loader loader_;
  RankHistory history_;
  std::vector<size_t> open_;  // spans
  size_t at_ = 0;
  int64_t step_ = 0, now_ = kBegin, correlation_ = 0, graph_ready_ = 0, staged_from_ = 0;
  bool staged_ = false;
};

}  // namespace

History simulate(const Job& job, uint64_t seed) {
  History out;
  Machine machine(static_cast<size_t>(job.ranks));
  for (int64_t rank = 0; rank < job.ranks; ++rank) {
    out.programs.push_back(step_program(job, rank));
  }
  std::deque<Rank> ranks;
  for (size_t rank = 0; rank < out.programs.size(); ++rank) {
    ranks.emplace_back(job, seed, rank, out.programs[rank], machine);
  }
  const auto finished = [&] {
    return std::all_of(ranks.begin(), ranks.end(), [](const Rank& rank) { return rank.finished(); });
  };
  while (!finished()) {
    bool any = false;
    for (Rank& rank : ranks) {
      any = rank.advance() || any;
    }
    if (!any) {
      throw std::logic_error("the ranks of the simulated job wait for each other for ever");
    }
  }
  for (Rank& rank : ranks) {
    out.ranks.push_back(rank.take());
  }
  return out;
}

}  // namespace stepscope::scenarios
