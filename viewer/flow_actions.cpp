// SPDX-License-Identifier: Apache-2.0
//
// The part of AppState that knows what hangs together: flows of the selected event, causes of the selected gap.
#include <algorithm>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {
namespace {

std::optional<EventRef> find_event(const RunModel& run, Side side, uint32_t source_lane, int64_t start_ns,
                                   int64_t duration_ns) {
  for (uint32_t lane = 0; lane < run.lanes.size(); ++lane) {
    if (run.lanes[lane].source_lane != source_lane) {
      continue;
    }
    const std::vector<EventRow>& rows = run.lanes[lane].rows;
    for (uint32_t r = 0; r < rows.size(); ++r) {
      for (size_t i = rows[r].first_starting_at(start_ns); i < rows[r].size() && rows[r].start(i) == start_ns;
           ++i) {
        if (rows[r].duration(i) == duration_ns) {
          return EventRef{side, lane, r, static_cast<uint32_t>(i)};
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace

void AppState::refresh_flows() {
  flows.clear();
  if (!selection.event) {
    return;
  }
  const EventRef& ref = *selection.event;
  const RunModel& model = *run(ref.side);
  const EventRow& row = row_of(ref);
  if (!model.flows) {
    return;
  }
  for (const FlowModel& flow : model.flows(model.lanes[ref.lane].source_lane, name_of(ref).kind,
                                           row.start(ref.index), row.duration(ref.index))) {
    if (const auto other = find_event(model, ref.side, flow.source_lane, flow.start_ns, flow.duration_ns)) {
      flows.push_back({flow.kind, flow.later, *other});
    }
  }
}

void AppState::follow_flow(bool later) {
  const auto at =
      std::find_if(flows.begin(), flows.end(), [&](const Flow& flow) { return flow.later == later; });
  if (at == flows.end()) {
    return;
  }
  const EventRef target = at->event;
  select_event(target);
  reveal(target.side, target.lane);
  const TimeRange range = display_of(target);
  if (range.begin_ns < view.visible().begin_ns || range.end_ns > view.visible().end_ns) {
    view.center_on((range.begin_ns + range.end_ns) / 2);
  }
}

void AppState::select_gap(const GapRef& chosen) {
  selection.event.reset();
  selection.area.reset();
  flows.clear();
  details.clear();
  area = {};
  gap = chosen;
  const RunModel& model = *run(chosen.side);
  gap_causes = model.leaves ? model.leaves(model.lanes[chosen.lane].process, chosen.begin_ns, chosen.end_ns)
                            : LeafTimes();
}

}  // namespace stepscope::viewer
