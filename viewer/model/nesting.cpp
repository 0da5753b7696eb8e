// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/nesting.hpp"

#include <algorithm>
#include <limits>

namespace stepscope::viewer {
namespace {

bool before(const RawEvent& a, const RawEvent& b) {
  return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.duration_ns > b.duration_ns;
}

}  // namespace

NestedRows nest(std::vector<RawEvent>& events, std::span<const Category> category_of) {
  if (!std::is_sorted(events.begin(), events.end(), before)) {
    std::stable_sort(events.begin(), events.end(), before);
  }
  NestedRows result;
  std::vector<int64_t> free_from;
  std::vector<uint8_t> row_of(events.size());
  std::vector<size_t> counts;
  constexpr uint8_t kNoRow = std::numeric_limits<uint8_t>::max();
  for (size_t i = 0; i < events.size(); ++i) {
    const RawEvent& event = events[i];
    const auto at = std::find_if(free_from.begin(), free_from.end(),
                                 [&](int64_t free) { return free <= event.start_ns; });
    const auto row = static_cast<size_t>(at - free_from.begin());
    if (row == kMaxRows) {
      row_of[i] = kNoRow;
      ++result.too_deep;
      continue;
    }
    if (at == free_from.end()) {
      free_from.push_back(0);
      counts.push_back(0);
    }
    free_from[row] = event.start_ns + event.duration_ns;
    row_of[i] = static_cast<uint8_t>(row);
    ++counts[row];
  }
  result.rows.resize(counts.size());
  for (size_t row = 0; row < counts.size(); ++row) {
    result.rows[row].reserve(counts[row]);
  }
  for (size_t i = 0; i < events.size(); ++i) {
    if (row_of[i] != kNoRow) {
      result.rows[row_of[i]].append(events[i].start_ns, events[i].duration_ns, events[i].name);
    }
  }
  for (EventRow& row : result.rows) {
    row.seal(category_of);
  }
  return result;
}

}  // namespace stepscope::viewer
