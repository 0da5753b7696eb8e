// SPDX-License-Identifier: Apache-2.0
//
// The part of AppState that two runs side by side need.
#include "viewer/app_state.hpp"

namespace stepscope::viewer {

void AppState::set_delta_map(std::shared_ptr<const DeltaMap> map) {
  const bool fits = map != nullptr && !map->empty() && map->rows() == tracks.tracks.size() &&
                    map->columns() == alignment.slots().size();
  delta_map = fits ? std::move(map) : nullptr;
}

void AppState::go_to_cell(size_t slot, size_t track) {
  go_to_step(slot);
  if (track < tracks.tracks.size()) {
    collapsed.erase(tracks.groups[tracks.tracks[track].group].key);
    reveal_track = track;
  }
}

}  // namespace stepscope::viewer
