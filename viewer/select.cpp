// SPDX-License-Identifier: Apache-2.0
//
// The linked selection: the part of AppState that sets and reads its dimensions.
#include <algorithm>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

void AppState::select_name(std::optional<Side> side, const std::string& text, bool add) {
  const std::optional<Side> before = selection.run;
  selection.select_name(text, add);
  selection.run = selection.names.empty() ? std::nullopt : side;
  event_left();
  refresh_emphasis();
  if (selection.run != before) {
    refresh_area();  // counting takes a while: names alone do not change it
  }
}

// After a selection that may have put the event out of focus: what belongs to it goes with it.
void AppState::event_left() {
  if (!selection.event) {
    flows.clear();
    details.clear();
  }
}

// An area beside the selected steps takes their place: both speak of time, and the later one was meant.
void AppState::drop_steps_beside_area() {
  if (selection.steps && selection.steps->last < alignment.slots().size()) {
    const auto slots = alignment.slots();
    const TimeRange& display = selection.area->display;
    if (display.begin_ns < slots[selection.steps->first].display.begin_ns ||
        display.end_ns > slots[selection.steps->last].display.end_ns) {
      selection.steps.reset();
    }
  }
}

void AppState::select_lane(size_t track, bool add) {
  if (track < tracks.tracks.size()) {
    selection.select_lane(tracks.tracks[track].key, add);
    refresh_area();
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
  refresh_area();
}

void AppState::clear_selected(Dimension dimension) {
  selection = without(std::move(selection), dimension);
  if (dimension == Dimension::kNames && !selection.event) {
    selection.highlight.clear();
  }
  refresh_emphasis();
  refresh_area();
}

bool AppState::looks_at(Side side) const {
  return shows(side) && (!selection.run || selection.run == side);
}

bool AppState::selects_process(Side side, uint32_t process) const {
  const RunModel* model = run(side);
  return selection.lanes.empty() ||
         std::any_of(tracks.tracks.begin(), tracks.tracks.end(), [&](const Track& track) {
           const uint32_t lane = track.lane[index_of(side)];
           return model != nullptr && lane != kNoTrackLane && model->lanes[lane].process == process &&
                  selection.lanes.contains(track.key);
         });
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
