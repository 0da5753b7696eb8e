// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/busy_time.hpp"

#include <algorithm>
#include <array>

namespace stepscope::viewer {
namespace {

constexpr size_t kWindowParts = 256;
constexpr size_t kFewStretches = 24;  // std::sort is quicker

bool starts_before(const Stretch& x, const Stretch& y) {
  return x.begin_ns < y.begin_ns;
}

// A comparison of times from several lanes goes either way; a distribution over buckets of time does without most of them.
void sort_by_start(Stretches& stretches, Stretch window, Stretches& memory) {
  if (std::is_sorted(stretches.begin(), stretches.end(), starts_before)) {
    return;
  }
  if (stretches.size() <= kFewStretches) {
    return std::sort(stretches.begin(), stretches.end(), starts_before);
  }
  const double scale =
      static_cast<double>(kWindowParts) / static_cast<double>(window.end_ns - window.begin_ns + 1);
  const auto bucket_of = [&](const Stretch& stretch) {
    return static_cast<size_t>(static_cast<double>(stretch.begin_ns - window.begin_ns) * scale);
  };
  std::array<uint32_t, kWindowParts + 1> at{};
  for (const Stretch& stretch : stretches) {
    ++at[bucket_of(stretch) + 1];
  }
  for (size_t b = 0; b < kWindowParts; ++b) {
    at[b + 1] += at[b];
  }
  memory.resize(stretches.size());
  for (const Stretch& stretch : stretches) {
    memory[at[bucket_of(stretch)]++] = stretch;
  }
  // at[b] is now the end of bucket b. Buckets are in order; what is left to sort is inside of them, few in each as a rule.
  uint32_t from = 0;
  for (size_t b = 0; b < kWindowParts; ++b) {
    if (at[b] - from > kFewStretches) {
      std::sort(memory.begin() + from, memory.begin() + at[b], starts_before);
    }
    from = at[b];
  }
  for (size_t i = 1; i < memory.size(); ++i) {
    const Stretch moved = memory[i];
    size_t to = i;
    for (; to > 0 && starts_before(moved, memory[to - 1]); --to) {
      memory[to] = memory[to - 1];
    }
    memory[to] = moved;
  }
  stretches.swap(memory);
}

}  // namespace

std::vector<Doing> doing_of_names(std::span<const Category> category_of) {
  std::vector<Doing> doing;
  doing.reserve(category_of.size());
  for (const Category category : category_of) {
    const bool computes =
        category == Category::kCompute || category == Category::kBackward || category == Category::kOptimizer;
    doing.push_back(computes                               ? Doing::kComputing
                    : category == Category::kCommunication ? Doing::kCommunicating
                                                           : Doing::kOther);
  }
  return doing;
}

LaneReader::LaneReader(const LaneModel& lane, std::span<const Doing> doing)
    : lane_(&lane), doing_(doing), at_(lane.rows.size(), 0) {}

void LaneReader::read(Stretch window) {
  times_.busy_ns = 0;
  times_.communicating.clear();
  times_.computing.clear();
  busy_.clear();
  for (size_t row = 0; row < lane_->rows.size(); ++row) {
    read_row(row, window);
  }
  if (lane_->rows.size() > 1) {
    unite(busy_, window, memory_);
    unite(times_.communicating, window, memory_);
    unite(times_.computing, window, memory_);
    times_.busy_ns = length_outside(busy_, {});
  }
}

void LaneReader::read_row(size_t index, Stretch window) {
  const EventRow& row = lane_->rows[index];
  const size_t first = row.first_ending_after(window.begin_ns, at_[index]);
  const size_t last = row.first_starting_at(window.end_ns, first);
  at_[index] = last;
  if (first >= last) {
    return;
  }
  const auto clipped = [&](size_t i) {
    return Stretch{std::max(row.start(i), window.begin_ns), std::min(row.end(i), window.end_ns)};
  };
  if (lane_->rows.size() == 1) {
    times_.busy_ns = row.busy_of(first, last, window.begin_ns, window.end_ns);
  } else {
    for (size_t i = first; i < last; ++i) {
      busy_.push_back(clipped(i));
    }
  }
  // A step holds too few events of a row for the processor to foresee that the next step reads on where this one ends.
  row.prefetch(last, last + (last - first));
  // Which events are wanted is as good as random: they are picked without a branch.
  some_.resize(last - first);
  for (const Doing wanted : {Doing::kComputing, Doing::kCommunicating}) {
    size_t count = 0;
    for (size_t i = first; i < last; ++i) {
      some_[count] = static_cast<uint32_t>(i);
      count += doing_[row.name(i)] == wanted ? 1U : 0U;
    }
    Stretches& out = wanted == Doing::kComputing ? times_.computing : times_.communicating;
    for (size_t k = 0; k < count; ++k) {
      const Stretch stretch = clipped(some_[k]);
      if (stretch.end_ns > stretch.begin_ns) {
        out.push_back(stretch);
      }
    }
  }
}

void unite(Stretches& stretches, Stretch window, Stretches& memory) {
  sort_by_start(stretches, window, memory);
  size_t count = 0;
  for (const Stretch& next : stretches) {
    if (count > 0 && next.begin_ns <= stretches[count - 1].end_ns) {
      stretches[count - 1].end_ns = std::max(stretches[count - 1].end_ns, next.end_ns);
    } else if (next.end_ns > next.begin_ns) {
      stretches[count++] = next;
    }
  }
  stretches.resize(count);
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
