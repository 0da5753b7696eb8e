// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/time_mip.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace stepscope::viewer {
namespace {

constexpr size_t kEventsPerBucket = 8;
constexpr unsigned kMaxShift = 61;

uint16_t quantise(int64_t busy_ns, int64_t bucket_ns, bool touched) {
  const double fraction = static_cast<double>(busy_ns) / static_cast<double>(bucket_ns);
  const auto value = static_cast<uint32_t>(std::lround(std::min(fraction, 1.0) * 65535.0));
  return static_cast<uint16_t>(std::max<uint32_t>(value, touched ? 1 : 0));
}

}  // namespace

MipCell TimeMip::read(int64_t begin_ns, int64_t end_ns) const {
  MipCell cell;
  const int64_t last_ns = origin_ns_ + (static_cast<int64_t>(levels_.front().busy.size()) << base_shift_);
  const int64_t low = std::max(begin_ns, origin_ns_);
  const int64_t high = std::min(end_ns, last_ns);
  if (high <= low) {
    cell.begin_ns = begin_ns;
    cell.end_ns = end_ns;
    return cell;
  }
  const auto width = static_cast<uint64_t>(end_ns - begin_ns);
  const auto wanted = static_cast<unsigned>(std::bit_width(width) - 1);
  const size_t level = wanted <= base_shift_ ? 0 : std::min<size_t>(wanted - base_shift_, levels_.size() - 1);
  const unsigned shift = base_shift_ + static_cast<unsigned>(level);
  const Level& data = levels_[level];
  const auto first = static_cast<size_t>((low - origin_ns_) >> shift);
  const size_t last = std::min(static_cast<size_t>((high - 1 - origin_ns_) >> shift), data.busy.size() - 1);
  uint32_t sum = 0;
  uint32_t best = 0;
  for (size_t b = first; b <= last; ++b) {
    const uint32_t busy = data.busy[b];
    sum += busy;
    if (busy > best) {
      best = busy;
      cell.category = static_cast<Category>(data.category[b]);
      cell.name = data.name[b];
    }
  }
  cell.begin_ns = origin_ns_ + (static_cast<int64_t>(first) << shift);
  cell.end_ns = origin_ns_ + (static_cast<int64_t>(last + 1) << shift);
  cell.busy = static_cast<double>(sum) / (65535.0 * static_cast<double>(last - first + 1));
  return cell;
}

size_t TimeMip::resident_bytes() const {
  size_t bytes = levels_.capacity() * sizeof(Level);
  for (const Level& level : levels_) {
    bytes += level.busy.capacity() * sizeof(uint16_t) + level.category.capacity() +
             level.name.capacity() * sizeof(uint32_t);
  }
  return bytes;
}

TimeMip TimeMip::from_overview(int64_t origin_ns, int64_t bucket_ns, std::span<const uint16_t> busy,
                               std::span<const uint32_t> leading, std::span<const Category> category_of) {
  const size_t count = std::min(busy.size(), leading.size());
  if (count == 0 || bucket_ns <= 0) {
    return {};
  }
  const int64_t end_ns = origin_ns + bucket_ns * static_cast<int64_t>(count);
  TimeMipBuilder builder(origin_ns, end_ns, count * kEventsPerBucket);
  for (size_t b = 0; b < count; ++b) {
    if (busy[b] != 0) {
      const int64_t begin = origin_ns + static_cast<int64_t>(b) * bucket_ns;
      const auto length = static_cast<int64_t>(static_cast<double>(bucket_ns) * busy[b] / 65535.0);
      const Category category = leading[b] < category_of.size() ? category_of[leading[b]] : Category::kOther;
      builder.add(begin, begin + length, leading[b], category);
    }
  }
  return builder.finish();
}

void TimeMipBuilder::Tally::add_name(uint32_t name, int64_t ns) {
  NameShare* least = top.data();
  for (NameShare& share : top) {
    if (share.ns != 0 && share.name == name) {
      share.ns += ns;
      return;
    }
    if (share.ns < least->ns) {
      least = &share;
    }
  }
  if (ns > least->ns) {
    *least = {name, ns};
  }
}

