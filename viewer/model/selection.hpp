// SPDX-License-Identifier: Apache-2.0
//
// Selection: what the user points at, one for all views: time x lanes x names x steps x run, and in it the event in focus.
// Every view reads the dimensions it can show and sets those that a click in it means; the others stay. How selections are
// combined: selection_algebra.hpp. Plus the statistics of an area.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "viewer/model/run_model.hpp"
#include "viewer/model/viewport.hpp"

namespace stepscope::viewer {

// Bars of the step strip [first, last].
struct StepSelection {
  size_t first = 0;
  size_t last = 0;
  friend bool operator==(const StepSelection&, const StepSelection&) = default;
};

struct AreaSelection {
  TimeRange display;
  std::vector<size_t> tracks;  // indices into Tracks::tracks; empty: all
  friend bool operator==(const AreaSelection&, const AreaSelection&) = default;
};

// A place the user wants to find again; a moment when both times are equal. In the time of its run, so that it stays
// where it is when the axis changes.
struct Mark {
  Side side = Side::kA;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  std::string text = {};  // what the user says about it
  friend bool operator==(const Mark&, const Mark&) = default;
  [[nodiscard]] bool same_place(const Mark& other) const {
    return side == other.side && begin_ns == other.begin_ns && end_ns == other.end_ns;
  }
};

struct Selection {
  std::optional<EventRef> event;
  std::optional<StepSelection> steps;
  std::optional<AreaSelection> area;
  std::string highlight;        // text of the name lit up everywhere, "" none
  std::set<std::string> names;  // texts, of both runs; empty: all names
  std::set<std::string> lanes;  // Track::key; empty: all lanes
  std::optional<Side> run;      // none: both

  [[nodiscard]] bool empty() const {
    return !event && !steps && !area && highlight.empty() && names.empty() && lanes.empty() && !run;
  }
  void clear() { *this = Selection(); }
  // Puts an event into focus; its name becomes the selected one, lanes and steps stay.
  void select_event(EventRef ref, std::string text);
  // One name, or one more: an event with another name is out of focus then. The same again takes it away.
  void select_name(const std::string& text, bool add);
  void select_lane(const std::string& key, bool add);
  void select_steps(size_t from, size_t to);
  void select_area(AreaSelection selected);
  friend bool operator==(const Selection&, const Selection&) = default;
};

// One name within an area. Times are clipped to it. `total_ns` of nested events of one name counts each.
struct NameStat {
  uint32_t name = 0;
  uint64_t count = 0;
  int64_t total_ns = 0;
  int64_t self_ns = 0;  // without what is nested inside
  int64_t max_ns = 0;
};

struct AreaStats {
  int64_t length_ns = 0;  // of the area, per lane
  int64_t union_ns = 0;   // some event running, summed over lanes; never counted twice within a lane
  size_t lanes = 0;
  std::vector<NameStat> names;  // most self time first
};

struct LaneArea {
  uint32_t lane = 0;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  friend bool operator==(const LaneArea&, const LaneArea&) = default;
};

// One pass over the events inside: 10 M take some tens of ms. Stops between lanes when `cancelled` is set, with what it has.
[[nodiscard]] AreaStats area_stats(const RunModel& run, std::span<const LaneArea> areas,
                                   const std::atomic<bool>* cancelled = nullptr);

}  // namespace stepscope::viewer
