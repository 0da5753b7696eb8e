// SPDX-License-Identifier: Apache-2.0
//
// Step anchor: the event of a step that both runs are aligned by: the n-th of a name on a lane, such as the third
// all-reduce. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viewer/model/run_model.hpp"
#include "viewer/model/track_layout.hpp"

namespace stepscope::viewer {

struct StepAnchor {
  std::array<uint32_t, 2> lane{};  // that play the same part, by Side
  std::string name;                // text, the same in both runs; empty: whatever communicates
  size_t n = 0;                    // from 0, of those that start in the step
  // "all_reduce, 3rd of the step"
  [[nodiscard]] std::string title() const;
  friend bool operator==(const StepAnchor&, const StepAnchor&) = default;
};

inline constexpr int64_t kNoAnchor = -1;
// Where the anchor starts in each step of this run, in ns since the step's begin; kNoAnchor in steps that lack it.
[[nodiscard]] std::vector<int64_t> anchor_offsets(const RunModel& run, Side side, const StepAnchor& anchor);
// Of both runs.
using AnchorOffsets = std::array<std::vector<int64_t>, 2>;

// By this event; none where its lane has no counterpart or it starts in no step.
[[nodiscard]] std::optional<StepAnchor> anchor_at(const RunModel& run, const Tracks& tracks,
                                                  const EventRef& event);

// By the first thing that communicates in a step, on the first lane that has such events in both runs.
[[nodiscard]] std::optional<StepAnchor> first_collective(const RunModel& a, const RunModel& b,
                                                         const Tracks& tracks);

}  // namespace stepscope::viewer
