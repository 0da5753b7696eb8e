// SPDX-License-Identifier: Apache-2.0
#include "viewer/event_links.hpp"

#include "analyzer/flows.hpp"
#include "analyzer/leaves_between.hpp"

namespace stepscope::viewer {
namespace {

FlowKind kind_of(analysis::FlowKind kind) {
  switch (kind) {
    case analysis::FlowKind::kLaunch:
      return FlowKind::kLaunch;
    case analysis::FlowKind::kBatch:
      return FlowKind::kBatch;
    case analysis::FlowKind::kLateRank:
      break;
  }
  return FlowKind::kLateRank;
}

}  // namespace

void add_event_links(RunModel& model, const std::shared_ptr<const analysis::Run>& run,
                     const std::optional<analysis::Ledger>& ledger) {
  model.flows = [run](uint32_t lane, trace::Kind kind, int64_t start_ns, int64_t duration_ns) {
    std::vector<FlowModel> flows;
    const auto ends = analysis::find_flows(*run, lane, kind, start_ns, duration_ns);
    for (size_t i = 0; ends.ok() && i < ends.value().size(); ++i) {
      const analysis::FlowEnd& end = ends.value()[i];
      flows.push_back({kind_of(end.kind), end.later, end.lane, end.start_ns, end.dur_ns});
    }
    return flows;
  };
  if (!ledger) {
    return;
  }
  std::vector<analysis::ProcessSteps> steps;
  for (const analysis::ProcessLedger& process : ledger->processes) {
    steps.push_back(process.steps);
  }
  model.leaves = [run, all = std::move(steps)](uint32_t process, int64_t begin_ns, int64_t end_ns) {
    LeafTimes times;
    for (const analysis::ProcessSteps& one : all) {
      if (one.process != process) {
        continue;
      }
      const auto found = analysis::leaves_between(*run, one, {begin_ns, end_ns});
      for (size_t i = 0; found.ok() && i < found.value().size(); ++i) {
        times.emplace_back(found.value()[i].leaf, found.value()[i].ns);
      }
    }
    return times;
  };
}

}  // namespace stepscope::viewer
