// SPDX-License-Identifier: Apache-2.0
//
// Busy time: how long something ran on a lane inside a window of time. Everything here is a union of intervals clipped to
// the window: nested, crossing and overlapping events count once. Pure functions; any thread, one BusyScratch per thread.
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

// A set of categories.
using CategoryMask = uint32_t;
static_assert(kCategoryCount <= 32);
inline constexpr CategoryMask kAllCategories = ~CategoryMask{0};
[[nodiscard]] constexpr CategoryMask mask_of(Category category) {
  return CategoryMask{1} << static_cast<unsigned>(category);
}

// Memory that is reused from call to call.
struct BusyScratch {
  Stretches row;
  Stretches merged;
  Stretches lane;
};

// Time of `window` in which some event of the lane runs. A lane without nesting costs two searches, any other a walk over
// its events inside.
[[nodiscard]] int64_t busy_time(const LaneModel& lane, Stretch window, BusyScratch& scratch);

// Adds to `out` where an event of one of these categories runs. category_of[name] as in RunModel.
void add_stretches(const LaneModel& lane, Stretch window, CategoryMask wanted,
                   std::span<const Category> category_of, Stretches& out, BusyScratch& scratch);

[[nodiscard]] int64_t length_of(const Stretches& stretches);
// Time that is in `stretches` and not in `without`.
[[nodiscard]] int64_t length_outside(const Stretches& stretches, const Stretches& without);

}  // namespace stepscope::viewer
