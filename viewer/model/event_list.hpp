// SPDX-License-Identifier: Apache-2.0
//
// EventList: the chosen events of one or two runs in an order. 8 B per event; made off the frame path.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "viewer/model/event_filter.hpp"

namespace stepscope::viewer {

enum class EventOrder : uint8_t { kStart, kDuration, kName, kLane };

class EventList {
 public:
  // runs[s] null: that side has none. Events beyond kMostEvents are counted, not listed. Starts compare since the beginning of
  // their run; equal keys stand in the order of sides, lanes, rows and starts.
  EventList(const std::array<const RunModel*, 2>& runs, const std::array<EventFilter, 2>& filters,
            EventOrder order, bool descending, const std::atomic<bool>& cancelled);

  static constexpr size_t kMostEvents = 20'000'000;
  [[nodiscard]] size_t size() const { return items_.size(); }
  [[nodiscard]] uint64_t left_out() const { return left_out_; }
  [[nodiscard]] EventRef at(size_t i) const;

 private:
  struct Item {
    uint32_t place = 0;  // side 1 bit, lane 23 bits, row 8 bits
    uint32_t index = 0;
  };
  std::vector<Item> items_;
  uint64_t left_out_ = 0;
};

}  // namespace stepscope::viewer
