// SPDX-License-Identifier: Apache-2.0
#include "viewer/questions.hpp"

#include <cmath>

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

EventFacts facts_of(const RunModel& run, const EventRef& event, const std::atomic<bool>& cancelled) {
  EventFacts facts;
  const LaneModel& lane = run.lanes[event.lane];
  const EventRow& row = lane.rows[event.row];
  const trace::Kind kind = run.names[row.name(event.index)].kind;
  const int64_t start_ns = row.start(event.index);
  const int64_t duration_ns = row.duration(event.index);
  if (run.details) {
    facts.details = run.details(lane.source_lane, kind, start_ns, duration_ns);
  }
  if (!run.flows || cancelled.load()) {
    return facts;
  }
  for (const FlowModel& flow : run.flows(lane.source_lane, kind, start_ns, duration_ns)) {
    if (const auto end = find_event(run, event.side, flow.source_lane, flow.start_ns, flow.duration_ns)) {
      facts.flows.push_back({flow.kind, flow.later, *end});
    }
  }
  return facts;
}

LeafTimes facts_of(const RunModel& run, const GapRef& gap) {
  return run.leaves ? run.leaves(run.lanes[gap.lane].process, gap.begin_ns, gap.end_ns) : LeafTimes();
}

AreaFacts facts_of(const Runs& runs, const AreaQuestion& question, const std::atomic<bool>& cancelled) {
  AreaFacts facts;
  for (size_t side = 0; side < facts.size(); ++side) {
    if (runs[side]) {
      facts[side] = area_stats(*runs[side], question.lanes[side], &cancelled);
    }
  }
  return facts;
}

MatchPlace place_of_match(const RunModel& run, const Alignment& alignment, const EventRef& event) {
  const EventRow& row = run.lanes[event.lane].rows[event.row];
  const TimeRange display = alignment.to_display(event.side, row.start(event.index), row.end(event.index));
  return {std::llround(display.begin_ns), event.side, event.lane, event.row, event.index};
}

Matches matches_of(const Runs& runs, const std::array<Search, 2>& search, const Alignment& alignment,
                   const FindQuestion& question, const std::atomic<bool>& cancelled) {
  // The axis and the run's own time do not agree to the ns: the search begins a little before.
  constexpr int64_t kSlackNs = 16;
  const bool forward = question.forward;
  Matches matches;
  for (const MatchPlace& from : {question.from, question.around}) {
    for (const Side side : {Side::kA, Side::kB}) {
      const size_t s = index_of(side);
      if (!runs[s] || cancelled.load()) {
        continue;
      }
      const RunModel& run = *runs[s];
      const int64_t t = alignment.to_time(side, static_cast<double>(std::get<0>(from)));
      auto match =
          forward ? search[s].next(run, side, t - kSlackNs) : search[s].previous(run, side, t + kSlackNs);
      const auto passed = [&](const EventRef& event) {
        const MatchPlace place = place_of_match(run, alignment, event);
        return forward ? place <= from : place >= from;
      };
      while (match && passed(*match)) {
        match = forward ? search[s].next_after(run, *match) : search[s].previous_before(run, *match);
      }
      if (match != question.other_than) {
        matches[s] = match;
      }
    }
    if (matches[0] || matches[1]) {
      break;
    }
  }
  return matches;
}

AnchorFacts facts_of(const Runs& runs, const Tracks& tracks, const AnchorQuestion& question,
                     const std::atomic<bool>& cancelled) {
  AnchorFacts facts;
  if (question.event) {
    facts.anchor = anchor_at(*runs[index_of(question.event->side)], tracks, *question.event);
  } else {
    facts.anchor = question.anchor;
  }
  if (!facts.anchor) {
    facts.anchor = first_collective(*runs[0], *runs[1], tracks);
  }
  for (const Side side : {Side::kA, Side::kB}) {
    if (facts.anchor && !cancelled.load()) {
      facts.offsets[index_of(side)] = anchor_offsets(*runs[index_of(side)], side, *facts.anchor);
    }
  }
  return facts;
}

}  // namespace stepscope::viewer
