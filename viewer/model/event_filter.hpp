// SPDX-License-Identifier: Apache-2.0
//
// EventFilter: which events of a run a view computes over: names, and stretches of time on lanes. What the histogram, the
// event list and the flame graph share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

// Events that touch [begin_ns, end_ns) of a lane.
struct LaneSpan {
  uint32_t lane = 0;  // index into RunModel::lanes
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  friend bool operator==(const LaneSpan&, const LaneSpan&) = default;
};

// Names whose text is, or contains (letters A-Z without case), a text; or is one of several.
struct NameChoice {
  std::string text;  // "": every name; of several: what they are called together
  bool part = false;
  std::set<std::string> several = {};  // where there are any, `text` is not looked for
  friend bool operator==(const NameChoice&, const NameChoice&) = default;
};

struct EventFilter {
  std::vector<uint8_t> names;  // by name id: 1 wanted; empty: all
  std::vector<LaneSpan> spans;
  [[nodiscard]] bool wants(uint32_t name) const { return names.empty() || names[name] != 0; }
};

[[nodiscard]] std::vector<uint8_t> chosen_names(const RunModel& run, const NameChoice& choice);
// All of every lane.
[[nodiscard]] std::vector<LaneSpan> whole_run(const RunModel& run);

// visit(lane, row, events, index) for each event wanted, row by row, ascending within a row. Stops between rows, and every 2^20
// events, when `cancelled` is set.
template <typename Visit>
void for_each_event(const RunModel& run, const EventFilter& filter, const std::atomic<bool>& cancelled,
                    Visit visit) {
  constexpr size_t kLook = size_t{1} << 20U;
  for (const LaneSpan& span : filter.spans) {
    const auto& rows = run.lanes[span.lane].rows;
    for (uint32_t r = 0; r < rows.size(); ++r) {
      const EventRow& events = rows[r];
      const size_t last = events.first_starting_at(span.end_ns);
      for (size_t i = events.first_ending_after(span.begin_ns); i < last;) {
        if (cancelled.load(std::memory_order_relaxed)) {
          return;
        }
        const size_t stop = std::min(last, i + kLook);
        for (; i < stop; ++i) {
          if (filter.wants(events.name(i))) {
            visit(span.lane, r, events, i);
          }
        }
      }
    }
  }
}

}  // namespace stepscope::viewer
