// SPDX-License-Identifier: Apache-2.0
//
// The part of AppState that knows what hangs together: flows of the selected event, causes of the selected gap.
#include <algorithm>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

void AppState::follow_flow(bool later) {
  if (event_pending()) {
    follow_when_known_ = later;
    return;
  }
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
  ask_about_gap();
}

}  // namespace stepscope::viewer
