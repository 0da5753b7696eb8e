// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/event_row.hpp"

#include <algorithm>
#include <cassert>

namespace stepscope::viewer {

void EventRow::reserve(size_t events) {
  if (events > start_.capacity()) {
    const size_t room = start_.empty() ? events : std::max(events, start_.capacity() + start_.capacity() / 2);
    start_.reserve(room);
    duration_.reserve(room);
    name_.reserve(room);
  }
}

void EventRow::append(int64_t start_ns, int64_t duration_ns, uint32_t name) {
  assert(start_.empty() || start_ns >= end(size() - 1));
  if (duration_ns >= static_cast<int64_t>(kLong)) {
    long_.emplace_back(start_.size(), duration_ns);
    duration_.push_back(kLong);
  } else {
    duration_.push_back(static_cast<uint32_t>(duration_ns));
  }
  start_.push_back(start_ns);
  name_.push_back(name);
}

void EventRow::seal(std::span<const Category> category_of, const std::atomic<bool>* cancelled) {
  start_.shrink_to_fit();
  duration_.shrink_to_fit();
  name_.shrink_to_fit();
  long_.shrink_to_fit();
  block_busy_.clear();
  block_busy_.reserve(size() / kBlock + 1);
  int64_t busy = 0;
  for (size_t i = 0; i < size(); ++i) {
    if (i % kBlock == 0) {
      block_busy_.push_back(busy);
    }
    busy += duration(i);
  }
  if (size() >= TimeMip::kMinEvents) {
    TimeMipBuilder builder(start_.front(), end(size() - 1), size());
    constexpr size_t kLook = size_t{1} << 16U;
    for (size_t i = 0; i < size(); ++i) {
      if (i % kLook == 0 && cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
        return;
      }
      builder.add(start_[i], end(i), name_[i], category_of[name_[i]]);
    }
    mip_ = builder.finish();
  }
}

EventRow EventRow::preview(TimeMip mip) {
  EventRow row;
  row.mip_ = std::move(mip);
  return row;
}

int64_t EventRow::long_duration(size_t i) const {
  const auto at = std::lower_bound(long_.begin(), long_.end(), std::pair<uint64_t, int64_t>(i, 0));
  assert(at != long_.end() && at->first == i);
  return at->second;
}

size_t EventRow::first_starting_at(int64_t t, size_t hint) const {
  const size_t n = size();
  hint = std::min(hint, n);
  size_t low = 0;
  size_t high = n;
  if (hint < n && start_[hint] < t) {  // gallop up
    low = hint + 1;
    for (size_t step = 1; low + step < n; step *= 2) {
      if (start_[low + step] >= t) {
        high = low + step;
        break;
      }
    }
  } else {  // gallop down
    high = hint;
    for (size_t step = 1; step <= high; step *= 2) {
      if (start_[high - step] < t) {
        low = high - step + 1;
        break;
      }
    }
  }
  const auto begin = start_.begin();
  return static_cast<size_t>(std::lower_bound(begin + static_cast<std::ptrdiff_t>(low),
                                              begin + static_cast<std::ptrdiff_t>(high), t) -
                             begin);
}

size_t EventRow::first_ending_after(int64_t t, size_t hint) const {
  const size_t i = first_starting_at(t, hint);
  return i > 0 && end(i - 1) > t ? i - 1 : i;
}

int64_t EventRow::busy_before(size_t i) const {
  if (i == 0) {
    return 0;
  }
  // The block holding event i-1, so that i == size() needs no extra entry.
  const size_t block = (i - 1) / kBlock;
  int64_t busy = block_busy_[block];
  for (size_t k = block * kBlock; k < i; ++k) {
    busy += duration(k);
  }
  return busy;
}

int64_t EventRow::busy(int64_t begin_ns, int64_t end_ns, size_t hint) const {
  if (end_ns <= begin_ns) {
    return 0;
  }
  const size_t first = first_ending_after(begin_ns, hint);
  return busy_of(first, first_starting_at(end_ns, first), begin_ns, end_ns);
}

int64_t EventRow::busy_of(size_t first, size_t last, int64_t begin_ns, int64_t end_ns) const {
  if (first >= last) {
    return 0;
  }
  int64_t busy = busy_before(last) - busy_before(first);
  busy -= std::max<int64_t>(0, begin_ns - start(first));
  busy -= std::max<int64_t>(0, end(last - 1) - end_ns);
  return busy;
}

void EventRow::prefetch(size_t first, size_t last) const {
  constexpr size_t kLine = 64;
  last = std::min(last, size());
  const auto fetch = [&](const auto* column, size_t bytes_each) {
    for (size_t i = first; i < last; i += kLine / bytes_each) {
      __builtin_prefetch(column + i);
    }
  };
  fetch(start_.data(), sizeof(int64_t));
  fetch(duration_.data(), sizeof(uint32_t));
  fetch(name_.data(), sizeof(uint32_t));
}

size_t EventRow::resident_bytes() const {
  return start_.capacity() * sizeof(int64_t) + (duration_.capacity() + name_.capacity()) * sizeof(uint32_t) +
         long_.capacity() * sizeof(long_[0]) + block_busy_.capacity() * sizeof(int64_t) +
         mip_.resident_bytes();
}

}  // namespace stepscope::viewer
