// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/replay_run.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "analyzer/rank_collectives.hpp"
#include "analyzer/replay/process_chains.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kFewestSteps = 2;

// The train steps of a process.
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

void add_steps(ProcessChains& chains, std::vector<ReplayedStep>* out) {
  const StepSpan& span = chains.span();
  const std::vector<Step>& steps = chains.steps().steps;
  Moment begin = chains.boundary(steps[span.first].begin_ns);
  for (size_t i = span.first; i < span.last; ++i) {
    const Step& step = steps[i];
    const Moment end = chains.boundary(step.end_ns);
    if (step.step_class == StepClass::kTrain) {
      out->push_back(
          {chains.steps().process, chains.context().rank(), step.index, step.duration_ns(), 0, begin, end});
    }
    begin = end;
  }
}

}  // namespace

Result<ReplayedRun> ReplayedRun::make(const Run& run, const Ledger& ledger, const ReplayOptions& options) {
  ReplayedRun out;
  if (Status status = out.build(run, ledger, options); !status.ok()) {
    return status;
  }
  return out;
}

Status ReplayedRun::build(const Run& run, const Ledger& ledger, const ReplayOptions& options) {
  std::vector<const ProcessSteps*> driven;
  std::vector<uint32_t> numbers;
  double events_per_step = 0;
  for (const ProcessLedger& process : ledger.processes) {
    const ProcessSteps& steps = process.steps;
    if (train_span(steps).count() == 0 || steps.lane == kNoLane) {
      continue;
    }
    driven.push_back(&steps);
    numbers.push_back(steps.process);
    events_per_step +=
        static_cast<double>(events_of(run, steps.process)) / static_cast<double>(steps.steps.size());
  }
  if (driven.empty()) {
    reason_ = "no train steps";
    return {};
  }
  std::vector<std::unique_ptr<ProcessChains>> chains;
  std::vector<ProcessChains*> processes;
  for (const ProcessSteps* steps : driven) {
    const StepSpan span = narrowed(train_span(*steps), events_per_step, options.most_events);
    if (span.count() < kFewestSteps) {
      reason_ = "fewer than two train steps";
      return {};
    }
    Result<std::unique_ptr<ProcessChains>> read = ProcessChains::read(run, *steps, span, graph_);
    if (!read.ok()) {
      return read.status();
    }
    chains.push_back(std::move(read).value());
    processes.push_back(chains.back().get());
    unlaunched_ = unlaunched_ || chains.back()->unlaunched();
  }
  Result<Meetings> matched =
      numbers.size() > 1 ? match_collectives(run, numbers) : Result<Meetings>(Meetings());
  if (!matched.ok()) {
    return matched.status();
  }
  unmatched_ = matched.value().incomplete;
  meetings_ = link_processes(processes, matched.value(), options.gaps);
  for (ProcessChains* process : processes) {
    add_steps(*process, &steps_);
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
