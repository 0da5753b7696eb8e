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
// Ascending, of some length each, not overlapping.
using Stretches = std::vector<Stretch>;

// What one lane did in one window.
struct LaneTimes {
  int64_t busy_ns = 0;      // something ran
  Stretches communicating;  // where a collective or a transfer between ranks ran
  Stretches computing;      // where kernels, or on a host forward, backward and optimizer, ran
};

// What an event of a name does to LaneTimes.
enum class Doing : uint8_t { kOther, kComputing, kCommunicating };
// By name id, for LaneReader.
[[nodiscard]] std::vector<Doing> doing_of_names(std::span<const Category> category_of);

// Reads one lane, window after window. Fastest when windows ascend.
class LaneReader {
 public:
  // Both must outlive the reader.
  LaneReader(const LaneModel& lane, std::span<const Doing> doing);
  void read(Stretch window);
  // Of the window read last.
  [[nodiscard]] const LaneTimes& times() const { return times_; }

 private:
  void read_row(size_t row, Stretch window);

  const LaneModel* lane_;
  std::span<const Doing> doing_;
  std::vector<size_t> at_;  // by row: where the window before this one ended
  LaneTimes times_;
  Stretches busy_;              // several rows: what ran, of all of them
  std::vector<uint32_t> some_;  // events of the row that compute, or that communicate
  Stretches memory_;
};

// Makes Stretches of intervals in any order that lie inside the window. `memory` is overwritten.
void unite(Stretches& stretches, Stretch window, Stretches& memory);
// Time that is in `stretches` and not in `without`.
[[nodiscard]] int64_t length_outside(const Stretches& stretches, const Stretches& without);

}  // namespace stepscope::viewer
