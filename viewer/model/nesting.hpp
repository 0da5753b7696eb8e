// SPDX-License-Identifier: Apache-2.0
//
// Nesting: spreads events of one lane over rows so that no row overlaps itself. An event goes to the topmost row
// that is free at its start; for properly nested ranges that is their depth, and ranges that cross each other
// (started and ended by handle) find a place too.
#pragma once

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

}  // namespace stepscope::viewer
