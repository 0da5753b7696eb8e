// SPDX-License-Identifier: Apache-2.0
//
// Searching lanes: the part of AppState that goes from title to title. Events are looked for on a thread: answers.cpp.
#include <algorithm>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

void AppState::open_search(bool lanes) {
  search_box.focus = true;
  if (search_box.lanes != lanes) {
    search_box.lanes = lanes;
    search_for("");
  }
}

std::vector<size_t> AppState::matching_tracks() const {
  const std::string& wanted = search_box.searched;
  std::vector<size_t> matching;
  for (size_t t = 0; t < tracks.tracks.size(); ++t) {
    const std::string title = tracks.groups[tracks.tracks[t].group].title + " " + tracks.tracks[t].title;
    if (!wanted.empty() && contains_text(title, wanted)) {
      matching.push_back(t);
    }
  }
  return matching;
}

// From the lane found last, around at the end.
void AppState::find_lane(bool forward) {
  const std::vector<size_t> matching = matching_tracks();
  if (matching.empty()) {
    return;
  }
  const auto after = std::upper_bound(matching.begin(), matching.end(), found_track_.value_or(0));
  const auto at = std::lower_bound(matching.begin(), matching.end(), found_track_.value_or(0));
  if (!found_track_) {
    found_track_ = forward ? matching.front() : matching.back();
  } else if (forward) {
    found_track_ = after == matching.end() ? matching.front() : *after;
  } else {
    found_track_ = at == matching.begin() ? matching.back() : *(at - 1);
  }
  collapsed.erase(tracks.groups[tracks.tracks[*found_track_].group].key);
  reveal_track = found_track_;
}

}  // namespace stepscope::viewer
