// SPDX-License-Identifier: Apache-2.0
//
// Busy time: what a lane did inside a window of time. Everything here is a union of intervals clipped to the window: nested,
// crossing and overlapping events count once. One pass over the events inside; no allocation once buffers have grown.
// Any thread, one LaneReader each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

struct Stretch {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  friend bool operator==(const Stretch&, const Stretch&) = default;
};
// Ascending, of some length each, neither overlapping nor touching.
using Stretches = std::vector<Stretch>;

// What one lane did in one window.
struct LaneTimes {
  int64_t busy_ns = 0;      // something ran
  Stretches communicating;  // where a collective or a transfer between ranks ran
  Stretches computing;      // where kernels, or on a host forward, backward and optimizer, ran
};

// Reads one lane, window after window. Fastest when windows ascend.
class LaneReader {
 public:
  // category_of[name] as in RunModel. Both must outlive the reader.
  LaneReader(const LaneModel& lane, std::span<const Category> category_of);
  // Valid until the next call.
  const LaneTimes& read(Stretch window);
  // The window read last.
  [[nodiscard]] const LaneTimes& times() const { return lane_times_; }

 private:
  void read_row(size_t row, Stretch window);

  const LaneModel* lane_;
  std::span<const Category> category_of_;
  std::vector<size_t> at_;  // by row: where the window before this one ended
  LaneTimes lane_times_;
  LaneTimes row_times_;
  Stretches busy_;  // of the lane, where it has several rows
  Stretches row_busy_;
  Stretches merged_;
};

// Adds `more` to `into`. `memory` is overwritten.
void unite(Stretches& into, const Stretches& more, Stretches& memory);
// Time that is in `stretches` and not in `without`.
[[nodiscard]] int64_t length_outside(const Stretches& stretches, const Stretches& without);

}  // namespace stepscope::viewer
