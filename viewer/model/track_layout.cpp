// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/track_layout.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace stepscope::viewer {
namespace {

using LaneKey = std::pair<std::string, std::string>;

LaneKey key_of(const RunModel& run, const LaneModel& lane) {
  return {run.processes[lane.process].key, lane.key};
}

size_t group_for(Tracks& tracks, const ProcessModel& process) {
  const auto at = std::find_if(tracks.groups.begin(), tracks.groups.end(),
                               [&](const TrackGroup& group) { return group.key == process.key; });
  if (at != tracks.groups.end()) {
    return static_cast<size_t>(at - tracks.groups.begin());
  }
  tracks.groups.push_back({process.title, process.subtitle, process.key});
  return tracks.groups.size() - 1;
}

// Lanes that play the same part share their keys; the second of them is "process/lane#2".
void set_keys(Tracks& tracks, const RunModel& a, const RunModel* b) {
  std::map<std::string, size_t> count;
  for (Track& track : tracks.tracks) {
    const size_t side = track.lane[0] != kNoTrackLane ? 0 : 1;
    const RunModel& run = side == 0 ? a : *b;
    const auto [process, lane] = key_of(run, run.lanes[track.lane[side]]);
    track.key = process + "/" + lane;
    if (const size_t n = ++count[track.key]; n > 1) {
      track.key += "#" + std::to_string(n);
    }
  }
}

struct Pen {
  TrackLayout& layout;
  const LayoutMetrics& metrics;
  void group(size_t group, bool collapsed, Side side) const {
    layout.items.push_back({.kind = TrackItem::Kind::kGroup,
                            .group = group,
                            .side = side,
                            .collapsed = collapsed,
                            .y = layout.height,
                            .height = metrics.header});
    layout.height += metrics.header;
  }
  void delta(size_t group, size_t track) const {
    layout.items.push_back({.kind = TrackItem::Kind::kDelta,
                            .group = group,
                            .track = track,
                            .side = Side::kB,
                            .first = false,
                            .y = layout.height,
                            .height = metrics.delta});
    layout.height += metrics.delta;
  }
  void lane(size_t group, size_t track, Side side, const LaneModel& lane, bool first) const {
    const size_t rows = std::clamp<size_t>(lane.rows.size(), 1, metrics.max_rows);
    const float height = static_cast<float>(rows) * (metrics.row + metrics.row_gap);
    layout.items.push_back({.kind = TrackItem::Kind::kLane,
                            .group = group,
                            .track = track,
                            .side = side,
                            .rows = rows,
                            .first = first,
                            .y = layout.height,
                            .height = height});
    layout.height += height;
  }
  // Its lanes on these sides, and the row of their difference.
  void track(const Track& track, size_t index, const RunModel* const (&runs)[2],
             const std::vector<Side>& sides) const {
    layout.height += metrics.lane_gap / 2;
    bool first = true;
    for (const Side side : sides) {
      const uint32_t lane_index = track.lane[index_of(side)];
      if (lane_index != kNoTrackLane) {
        lane(track.group, index, side, runs[index_of(side)]->lanes[lane_index], first);
        first = false;
      }
    }
    if (sides.size() == 2 && metrics.delta > 0 && track.lane[0] != kNoTrackLane &&
        track.lane[1] != kNoTrackLane) {
      delta(track.group, index);
    }
    layout.height += metrics.lane_gap / 2;
  }
};

void lay_out_side(const Tracks& tracks, const RunModel* const (&runs)[2], const std::vector<Side>& sides,
                  const std::set<std::string>& collapsed, const Pen& pen) {
  const auto on_a_side = [&](const Track& track) {
    return std::any_of(sides.begin(), sides.end(),
                       [&](Side side) { return track.lane[index_of(side)] != kNoTrackLane; });
  };
  size_t first = 0;  // tracks stand in the order of groups
  for (size_t g = 0; g < tracks.groups.size(); ++g) {
    size_t last = first;
    while (last < tracks.tracks.size() && tracks.tracks[last].group == g) {
      ++last;
    }
    const auto begin = tracks.tracks.begin();
    if (std::any_of(begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last),
                    on_a_side)) {
      const bool folded = collapsed.contains(tracks.groups[g].key);
      pen.group(g, folded, sides.front());
      for (size_t t = first; !folded && t < last; ++t) {
        if (on_a_side(tracks.tracks[t])) {
          pen.track(tracks.tracks[t], t, runs, sides);
        }
      }
    }
    first = last;
  }
}

}  // namespace

Tracks make_tracks(const RunModel& a, const RunModel* b) {
  Tracks tracks;
  std::map<LaneKey, size_t> by_key;
  for (size_t lane = 0; lane < a.lanes.size(); ++lane) {
    Track track;
    track.group = group_for(tracks, a.processes[a.lanes[lane].process]);
    track.title = a.lanes[lane].title;
    track.role = a.lanes[lane].role;
    track.lane[0] = static_cast<uint32_t>(lane);
    by_key.emplace(key_of(a, a.lanes[lane]), tracks.tracks.size());
    tracks.tracks.push_back(track);
  }
  if (b != nullptr) {
    for (size_t lane = 0; lane < b->lanes.size(); ++lane) {
      const auto at = by_key.find(key_of(*b, b->lanes[lane]));
      if (at != by_key.end() && tracks.tracks[at->second].lane[1] == kNoTrackLane) {
        tracks.tracks[at->second].lane[1] = static_cast<uint32_t>(lane);
        continue;
      }
      Track track;
      track.group = group_for(tracks, b->processes[b->lanes[lane].process]);
      track.title = b->lanes[lane].title;
      track.role = b->lanes[lane].role;
      track.lane[1] = static_cast<uint32_t>(lane);
      tracks.tracks.push_back(track);
    }
  }
  std::stable_sort(tracks.tracks.begin(), tracks.tracks.end(), [](const Track& x, const Track& y) {
    return std::tie(x.group, x.role) < std::tie(y.group, y.role);
  });
  set_keys(tracks, a, b);
  return tracks;
}

TrackLayout lay_out(const Tracks& tracks, const RunModel& a, const RunModel* b, Arrangement arrangement,
                    Shown shown, const std::set<std::string>& collapsed, const LayoutMetrics& metrics) {
  TrackLayout layout;
  layout.row_height = metrics.row;
  layout.row_gap = metrics.row_gap;
  const RunModel* const runs[2] = {&a, b};
  const Pen pen{layout, metrics};
  if (b == nullptr || shown == Shown::kOnlyA) {
    lay_out_side(tracks, runs, {Side::kA}, collapsed, pen);
  } else if (shown == Shown::kOnlyB) {
    lay_out_side(tracks, runs, {Side::kB}, collapsed, pen);
  } else if (arrangement == Arrangement::kSplit) {
    lay_out_side(tracks, runs, {Side::kA, Side::kB}, collapsed, pen);
  } else {
    lay_out_side(tracks, runs, {Side::kA}, collapsed, pen);
    lay_out_side(tracks, runs, {Side::kB}, collapsed, pen);
  }
  return layout;
}

size_t TrackLayout::first_visible(float y) const {
  const auto at = std::partition_point(items.begin(), items.end(),
                                       [&](const TrackItem& item) { return item.y + item.height <= y; });
  return static_cast<size_t>(at - items.begin());
}

std::optional<size_t> TrackLayout::item_at(float y) const {
  const size_t i = first_visible(y);
  if (i < items.size() && y >= items[i].y) {
    return i;
  }
  return std::nullopt;
}

}  // namespace stepscope::viewer
