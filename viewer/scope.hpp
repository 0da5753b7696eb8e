// SPDX-License-Identifier: Apache-2.0
//
// Scope: what the selection means for views that compute over many events: the time that lies in the selected area and in the
// selected steps, on the lanes that are selected, in the runs on screen or the one that is selected. What is not limited is all
// there is.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/model/event_filter.hpp"

namespace stepscope::viewer {

using RunPair =
    std::array<std::shared_ptr<const RunModel>, 2>;  // by Side; null: not loaded yet, or not shown
using RunNumbers = std::array<uint64_t, 2>;          // AppState::run_number; 0 for the same

// The runs whose events are there and on screen, for a task; and the same as a key.
[[nodiscard]] RunPair shown_runs(const AppState& state);
[[nodiscard]] RunNumbers shown_numbers(const AppState& state);

// Of those on screen the selected one, or both: AppState::looks_at.
[[nodiscard]] RunPair chosen_runs(const AppState& state);

// The time on the axis that the selected area and steps leave; none without them.
[[nodiscard]] std::optional<TimeRange> selected_time(const AppState& state);
// Positions in alignment.slots() that this time touches, the last included; none without it, or where it touches none.
[[nodiscard]] std::optional<StepSelection> selected_slots(const AppState& state);

// A key for Latest: equal scopes have the same events.
struct Scope {
  RunNumbers runs{};
  AlignMode align = AlignMode::kStepStart;
  bool whole = true;
  double begin_ns = 0;  // display time, unless whole
  double end_ns = 0;
  std::array<RunSpan, 2> span{};  // by Side: what that is of each run
  std::vector<size_t> tracks;     // selected lanes, within those of an area; empty: all
  size_t steps = 0;               // selected steps, or all there are; 0 for an area
  bool nothing = false;           // the dimensions have nothing in common
  friend bool operator==(const Scope&, const Scope&) = default;
};

// Without runs while only previews are there.
[[nodiscard]] Scope scope_of(const AppState& state);
// "whole run", "steps 5 to 9, 2 lanes", "selected area, only B".
[[nodiscard]] std::string scope_words(const AppState& state);
[[nodiscard]] std::vector<LaneSpan> spans_of(const AppState& state, const Scope& scope, Side side);
// Filters of both sides.
[[nodiscard]] std::array<EventFilter, 2> filters_of(const AppState& state, const Scope& scope,
                                                    const NameChoice& names);
// Filters have the selected names, else the lit one, else what is searched for; nothing where there is none of them.
[[nodiscard]] std::optional<NameChoice> chosen_name(const AppState& state);

}  // namespace stepscope::viewer
