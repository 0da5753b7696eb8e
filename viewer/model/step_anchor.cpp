// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/step_anchor.hpp"

#include <algorithm>

#include "viewer/model/format.hpp"

namespace stepscope::viewer {
namespace {

// By name id: whether an event of it can be the anchor.
std::vector<uint8_t> matching_names(const RunModel& run, const StepAnchor& anchor) {
  std::vector<uint8_t> matching(run.names.size(), 0);
  for (size_t name = 0; name < matching.size(); ++name) {
    matching[name] = anchor.name.empty() ? run.category_of[name] == Category::kCommunication
                                         : run.names[name].text == anchor.name;
  }
  return matching;
}

// Starts in [begin, end) of the lane's events with such names, ascending.
std::vector<int64_t> starts_of(const LaneModel& lane, const std::vector<uint8_t>& names, int64_t begin_ns,
                               int64_t end_ns) {
  std::vector<int64_t> starts;
  for (const EventRow& row : lane.rows) {
    for (size_t i = row.first_starting_at(begin_ns); i < row.size() && row.start(i) < end_ns; ++i) {
      if (names[row.name(i)] != 0) {
        starts.push_back(row.start(i));
      }
    }
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

bool communicates(const RunModel& run, const LaneModel& lane) {
  return std::any_of(lane.rows.begin(), lane.rows.end(), [&](const EventRow& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (run.category_of[row.name(i)] == Category::kCommunication) {
        return true;
      }
    }
    return false;
  });
}

}  // namespace

std::string StepAnchor::title() const {
  return (name.empty() ? std::string("communication") : name) + ", " + ordinal(n + 1) + " of the step";
}

std::vector<int64_t> anchor_offsets(const RunModel& run, Side side, const StepAnchor& anchor) {
  std::vector<int64_t> offsets(run.steps.size(), kNoAnchor);
  const uint32_t lane = anchor.lane.at(index_of(side));
  if (lane >= run.lanes.size()) {
    return offsets;
  }
  const std::vector<uint8_t> names = matching_names(run, anchor);
  for (size_t step = 0; step < run.steps.size(); ++step) {
    const StepModel& span = run.steps[step];
    const std::vector<int64_t> starts = starts_of(run.lanes[lane], names, span.begin_ns, span.end_ns);
    if (anchor.n < starts.size()) {
      offsets[step] = starts[anchor.n] - span.begin_ns;
    }
  }
  return offsets;
}

std::optional<StepAnchor> anchor_at(const RunModel& run, const Tracks& tracks, const EventRef& event) {
  const EventRow& row = run.lanes[event.lane].rows[event.row];
  const int64_t start = row.start(event.index);
  const auto step = std::find_if(run.steps.begin(), run.steps.end(), [&](const StepModel& one) {
    return one.begin_ns <= start && start < one.end_ns;
  });
  const auto track = std::find_if(tracks.tracks.begin(), tracks.tracks.end(), [&](const Track& one) {
    return one.lane[index_of(event.side)] == event.lane;
  });
  if (step == run.steps.end() || track == tracks.tracks.end() || track->lane[0] == kNoTrackLane ||
      track->lane[1] == kNoTrackLane) {
    return std::nullopt;
  }
  StepAnchor anchor;
  anchor.lane = {track->lane[0], track->lane[1]};
  anchor.name = run.names[row.name(event.index)].text;
  const std::vector<int64_t> before =
      starts_of(run.lanes[event.lane], matching_names(run, anchor), step->begin_ns, start);
  anchor.n = before.size();
  return anchor;
}

std::optional<StepAnchor> first_collective(const RunModel& a, const RunModel& b, const Tracks& tracks) {
  for (const Track& track : tracks.tracks) {
    if (track.lane[0] != kNoTrackLane && track.lane[1] != kNoTrackLane &&
        communicates(a, a.lanes[track.lane[0]]) && communicates(b, b.lanes[track.lane[1]])) {
      StepAnchor anchor;
      anchor.lane = {track.lane[0], track.lane[1]};
      return anchor;
    }
  }
  return std::nullopt;
}

}  // namespace stepscope::viewer
