// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/busy_time.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

// `next` starts at or after the start of the last stretch.
void extend(Stretches& stretches, Stretch next) {
  if (!stretches.empty() && next.begin_ns <= stretches.back().end_ns) {
    stretches.back().end_ns = std::max(stretches.back().end_ns, next.end_ns);
  } else if (next.end_ns > next.begin_ns) {
    stretches.push_back(next);
  }
}

void unite(const Stretches& x, const Stretches& y, Stretches& out) {
  out.clear();
  size_t i = 0;
  size_t k = 0;
  while (i < x.size() || k < y.size()) {
    const bool from_x = k == y.size() || (i < x.size() && x[i].begin_ns <= y[k].begin_ns);
    extend(out, from_x ? x[i++] : y[k++]);
  }
}

}  // namespace

void add_stretches(const LaneModel& lane, Stretch window, CategoryMask wanted,
                   std::span<const Category> category_of, Stretches& out, BusyScratch& scratch) {
  for (const EventRow& row : lane.rows) {
    scratch.row.clear();
    for (size_t i = row.first_ending_after(window.begin_ns); i < row.size() && row.start(i) < window.end_ns;
         ++i) {
      if (wanted == kAllCategories || (wanted & mask_of(category_of[row.name(i)])) != 0) {
        extend(scratch.row, {std::max(row.start(i), window.begin_ns), std::min(row.end(i), window.end_ns)});
      }
    }
    if (out.empty()) {
      out.swap(scratch.row);
    } else if (!scratch.row.empty()) {
      unite(out, scratch.row, scratch.merged);
      out.swap(scratch.merged);
    }
  }
}

int64_t busy_time(const LaneModel& lane, Stretch window, BusyScratch& scratch) {
  if (lane.rows.size() == 1) {
    return lane.rows.front().busy(window.begin_ns, window.end_ns);
  }
  scratch.lane.clear();
  add_stretches(lane, window, kAllCategories, {}, scratch.lane, scratch);
  return length_of(scratch.lane);
}

int64_t length_of(const Stretches& stretches) {
  int64_t length = 0;
  for (const Stretch& stretch : stretches) {
    length += stretch.end_ns - stretch.begin_ns;
  }
  return length;
}

int64_t length_outside(const Stretches& stretches, const Stretches& without) {
  int64_t length = 0;
  size_t k = 0;
  for (const Stretch& stretch : stretches) {
    int64_t at = stretch.begin_ns;
    while (k < without.size() && without[k].end_ns <= at) {
      ++k;
    }
    for (size_t i = k; i < without.size() && without[i].begin_ns < stretch.end_ns; ++i) {
      length += std::max<int64_t>(0, without[i].begin_ns - at);
      at = std::max(at, without[i].end_ns);
    }
    length += std::max<int64_t>(0, stretch.end_ns - at);
  }
  return length;
}

}  // namespace stepscope::viewer
