// SPDX-License-Identifier: Apache-2.0
//
// Nesting: spreads events of one lane over rows so that no row overlaps itself. An event goes to the topmost row
// that is free at its start; for properly nested ranges that is their depth, and ranges that cross each other
// (started and ended by handle) find a place too.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "viewer/model/event_row.hpp"

namespace stepscope::viewer {

struct RawEvent {
  int64_t start_ns = 0;
  int64_t duration_ns = 0;
  uint32_t name = 0;
};

struct NestedRows {
  std::vector<EventRow> rows;  // sealed, outermost first
  uint64_t too_deep = 0;       // events that found no row within kMaxRows: counted, not drawn
};

inline constexpr size_t kMaxRows = 128;

// `events` is sorted in place (start ascending, longer first). category_of[name] for every name.
[[nodiscard]] NestedRows nest(std::vector<RawEvent>& events, std::span<const Category> category_of);

// The same for more events than should be in memory at once: they come in pieces, each of a later stretch of time.
class Nester {
 public:
  // Sorted in place. Precondition: none starts before an event of an earlier piece.
  void add(std::span<RawEvent> events);
  // Ends at once, with rows that are not sealed, when *cancelled (may be null) is set.
  [[nodiscard]] NestedRows finish(std::span<const Category> category_of, const std::atomic<bool>* cancelled);

 private:
  NestedRows result_;
  std::vector<int64_t> free_from_;  // by row
  std::vector<uint8_t> row_of_;     // of the events of a piece
  std::vector<size_t> counts_;      // by row, of a piece
};

}  // namespace stepscope::viewer
