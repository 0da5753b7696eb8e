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
  if (dimension == Dimension::kTime) {
    area = {};
  }
  refresh_emphasis();
}

bool AppState::selects_track(size_t track) const {
  return selection.lanes.empty() || selection.lanes.contains(tracks.tracks[track].key);
}

bool AppState::selects_name(Side side, uint32_t name) const {
  return (!selection.run || selection.run == side) &&
         (selection.names.empty() || selection.names.contains(run(side)->names[name].text));
}

}  // namespace stepscope::viewer
