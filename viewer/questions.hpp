// SPDX-License-Identifier: Apache-2.0
//
// Questions: what a click asks of all events of a run or of its recordings, too slow for the thread that draws. AppState asks
// (answers.cpp), a Background finds the answer. Every question carries the numbers of the runs that it is asked of
// (AppState::run_number): an answer to another question than the present one is dropped.
//
// The functions read runs and nothing else: any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "viewer/model/alignment.hpp"
#include "viewer/model/gap.hpp"
#include "viewer/model/run_model.hpp"
#include "viewer/model/search.hpp"
#include "viewer/model/selection.hpp"
#include "viewer/model/step_anchor.hpp"
#include "viewer/model/track_layout.hpp"

namespace stepscope::viewer {

using Runs = std::array<std::shared_ptr<const RunModel>, 2>;  // by Side; null: not asked of
using RunNumber = uint64_t;                                   // 0: not asked of

// An arrow of the selected event.
struct Flow {
  FlowKind kind = FlowKind::kLaunch;
  bool later = false;  // the arrow leads from the selected event to this one
  EventRef event;
};

// 1. All that is recorded about an event, and what it hangs together with.
struct EventQuestion {
  RunNumber run = 0;
  EventRef event;
  friend bool operator==(const EventQuestion&, const EventQuestion&) = default;
};
struct EventFacts {
  Details details;
  std::vector<Flow> flows;
};
[[nodiscard]] EventFacts facts_of(const RunModel& run, const EventRef& event,
                                  const std::atomic<bool>& cancelled);

// 2. What the ledger calls a gap.
struct GapQuestion {
  RunNumber run = 0;
  GapRef gap;
  friend bool operator==(const GapQuestion&, const GapQuestion&) = default;
};
[[nodiscard]] LeafTimes facts_of(const RunModel& run, const GapRef& gap);

// 3. What runs in an area.
struct AreaQuestion {
  std::array<RunNumber, 2> runs{};
  std::array<std::vector<LaneArea>, 2> lanes;
  friend bool operator==(const AreaQuestion&, const AreaQuestion&) = default;
};
using AreaFacts = std::array<std::optional<AreaStats>, 2>;
[[nodiscard]] AreaFacts facts_of(const Runs& runs, const AreaQuestion& question,
                                 const std::atomic<bool>& cancelled);

// 4. The next or previous match of a search. Matches stand in the order of their start on the axis, then of runs, lanes, rows; so
// each has its turn, those that start at one moment too.
using MatchPlace =
    std::tuple<int64_t, Side, uint32_t, uint32_t, uint32_t>;  // the start in ns of display time
struct FindQuestion {
  std::array<RunNumber, 2> runs{};
  bool forward = true;
  MatchPlace from;                     // strictly beyond it
  MatchPlace around;                   // where to go on when there is none as far as the end
  std::optional<EventRef> other_than;  // the selected event is no match of itself
  uint64_t number = 0;                 // every press of the key is another question
  friend bool operator==(const FindQuestion&, const FindQuestion&) = default;
};
using Matches = std::array<std::optional<EventRef>, 2>;  // the nearest of each run
[[nodiscard]] MatchPlace place_of_match(const RunModel& run, const Alignment& alignment,
                                        const EventRef& event);
[[nodiscard]] Matches matches_of(const Runs& runs, const std::array<Search, 2>& search,
                                 const Alignment& alignment, const FindQuestion& question,
                                 const std::atomic<bool>& cancelled);

// 5. Where the event that both runs are aligned by starts in each step.
struct AnchorQuestion {
  std::array<RunNumber, 2> runs{};
  std::optional<EventRef> event;     // the anchor is this one's name and place in its step; else
  std::optional<StepAnchor> anchor;  // this one; else the first collective
  friend bool operator==(const AnchorQuestion&, const AnchorQuestion&) = default;
};
struct AnchorFacts {
  std::optional<StepAnchor> anchor;  // none: no step has one
  AnchorOffsets offsets;
};
[[nodiscard]] AnchorFacts facts_of(const Runs& runs, const Tracks& tracks, const AnchorQuestion& question,
                                   const std::atomic<bool>& cancelled);

}  // namespace stepscope::viewer
