// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/replay_run.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "analyzer/gpu_events.hpp"
#include "analyzer/replay/meetings.hpp"
#include "analyzer/replay/worker_chain.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kFewestSteps = 2;

// The train steps of a process: [first, last).
struct StepSpan {
  size_t first = 0, last = 0;
  [[nodiscard]] size_t count() const { return last - first; }
};

StepSpan train_span(const ProcessSteps& steps) {
  StepSpan span;
  for (size_t i = 0; i < steps.steps.size(); ++i) {
    if (steps.steps[i].step_class == StepClass::kTrain) {
      span.first = span.last == 0 ? i : span.first;
      span.last = i + 1;
    }
  }
  return span;
}

bool has_calls(const Run& run, uint32_t process) {
  return run.kind_events(process, Kind::kCudaApi) > 0;
}

uint64_t events_of(const Run& run, uint32_t process) {
  uint64_t events = 0;
  for (const Kind kind : {Kind::kKernel, Kind::kMemcpy, Kind::kMemset, Kind::kGraphLaunch, Kind::kCudaApi}) {
    events += run.kind_events(process, kind);
  }
  return events;
}

// Whole steps around the middle, so many that the run's events stay within the limit.
StepSpan narrowed(StepSpan span, double events_per_step, size_t most_events) {
  const auto most = static_cast<size_t>(static_cast<double>(most_events) / std::max(1.0, events_per_step));
  if (span.count() > most) {
    const size_t kept = std::max(kFewestSteps, most);
    const size_t skipped = (span.count() - std::min(kept, span.count())) / 2;
    span.first += skipped;
    span.last = span.first + std::min(kept, span.count());
  }
  return span;
}

// One process of the run while its chains are made.
struct Built {
  const ProcessSteps* steps = nullptr;
  StepSpan span;
  std::unique_ptr<HostPieces> pieces;
  std::optional<ProcessContext> context;
  std::optional<HostChain> host;
  std::optional<GpuChain> gpu;
  std::optional<WorkerChain> workers;
};

Status read(const Run& run, RecordedGraph& graph, Built& built) {
  const ProcessSteps& steps = *built.steps;
  Result<std::unique_ptr<HostPieces>> pieces = HostPieces::read(run, steps);
  if (!pieces.ok()) {
    return pieces.status();
  }
  built.pieces = std::move(pieces).value();
  const TimeRange window{steps.steps[built.span.first].begin_ns, steps.steps[built.span.last - 1].end_ns};
  built.context.emplace(run, steps, window, *built.pieces, graph);
  Result<HostChain> host = HostChain::read(*built.context);
  if (!host.ok()) {
    return host.status();
  }
  built.host = std::move(host).value();
  Result<GpuChain> gpu = GpuChain::read(*built.context, *built.host);
  if (!gpu.ok()) {
    return gpu.status();
  }
  built.gpu = std::move(gpu).value();
  built.workers = WorkerChain::make(*built.context);
  return {};
}

void link(Built& built) {
  ProcessContext& context = *built.context;
  const HostChain& host = *built.host;
  host.link(context, [&](uint32_t item, std::vector<Cause>* begin, std::vector<Cause>* end) {
    built.gpu->host_waits(context, host, item, begin, end);
    built.workers->host_waits(context, host.items()[item], end);
  });
  built.gpu->link(context, host);
  built.workers->link(context, host);
}

// A step begins where the thread that drives it is, or with the kernel by which it was found.
Moment boundary(Built& built, int64_t ns) {
  ProcessContext& context = *built.context;
  if (built.steps->method == StepMethod::kKernels) {
    if (const GpuWork* work = built.gpu->begins_at(ns); work != nullptr) {
      return work->begin;
    }
  }
  const Moment before = built.host->at(ns);
  const int64_t rest = ns - context.graph().recorded(before);
  if (rest == 0) {
    return before;
  }
  const Moment moment = context.graph().at(ns);
  const uint32_t part = context.part_of(context.pieces().label_at(ns - 1));
  context.graph().fix(moment, Cause{before, 0, part, kNoSite}, rest, false);
  return moment;
}

