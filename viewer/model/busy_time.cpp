// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/busy_time.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

using CategoryMask = uint32_t;
static_assert(kCategoryCount <= 32);

constexpr CategoryMask mask_of(Category category) {
  return CategoryMask{1} << static_cast<unsigned>(category);
}
constexpr CategoryMask kComputing =
    mask_of(Category::kCompute) | mask_of(Category::kBackward) | mask_of(Category::kOptimizer);
constexpr CategoryMask kCommunicating = mask_of(Category::kCommunication);

// `next` starts at or after the start of the last stretch.
void extend(Stretches& stretches, Stretch next) {
  if (!stretches.empty() && next.begin_ns <= stretches.back().end_ns) {
    stretches.back().end_ns = std::max(stretches.back().end_ns, next.end_ns);
  } else if (next.end_ns > next.begin_ns) {
    stretches.push_back(next);
  }
}

}  // namespace

LaneReader::LaneReader(const LaneModel& lane, std::span<const Category> category_of)
    : lane_(&lane), category_of_(category_of), at_(lane.rows.size(), 0) {}

const LaneTimes& LaneReader::read(Stretch window) {
  lane_times_.busy_ns = 0;
  lane_times_.communicating.clear();
  lane_times_.computing.clear();
  if (lane_->rows.size() == 1) {
    std::swap(row_times_, lane_times_);
    read_row(0, window);
    std::swap(row_times_, lane_times_);
    return lane_times_;
  }
  busy_.clear();
  for (size_t row = 0; row < lane_->rows.size(); ++row) {
    row_times_.communicating.clear();
    row_times_.computing.clear();
    row_busy_.clear();
    read_row(row, window);
    unite(busy_, row_busy_, merged_);
    unite(lane_times_.communicating, row_times_.communicating, merged_);
    unite(lane_times_.computing, row_times_.computing, merged_);
  }
  lane_times_.busy_ns = length_outside(busy_, {});
  return lane_times_;
}

// Events of a row do not overlap, so that their lengths add up; the stretches are needed to unite rows only.
void LaneReader::read_row(size_t index, Stretch window) {
  const EventRow& row = lane_->rows[index];
  const bool alone = lane_->rows.size() == 1;
  size_t i = row.first_ending_after(window.begin_ns, at_[index]);
  for (; i < row.size() && row.start(i) < window.end_ns; ++i) {
    const Stretch stretch{std::max(row.start(i), window.begin_ns), std::min(row.end(i), window.end_ns)};
    if (alone) {
      row_times_.busy_ns += stretch.end_ns - stretch.begin_ns;
    } else {
      extend(row_busy_, stretch);
    }
    const CategoryMask mask = mask_of(category_of_[row.name(i)]);
    if ((mask & kComputing) != 0) {
      extend(row_times_.computing, stretch);
    } else if ((mask & kCommunicating) != 0) {
      extend(row_times_.communicating, stretch);
    }
  }
  at_[index] = i;
}

void unite(Stretches& into, const Stretches& more, Stretches& memory) {
  if (more.empty()) {
    return;
  }
  if (into.empty()) {
    into = more;
    return;
  }
  memory.clear();
  size_t i = 0;
  size_t k = 0;
  while (i < into.size() || k < more.size()) {
    const bool first = k == more.size() || (i < into.size() && into[i].begin_ns <= more[k].begin_ns);
    extend(memory, first ? into[i++] : more[k++]);
  }
  into.swap(memory);
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
