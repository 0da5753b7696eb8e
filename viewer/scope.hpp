// SPDX-License-Identifier: Apache-2.0
//
// Scope: what the selection means for views that compute over many events: the selected area, else the selected steps, else the
// whole run; on all lanes or those of the area; of the runs on screen.
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

// A key for Latest: equal scopes have the same events.
struct Scope {
  RunNumbers runs{};
  AlignMode align = AlignMode::kStepStart;
  bool whole = true;
  double begin_ns = 0;  // display time, unless whole
  double end_ns = 0;
  std::array<RunSpan, 2> span{};  // by Side: what that is of each run
  std::vector<size_t> tracks;     // of an area; empty: all
  size_t steps = 0;               // selected steps, or all there are; 0 for an area
  friend bool operator==(const Scope&, const Scope&) = default;
};

// Without runs while only previews are there.
[[nodiscard]] Scope scope_of(const AppState& state);
// "whole run", "steps 5 to 9", "selected area".
[[nodiscard]] std::string scope_words(const AppState& state);
[[nodiscard]] std::vector<LaneSpan> spans_of(const AppState& state, const Scope& scope, Side side);
// Filters of both sides.
[[nodiscard]] std::array<EventFilter, 2> filters_of(const AppState& state, const Scope& scope,
                                                    const NameChoice& names);
// The selected names, else the highlighted one, else what is searched for; nothing where there is none of them.
[[nodiscard]] std::optional<NameChoice> chosen_name(const AppState& state);

}  // namespace stepscope::viewer