void add_steps(Built& built, std::vector<ReplayedStep>* out) {
  Moment begin = boundary(built, built.steps->steps[built.span.first].begin_ns);
  for (size_t i = built.span.first; i < built.span.last; ++i) {
    const Step& step = built.steps->steps[i];
    const Moment end = boundary(built, step.end_ns);
    if (step.step_class == StepClass::kTrain) {
      out->push_back(
          {built.steps->process, built.context->rank(), step.index, step.duration_ns(), 0, begin, end});
    }
    begin = end;
  }
}

}  // namespace

Result<ReplayedRun> ReplayedRun::make(const Run& run, const Ledger& ledger, size_t most_events) {
  ReplayedRun out;
  if (Status status = out.build(run, ledger, most_events); !status.ok()) {
    return status;
  }
  return out;
}

Status ReplayedRun::build(const Run& run, const Ledger& ledger, size_t most_events) {
  std::deque<Built> built;
  double events_per_step = 0;
  for (const ProcessLedger& process : ledger.processes) {
    const StepSpan span = train_span(process.steps);
    if (span.count() == 0 || process.steps.lane == kNoLane) {
      continue;
    }
    if (has_gpu_events(run, process.steps.process) && !has_calls(run, process.steps.process)) {
      reason_ =
          "CUDA calls were not recorded (level api records them), so what launched a kernel is not known";
      return {};
    }
    Built& one = built.emplace_back();
    one.steps = &process.steps;
    one.span = span;
    events_per_step += static_cast<double>(events_of(run, process.steps.process)) /
                       static_cast<double>(process.steps.steps.size());
  }
  std::vector<MeetingProcess> meeting;
  for (Built& one : built) {
    one.span = narrowed(one.span, events_per_step, most_events);
    if (one.span.count() < kFewestSteps) {
      reason_ = "fewer than two train steps";
      return {};
    }
    if (Status status = read(run, graph_, one); !status.ok()) {
      return status;
    }
    meeting.push_back({&*one.context, &*one.gpu});
  }
  if (built.empty()) {
    reason_ = "no train steps";
    return {};
  }
  const RecordedMeetings meetings = RecordedMeetings::find(meeting);
  meetings_ = meetings.count();
  for (Built& one : built) {
    link(one);
  }
  meetings.link(meeting);
  for (Built& one : built) {
    add_steps(one, &steps_);
  }
  if (const Status status = graph_.seal(); !status.ok()) {
    reason_ = status.message();
    return {};
  }
  check();
  return {};
}

void ReplayedRun::check() {
  const std::vector<int64_t> times = graph_.graph().replay(graph_.graph().weights());
  double recorded = 0;
  double missed = 0;
  for (ReplayedStep& step : steps_) {
    step.replayed_ns = times[step.end] - times[step.begin];
    recorded += static_cast<double>(step.recorded_ns);
    missed += static_cast<double>(std::abs(step.replayed_ns - step.recorded_ns));
  }
  error_ = recorded > 0 ? missed / recorded : 1;
  if (error_ > kLargestError) {
    reason_ = fmt::format("the replay misses the recorded steps by {:.1f} %", 100 * error_);
  }
}

double ReplayedRun::mean_step_ns(std::span<const int64_t> weights) const {
  const std::vector<int64_t> times = graph_.graph().replay(weights);
  double total = 0;
  size_t count = 0;
  for (size_t i = 0; i < steps_.size();) {
    size_t end = i;
    while (end < steps_.size() && steps_[end].process == steps_[i].process) {
      ++end;
    }
    for (i += (end - i) / 4; i < end; ++i) {
      total += static_cast<double>(times[steps_[i].end] - times[steps_[i].begin]);
      ++count;
    }
  }
  return count == 0 ? 0 : total / static_cast<double>(count);
}

}  // namespace stepscope::analysis
