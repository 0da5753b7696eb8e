// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/process_chains.hpp"

#include <utility>
#include <vector>

#include "analyzer/replay/meetings.hpp"

namespace stepscope::analysis {

Result<std::unique_ptr<ProcessChains>> ProcessChains::read(const Run& run, const ProcessSteps& steps,
                                                           const StepSpan& span, RecordedGraph& graph,
                                                           std::shared_ptr<const HostPieces> pieces) {
  std::unique_ptr<ProcessChains> out(new ProcessChains(steps, span));
  if (pieces == nullptr) {
    Result<std::unique_ptr<HostPieces>> read = HostPieces::read(run, steps);
    if (!read.ok()) {
      return read.status();
    }
    pieces = std::move(read).value();
  }
  out->pieces_ = std::move(pieces);
  const TimeRange window{steps.steps[span.first].begin_ns, steps.steps[span.last - 1].end_ns};
  out->context_.emplace(run, steps, window, *out->pieces_, graph);
  Result<HostChain> host = HostChain::read(*out->context_);
  if (!host.ok()) {
    return host.status();
  }
  out->host_ = std::move(host).value();
  Result<GpuChain> gpu = GpuChain::read(*out->context_, *out->host_);
  if (!gpu.ok()) {
    return gpu.status();
  }
  out->gpu_ = std::move(gpu).value();
  out->workers_ = WorkerChain::make(*out->context_);
  return out;
}

bool ProcessChains::unlaunched() const {
  return pieces_->gpu() != nullptr && !gpu_->has_calls();
}

void ProcessChains::link(Gaps gaps) {
  ProcessContext& context = *context_;
  const HostChain& host = *host_;
  // Gaps that follow the GPU are all the time that the host takes in that reading.
  context.counting = !unlaunched() || gaps == Gaps::kFollowHost;
  host.link(context, [&](uint32_t item, std::vector<Cause>* begin, std::vector<Cause>* end) {
    gpu_->host_waits(context, host, item, begin, end);
    workers_->host_waits(context, host.items()[item], end);
  });
  workers_->link(context, host);
  context.counting = true;
  gpu_->link(context, host, gaps);
}

Moment ProcessChains::boundary(int64_t ns) {
  ProcessContext& context = *context_;
  if (steps_.method == StepMethod::kKernels) {
    if (const GpuWork* work = gpu_->begins_at(ns); work != nullptr) {
      return work->begin;
    }
  }
  const Moment before = host_->at(ns);
  const int64_t rest = ns - context.graph().recorded(before);
  if (rest == 0 && !unlaunched()) {
    return before;
  }
  const Moment moment = context.graph().at(ns, context.graph().actor_of(before));
  if (unlaunched() && gpu_->follow(context, moment)) {
    return moment;
  }
  const uint32_t part = context.part_of(context.pieces().label_at(ns - 1));
  const uint32_t text = context.host_text(context.pieces().host_label_at(ns - 1));
  context.graph().fix(moment, Cause{before, 0, part, kNoSite, Link::kThread, text}, rest, false);
  return moment;
}

size_t link_processes(std::span<ProcessChains* const> processes, const Meetings& matched, Gaps gaps) {
  std::vector<MeetingProcess> meeting;
  for (ProcessChains* process : processes) {
    meeting.push_back(process == nullptr ? MeetingProcess()
                                         : MeetingProcess{&process->context(), &process->gpu()});
  }
  const RecordedMeetings meetings = RecordedMeetings::find(meeting, matched);
  for (ProcessChains* process : processes) {
    if (process != nullptr) {
      process->link(gaps);
    }
  }
  meetings.link(meeting);
  return meetings.count();
}

}  // namespace stepscope::analysis
