// SPDX-License-Identifier: Apache-2.0
#include "viewer/scope.hpp"

#include <algorithm>
#include <limits>

namespace stepscope::viewer {
namespace {

int64_t first_run_number(const AppState& state, size_t slot) {
  const StepSlot& at = state.alignment.slots()[slot];
  return state.run(Side::kA)->steps[at.index_a].number;
}

std::optional<TimeRange> steps_range(const AppState& state) {
  const auto slots = state.alignment.slots();
  const auto& steps = state.selection.steps;
  return steps && steps->last < slots.size() ? std::optional(TimeRange{slots[steps->first].display.begin_ns,
                                                                       slots[steps->last].display.end_ns})
                                             : std::nullopt;
}

// What the selected area and steps have in common; it ends before it begins where that is nothing.
std::optional<TimeRange> limited_time(const AppState& state) {
  std::optional<TimeRange> time = steps_range(state);
  if (const auto& area = state.selection.area) {
    time = time ? TimeRange{std::max(time->begin_ns, area->display.begin_ns),
                            std::min(time->end_ns, area->display.end_ns)}
                : area->display;
  }
  return time;
}

bool in_area(const AppState& state, size_t track) {
  const auto& area = state.selection.area;
  return !area || area->tracks.empty() ||
         std::find(area->tracks.begin(), area->tracks.end(), track) != area->tracks.end();
}

}  // namespace

RunPair shown_runs(const AppState& state) {
  RunPair runs;
  for (const Side side : {Side::kA, Side::kB}) {
    if (state.shows(side) && !state.run(side)->preview) {
      runs[index_of(side)] = state.run_data(side);
    }
  }
  return runs;
}

RunNumbers shown_numbers(const AppState& state) {
  const RunPair runs = shown_runs(state);
  return {runs[0] ? state.run_number(Side::kA) : 0, runs[1] ? state.run_number(Side::kB) : 0};
}

RunPair chosen_runs(const AppState& state) {
  RunPair runs = shown_runs(state);
  for (const Side side : {Side::kA, Side::kB}) {
    if (!state.looks_at(side)) {
      runs[index_of(side)] = nullptr;
    }
  }
  return runs;
}

Scope scope_of(const AppState& state) {
  Scope scope;
  const RunPair runs = chosen_runs(state);
  scope.runs = {runs[0] ? state.run_number(Side::kA) : 0, runs[1] ? state.run_number(Side::kB) : 0};
  scope.align = state.align_mode;
  scope.steps = state.alignment.slots().size();
  // 1. The time.
  if (const std::optional<TimeRange> time = limited_time(state)) {
    scope.whole = false;
    scope.begin_ns = time->begin_ns;
    scope.end_ns = time->end_ns;
    scope.nothing = time->end_ns < time->begin_ns;
    scope.steps = state.selection.area ? 0 : state.selection.steps->last - state.selection.steps->first + 1;
    for (const Side side : {Side::kA, Side::kB}) {
      if (state.run(side) != nullptr && !scope.nothing) {
        scope.span[index_of(side)] = state.span_of(side, *time);
      }
    }
  }
  // 2. The lanes.
  const bool limited =
      !state.selection.lanes.empty() || (state.selection.area && !state.selection.area->tracks.empty());
  for (size_t t = 0; limited && t < state.tracks.tracks.size(); ++t) {
    if (state.selects_track(t) && in_area(state, t)) {
      scope.tracks.push_back(t);
    }
  }
  scope.nothing = scope.nothing || (limited && scope.tracks.empty());
  return scope;
}

std::optional<TimeRange> selected_time(const AppState& state) {
  const std::optional<TimeRange> time = limited_time(state);
  return time && time->end_ns >= time->begin_ns ? time : std::nullopt;
}

std::optional<StepSelection> selected_slots(const AppState& state) {
  const std::optional<TimeRange> time = selected_time(state);
  if (!time) {
    return std::nullopt;
  }
  const auto slots = state.alignment.slots();
  const auto first = std::partition_point(slots.begin(), slots.end(), [&](const StepSlot& slot) {
    return slot.display.end_ns <= time->begin_ns;
  });
  const auto last = std::partition_point(
      first, slots.end(), [&](const StepSlot& slot) { return slot.display.begin_ns < time->end_ns; });
  return first == last ? std::nullopt
                       : std::optional(StepSelection{static_cast<size_t>(first - slots.begin()),
                                                     static_cast<size_t>(last - slots.begin()) - 1});
}

std::string scope_words(const AppState& state) {
  std::string words = "whole run";
  if (state.selection.area) {
    words = "selected area";
  } else if (steps_range(state)) {
    const int64_t first = first_run_number(state, state.selection.steps->first);
    const int64_t last = first_run_number(state, state.selection.steps->last);
    words = first == last ? "step " + std::to_string(first)
                          : "steps " + std::to_string(first) + " to " + std::to_string(last);
  }
  const size_t lanes = state.selection.lanes.size();
  words += lanes == 0 ? "" : lanes == 1 ? ", 1 lane" : ", " + std::to_string(lanes) + " lanes";
  if (state.selection.run && state.two_runs()) {
    words += *state.selection.run == Side::kA ? ", only A" : ", only B";
  }
  return words;
}

std::vector<LaneSpan> spans_of(const AppState& state, const Scope& scope, Side side) {
  std::vector<LaneSpan> spans;
  if (scope.runs[index_of(side)] == 0 || scope.nothing) {
    return spans;
  }
  if (scope.whole && scope.tracks.empty()) {
    return whole_run(*state.run(side));
  }
  const int64_t begin =
      scope.whole ? std::numeric_limits<int64_t>::min() : scope.span[index_of(side)].begin_ns;
  const int64_t end = scope.whole ? std::numeric_limits<int64_t>::max() : scope.span[index_of(side)].end_ns;
  for (size_t t = 0; t < state.tracks.tracks.size(); ++t) {
    const uint32_t lane = state.tracks.tracks[t].lane[index_of(side)];
    const bool chosen =
        scope.tracks.empty() || std::binary_search(scope.tracks.begin(), scope.tracks.end(), t);
    if (lane != kNoTrackLane && chosen) {
      spans.push_back({lane, begin, end});
    }
  }
  return spans;
}

std::array<EventFilter, 2> filters_of(const AppState& state, const Scope& scope, const NameChoice& names) {
  std::array<EventFilter, 2> filters;
  for (const Side side : {Side::kA, Side::kB}) {
    if (scope.runs[index_of(side)] != 0) {
      filters[index_of(side)] = {chosen_names(*state.run(side), names), spans_of(state, scope, side)};
    }
  }
  return filters;
}

std::optional<NameChoice> chosen_name(const AppState& state) {
  const Selection& selected = state.selection;
  if (selected.names.size() > 1) {
    return NameChoice{
        selected.highlight.empty() ? std::to_string(selected.names.size()) + " names" : selected.highlight,
        false, selected.names};
  }
  if (!selected.names.empty() || !selected.highlight.empty()) {
    return NameChoice{selected.names.empty() ? selected.highlight : *selected.names.begin(), false};
  }
  if (!state.search_box.lanes && !state.search_box.searched.empty()) {
    return NameChoice{state.search_box.searched, true};
  }
  return std::nullopt;
}

// The parts of AppState that the drawer's views act with.
void AppState::set_ranks(Side side, std::shared_ptr<const RankMatrix> ranks) {
  ranks_[index_of(side)] = std::move(ranks);
}

void AppState::visit(const Place& place) {
  const Tab here = tab;
  go_to(place);
  open_tab(here);
}

void AppState::visit(const EventRef& ref) {
  const Selection before = selection;
  const EventRow& row = row_of(ref);
  visit(Place{ref.side, ref.lane, row.start(ref.index), row.end(ref.index)});
  // The list that it was picked from stays as it is.
  selection = before;
  selection.event = ref;
  refresh_area();
  refresh_emphasis();
}

void AppState::highlight(const std::string& name) {
  selection.highlight = name;
  selection.names.clear();
  if (!name.empty()) {
    selection.names.insert(name);
  }
  refresh_emphasis();
}

}  // namespace stepscope::viewer
