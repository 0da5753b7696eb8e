// SPDX-License-Identifier: Apache-2.0
//
// Searching: the part of AppState that goes from match to match.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {
namespace {

// Matches stand in the order of their start on the axis, then of runs, lanes, rows; so that each has its turn, those that start
// at one moment too.
using MatchKey = std::tuple<int64_t, Side, uint32_t, uint32_t, uint32_t>;

MatchKey key_of(const AppState& state, const EventRef& ref) {
  return {std::llround(state.display_of(ref).begin_ns), ref.side, ref.lane, ref.row, ref.index};
}

// The first match of a run beyond `from` in that order. The axis and the run's own time do not agree to the ns: the search begins a
// little before.
std::optional<EventRef> match_beyond(const AppState& state, Side side, const MatchKey& from, bool forward) {
  constexpr int64_t kSlackNs = 16;
  const Search& searched = state.search[index_of(side)];
  const RunModel& run = *state.run(side);
  const int64_t t = state.alignment.to_time(side, static_cast<double>(std::get<0>(from)));
  auto hit = forward ? searched.next(run, side, t - kSlackNs) : searched.previous(run, side, t + kSlackNs);
  while (hit && (forward ? key_of(state, *hit) <= from : key_of(state, *hit) >= from)) {
    hit = forward ? searched.next_after(run, *hit) : searched.previous_before(run, *hit);
  }
  return hit;
}

}  // namespace

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

// From the selected event, else from the edge of what is seen; around at the end.
void AppState::find(bool forward) {
  if (search_box.lanes) {
    return find_lane(forward);
  }
  const TimeRange seen = view.visible();
  const TimeRange all = alignment.extent();
  const MatchKey before_all{std::llround(all.begin_ns - 1e9), Side::kA, 0, 0, 0};
  const MatchKey after_all{std::llround(all.end_ns + 1e9), Side::kB, ~0U, ~0U, ~0U};
  MatchKey from = forward ? before_all : after_all;
  if (selection.event) {
    from = key_of(*this, *selection.event);
  } else {
    std::get<0>(from) = forward ? std::llround(std::ceil(seen.begin_ns)) - 1 : std::llround(seen.end_ns);
  }
  std::optional<EventRef> best;
  for (const MatchKey& start : {from, forward ? before_all : after_all}) {
    for (const Side side : {Side::kA, Side::kB}) {
      const auto hit = shows(side) ? match_beyond(*this, side, start, forward) : std::nullopt;
      if (hit && (!best || (key_of(*this, *hit) < key_of(*this, *best)) == forward)) {
        best = hit;
      }
    }
    if (best) {
      break;
    }
  }
  if (!best) {
    return;
  }
  select_event(*best);
  reveal(best->side, best->lane);
  const TimeRange range = display_of(*best);
  if (range.begin_ns < seen.begin_ns || range.end_ns > seen.end_ns || range.length() < seen.length() / 2000) {
    view.show_with_margin(range, 4.0);
  }
}

}  // namespace stepscope::viewer
