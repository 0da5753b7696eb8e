// SPDX-License-Identifier: Apache-2.0
#include "viewer/scope.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

int64_t first_run_number(const AppState& state, size_t slot) {
  const StepSlot& at = state.alignment.slots()[slot];
  return state.run(Side::kA)->steps[at.index_a].number;
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

Scope scope_of(const AppState& state) {
  Scope scope;
  scope.runs = shown_numbers(state);
  scope.align = state.align_mode;
  const auto slots = state.alignment.slots();
  std::optional<TimeRange> display;
  if (state.selection.area) {
    display = state.selection.area->display;
    scope.tracks = state.selection.area->tracks;
  } else if (state.selection.steps && state.selection.steps->last < slots.size()) {
    const StepSelection& steps = *state.selection.steps;
    display = TimeRange{slots[steps.first].display.begin_ns, slots[steps.last].display.end_ns};
    scope.steps = steps.last - steps.first + 1;
  } else {
    scope.steps = slots.size();
  }
  if (display) {
    scope.whole = false;
    scope.begin_ns = display->begin_ns;
    scope.end_ns = display->end_ns;
    for (const Side side : {Side::kA, Side::kB}) {
      if (state.run(side) != nullptr) {
        scope.span[index_of(side)] = state.span_of(side, *display);
      }
    }
  }
  return scope;
}

std::string scope_words(const AppState& state) {
  if (state.selection.area) {
    return "selected area";
  }
  if (state.selection.steps && state.selection.steps->last < state.alignment.slots().size()) {
    const int64_t first = first_run_number(state, state.selection.steps->first);
    const int64_t last = first_run_number(state, state.selection.steps->last);
    return first == last ? "step " + std::to_string(first)
                         : "steps " + std::to_string(first) + " to " + std::to_string(last);
  }
  return "whole run";
}

std::vector<LaneSpan> spans_of(const AppState& state, const Scope& scope, Side side) {
  std::vector<LaneSpan> spans;
  if (scope.runs[index_of(side)] == 0) {
    return spans;
  }
  if (scope.whole) {
    return whole_run(*state.run(side));
  }
  const RunSpan& span = scope.span[index_of(side)];
  for (size_t t = 0; t < state.tracks.tracks.size(); ++t) {
    const uint32_t lane = state.tracks.tracks[t].lane[index_of(side)];
    if (lane != kNoTrackLane && (scope.tracks.empty() || std::find(scope.tracks.begin(), scope.tracks.end(),
                                                                   t) != scope.tracks.end())) {
      spans.push_back({lane, span.begin_ns, span.end_ns});
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
  if (state.selection.names.size() > 1) {
    return NameChoice{state.selection.highlight, false, state.selection.names};
  }
  if (!state.selection.highlight.empty()) {
    return NameChoice{state.selection.highlight, false};
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
}

void AppState::highlight(const std::string& name) {
  selection.highlight = name;
  selection.names.clear();
  selection.run.reset();
  if (!name.empty()) {
    selection.names.insert(name);
  }
  refresh_emphasis();
}

}  // namespace stepscope::viewer
