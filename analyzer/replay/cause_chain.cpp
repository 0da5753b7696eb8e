// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/cause_chain.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

#include "analyzer/rank_collectives.hpp"
#include "analyzer/replay/chain_walker.hpp"
#include "analyzer/replay/process_chains.hpp"

namespace stepscope::analysis {
namespace {

// Positions of steps, the same in every process: [first, last).
struct Window {
  size_t first = 0, last = 0;
};

bool is_driven(const ProcessSteps& steps) {
  return !steps.steps.empty() && steps.lane != kNoLane;
}

// A process whose steps have chains. Where all of them are walked, what its threads did is read once for all windows.
struct DrivenProcess {
  const ProcessSteps* steps = nullptr;
  std::shared_ptr<const HostPieces> pieces;
};

class WindowWalker {
 public:
  WindowWalker(const Run& run, std::span<const DrivenProcess> driven, const Meetings& matched)
      : run_(run), driven_(driven), matched_(matched) {}

  Status walk(const Window& window, const ChainVisitor& visit) {
    if (Status status = read(window); !status.ok()) {
      return status;
    }
    (void)link_processes(processes_, matched_, Gaps::kFollowGpu);
    struct End {
      uint32_t process = 0;
      const Step* step = nullptr;
      Moment moment = 0;
    };
    std::vector<End> ends;
    std::vector<int64_t> offsets(run_.processes().size(), 0);
    for (size_t p = 0; p < driven_.size(); ++p) {
      if (processes_[p] == nullptr) {
        continue;
      }
      const ProcessSteps& steps = *driven_[p].steps;
      offsets[steps.process] = processes_[p]->context().offset_ns;
      for (size_t i = window.first; i < std::min(window.last, steps.steps.size()); ++i) {
        const Step& step = steps.steps[i];
        ends.push_back({steps.process, &step, processes_[p]->boundary(step.end_ns)});
      }
    }
    const ChainWalker walker(graph_, std::move(offsets));
    for (const End& end : ends) {
      StepChain chain{end.process, *end.step, {}};
      chain.segments = walker.walk(end.process, end.moment, {end.step->begin_ns, end.step->end_ns});
      if (Status status = visit(chain); !status.ok()) {
        return status;
      }
    }
    return {};
  }

 private:
  // The window and a step on either side: what happens in it may have been caused before, and a rank may be ahead.
  Status read(const Window& window) {
    for (const DrivenProcess& process : driven_) {
      const std::vector<Step>& steps = process.steps->steps;
      if (window.first >= steps.size()) {
        processes_.push_back(nullptr);
        continue;
      }
      const StepSpan span{window.first == 0 ? 0 : window.first - 1, std::min(window.last + 1, steps.size())};
      Result<std::unique_ptr<ProcessChains>> chains =
          process.pieces != nullptr
              ? ProcessChains::read(run_, *process.steps, span, graph_, process.pieces)
              : ProcessChains::read(run_, steps_of(*process.steps, span), {0, span.count()}, graph_);
      if (!chains.ok()) {
        return chains.status();
      }
      processes_.push_back(chains_.emplace_back(std::move(chains).value()).get());
    }
    return {};
  }

  // So that no more than these steps' events are read.
  const ProcessSteps& steps_of(const ProcessSteps& all, const StepSpan& span) {
    ProcessSteps& part = *parts_.emplace_back(std::make_unique<ProcessSteps>(all));
    part.steps.assign(all.steps.begin() + static_cast<std::ptrdiff_t>(span.first),
                      all.steps.begin() + static_cast<std::ptrdiff_t>(span.last));
    return part;
  }

  const Run& run_;
  std::span<const DrivenProcess> driven_;
  const Meetings& matched_;
  RecordedGraph graph_;
  std::vector<std::unique_ptr<ProcessSteps>> parts_;
  std::vector<std::unique_ptr<ProcessChains>> chains_;
  std::vector<ProcessChains*> processes_;
};

double mean_step_events(const Run& run, std::span<const DrivenProcess> driven) {
  double events = 0;
  for (const auto& [steps, pieces] : driven) {
    uint64_t own = 0;
    for (const Kind kind :
         {Kind::kKernel, Kind::kMemcpy, Kind::kMemset, Kind::kGraphLaunch, Kind::kCudaApi, Kind::kRange}) {
      own += run.kind_events(steps->process, kind);
    }
    events += static_cast<double>(own) / static_cast<double>(steps->steps.size());
  }
  return std::max(1.0, events);
}

}  // namespace

int64_t StepChain::residual_ns() const {
  int64_t residual = 0;
  int64_t at = step.begin_ns;
  for (const ChainSegment& segment : segments) {
    residual += std::abs(segment.begin_ns - at) + (segment.end_ns > segment.begin_ns ? 0 : 1);
    at = segment.end_ns;
  }
  return residual + std::abs(step.end_ns - at);
}

Status walk_chains(const Run& run, const Ledger& ledger, const ChainOptions& options,
                   const ChainVisitor& visit) {
  std::vector<DrivenProcess> driven;
  std::vector<uint32_t> numbers;
  size_t steps = 0;
  for (const ProcessLedger& process : ledger.processes) {
    if (is_driven(process.steps) && driven.size() < options.most_processes) {
      driven.push_back({&process.steps, nullptr});
      numbers.push_back(process.steps.process);
      steps = std::max(steps, process.steps.steps.size());
    }
  }
  if (driven.empty()) {
    return {};
  }
  Result<Meetings> matched =
      numbers.size() > 1 ? match_collectives(run, numbers) : Result<Meetings>(Meetings());
  if (!matched.ok()) {
    return matched.status();
  }
  for (DrivenProcess& process : driven) {
    if (options.around.has_value()) {
      break;
    }
    Result<std::unique_ptr<HostPieces>> pieces = HostPieces::read(run, *process.steps);
    if (!pieces.ok()) {
      return pieces.status();
    }
    process.pieces = std::move(pieces).value();
  }
  const auto fit = std::max<size_t>(
      1, static_cast<size_t>(static_cast<double>(options.events_per_window) / mean_step_events(run, driven)));
  Window all{0, steps};
  if (options.around.has_value()) {
    const size_t most = std::min(steps, std::min(fit, options.most_steps));
    all.first = std::min(steps - most, *options.around - std::min(*options.around, most / 2));
    all.last = all.first + most;
  }
  for (size_t first = all.first; first < all.last; first += fit) {
    Status status =
        WindowWalker(run, driven, matched.value()).walk({first, std::min(all.last, first + fit)}, visit);
    if (!status.ok()) {
      return status;
    }
  }
  return {};
}

std::optional<size_t> typical_step(const Ledger& ledger) {
  for (const ProcessLedger& process : ledger.processes) {
    if (!is_driven(process.steps)) {
      continue;
    }
    const std::vector<Step>& steps = process.steps.steps;
    const bool any_train = std::any_of(steps.begin(), steps.end(),
                                       [](const Step& step) { return step.step_class == StepClass::kTrain; });
    std::vector<std::pair<int64_t, size_t>> lengths;
    for (size_t i = 0; i < steps.size(); ++i) {
      if (!any_train || steps[i].step_class == StepClass::kTrain) {
        lengths.emplace_back(steps[i].duration_ns(), i);
      }
    }
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>((lengths.size() - 1) / 2);
    std::nth_element(lengths.begin(), middle, lengths.end());
    return middle->second;
  }
  return std::nullopt;
}

}  // namespace stepscope::analysis