void TimeMipBuilder::Tally::merge(const Tally& other) {
  for (size_t c = 0; c < category_ns.size(); ++c) {
    category_ns[c] += other.category_ns[c];
  }
  for (const NameShare& share : other.top) {
    if (share.ns != 0) {
      add_name(share.name, share.ns);
    }
  }
  busy_ns += other.busy_ns;
  touched = touched || other.touched;
}

TimeMipBuilder::TimeMipBuilder(int64_t begin_ns, int64_t end_ns, size_t events) {
  const auto span = static_cast<uint64_t>(std::max<int64_t>(1, end_ns - begin_ns));
  const uint64_t wanted = std::max<size_t>(1, events / kEventsPerBucket);
  const uint64_t width = std::max<uint64_t>(1, (span + wanted - 1) / wanted);
  mip_.base_shift_ = std::min(kMaxShift, static_cast<unsigned>(std::bit_width(width - 1)));
  mip_.origin_ns_ = begin_ns;
  buckets_ = (span + (uint64_t{1} << mip_.base_shift_) - 1) >> mip_.base_shift_;
  for (size_t count = buckets_;; count = (count + 1) / 2) {
    TimeMip::Level level;
    level.busy.reserve(count);
    level.category.reserve(count);
    level.name.reserve(count);
    mip_.levels_.push_back(std::move(level));
    if (count == 1) {
      break;
    }
  }
  tallies_.resize(mip_.levels_.size());
}

void TimeMipBuilder::put(size_t bucket, int64_t ns, uint32_t name, Category category) {
  close_until(bucket);
  Tally& tally = tallies_[0];
  tally.touched = true;
  tally.busy_ns += ns;
  tally.category_ns[static_cast<size_t>(category)] += std::max<int64_t>(ns, 1);
  tally.add_name(name, std::max<int64_t>(ns, 1));
}

void TimeMipBuilder::add(int64_t start_ns, int64_t end_ns, uint32_t name, Category category) {
  const unsigned shift = mip_.base_shift_;
  const int64_t origin = mip_.origin_ns_;
  auto bucket = std::min(static_cast<size_t>((start_ns - origin) >> shift), buckets_ - 1);
  int64_t at = start_ns;
  do {
    const int64_t bucket_end = origin + (static_cast<int64_t>(bucket + 1) << shift);
    const int64_t until = bucket + 1 == buckets_ ? end_ns : std::min(end_ns, bucket_end);
    put(bucket, until - at, name, category);
    at = until;
    ++bucket;
  } while (at < end_ns);
}

// Stores the finished bucket of `level` and carries it into the level above.
void TimeMipBuilder::close(size_t level) {
  Tally& tally = tallies_[level];
  TimeMip::Level& data = mip_.levels_[level];
  const int64_t bucket_ns = int64_t{1} << (mip_.base_shift_ + level);
  data.busy.push_back(quantise(tally.busy_ns, bucket_ns, tally.touched));
  if (!tally.touched) {
    data.category.push_back(0);
    data.name.push_back(0);
  } else {
    const auto longest = std::max_element(tally.category_ns.begin(), tally.category_ns.end());
    const auto leading = std::max_element(tally.top.begin(), tally.top.end(),
                                          [](const NameShare& a, const NameShare& b) { return a.ns < b.ns; });
    data.category.push_back(static_cast<uint8_t>(longest - tally.category_ns.begin()));
    data.name.push_back(leading->name);
    if (level + 1 < tallies_.size()) {
      tallies_[level + 1].merge(tally);
    }
    tally = Tally();
  }
  if (level + 1 < tallies_.size() && data.busy.size() % 2 == 0) {
    close(level + 1);
  }
}

void TimeMipBuilder::close_until(size_t bucket) {
  for (; current_ < bucket; ++current_) {
    close(0);
  }
}

TimeMip TimeMipBuilder::finish() {
  close_until(buckets_);
  // Levels whose last bucket has only one child are still open; finest first, so that each carries upwards.
  for (size_t level = 1; level < tallies_.size(); ++level) {
    const size_t expected = (mip_.levels_[level - 1].busy.size() + 1) / 2;
    if (mip_.levels_[level].busy.size() < expected) {
      close(level);
    }
  }
  return std::move(mip_);
}

}  // namespace stepscope::viewer
