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

void Nester::add(std::span<RawEvent> events) {
  if (!std::is_sorted(events.begin(), events.end(), before)) {
    std::stable_sort(events.begin(), events.end(), before);
  }
  constexpr uint8_t kNoRow = std::numeric_limits<uint8_t>::max();
  row_of_.resize(events.size());
  counts_.assign(free_from_.size(), 0);
  for (size_t i = 0; i < events.size(); ++i) {
    const RawEvent& event = events[i];
    const auto at = std::find_if(free_from_.begin(), free_from_.end(),
                                 [&](int64_t free) { return free <= event.start_ns; });
    const auto row = static_cast<size_t>(at - free_from_.begin());
    if (row == kMaxRows) {
      row_of_[i] = kNoRow;
      ++result_.too_deep;
      continue;
    }
    if (at == free_from_.end()) {
      free_from_.push_back(0);
      counts_.push_back(0);
    }
    free_from_[row] = event.start_ns + event.duration_ns;
    row_of_[i] = static_cast<uint8_t>(row);
    ++counts_[row];
  }
  // What a row needs is known before it gets anything: of a lane in one piece no row has room to spare.
  result_.rows.resize(counts_.size());
  for (size_t row = 0; row < counts_.size(); ++row) {
    result_.rows[row].reserve(result_.rows[row].size() + counts_[row]);
  }
  for (size_t i = 0; i < events.size(); ++i) {
    if (row_of_[i] != kNoRow) {
      result_.rows[row_of_[i]].append(events[i].start_ns, events[i].duration_ns, events[i].name);
    }
  }
}

NestedRows Nester::finish(std::span<const Category> category_of, const std::atomic<bool>* cancelled) {
  for (EventRow& row : result_.rows) {
    row.seal(category_of, cancelled);
  }
  return std::move(result_);
}

NestedRows nest(std::vector<RawEvent>& events, std::span<const Category> category_of) {
  Nester nester;
  nester.add(events);
  return nester.finish(category_of, nullptr);
}

}  // namespace stepscope::viewer
