// SPDX-License-Identifier: Apache-2.0
//
// The linked selection: the part of AppState that sets and reads its dimensions.
#include <algorithm>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

void AppState::select_name(std::optional<Side> side, const std::string& text, bool add) {
  selection.select_name(text, add);
  selection.run = selection.names.empty() ? std::nullopt : side;
  if (!selection.event) {
    details.clear();
  }
  refresh_emphasis();
}

void AppState::select_lane(size_t track, bool add) {
  if (track < tracks.tracks.size()) {
    selection.select_lane(tracks.tracks[track].key, add);
  }
}

void AppState::select_lane(Side side, uint32_t lane, bool add) {
  const auto at = std::find_if(tracks.tracks.begin(), tracks.tracks.end(),
                               [&](const Track& track) { return track.lane[index_of(side)] == lane; });
  select_lane(static_cast<size_t>(at - tracks.tracks.begin()), add);
}

void AppState::select_run(std::optional<Side> side) {
  selection.run = side;
  refresh_emphasis();
}

void AppState::clear_selected(Dimension dimension) {
  selection = without(std::move(selection), dimension);
  refresh_area();  // without the steps, an area of theirs is one by the clock
  refresh_emphasis();
}

bool AppState::selects_track(size_t track) const {
  return selection.lanes.empty() || selection.lanes.contains(tracks.tracks[track].key);
}

bool AppState::selects_name(Side side, uint32_t name) const {
  return (!selection.run || selection.run == side) &&
         (selection.names.empty() || selection.names.contains(run(side)->names[name].text));
}

RunSpan AppState::span_of(Side side, const TimeRange& display) const {
  const auto slots = alignment.slots();
  if (display == display_of_steps()) {
    const auto step = [&](size_t slot) -> const StepModel& {
      return run(side)->steps[side == Side::kA ? slots[slot].index_a : slots[slot].index_b];
    };
    return {step(selection.steps->first).begin_ns, step(selection.steps->last).end_ns};
  }
  return {alignment.to_time(side, display.begin_ns), alignment.to_time(side, display.end_ns)};
}

}  // namespace stepscope::viewer
