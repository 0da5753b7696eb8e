// SPDX-License-Identifier: Apache-2.0
//
// TimeMip: level of detail of one row. Level l has buckets of base * 2^l ns; a bucket holds the busy fraction (16
// bit), the category with most time (exact at every level) and a leading name (8 + 32 bit): 7 B. The base bucket is the
// smallest power of two that holds at least 8 events on average, so that all levels together cost <= 1.75 B per event.
//
// What a read promises: it covers the interval asked for (snapped outwards to buckets), its busy fraction is
// that of the snapped interval to 1/65535, and a bucket touched by any event is never empty.
// Constant once built. The names above the base level come from merged lists of the four longest: indicative.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "viewer/model/category.hpp"

namespace stepscope::viewer {

struct MipCell {
  double busy = 0;  // 0..1 of [begin_ns, end_ns)
  Category category = Category::kOther;
  uint32_t name = 0;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
};

class TimeMip {
 public:
  static constexpr size_t kMinEvents = 64;  // fewer are drawn one by one at any zoom

  [[nodiscard]] bool empty() const { return levels_.empty(); }
  [[nodiscard]] int64_t base_bucket_ns() const { return int64_t{1} << base_shift_; }
  [[nodiscard]] int64_t origin_ns() const { return origin_ns_; }
  [[nodiscard]] size_t level_count() const { return levels_.size(); }
  [[nodiscard]] size_t bucket_count(size_t level) const { return levels_[level].busy.size(); }

  // The interval [begin, end) from the coarsest level whose buckets are not longer than it: 1 to 3 buckets.
  // No allocation, constant time.
  [[nodiscard]] MipCell read(int64_t begin_ns, int64_t end_ns) const;

  [[nodiscard]] size_t resident_bytes() const;

  // From an overview stored with a recording (one level; coarser ones are derived). `bucket_ns` of any size is
  // resampled to powers of two, so busy fractions are indicative.
  [[nodiscard]] static TimeMip from_overview(int64_t origin_ns, int64_t bucket_ns,
                                             std::span<const uint16_t> busy,
                                             std::span<const uint32_t> leading,
                                             std::span<const Category> category_of);

 private:
  friend class TimeMipBuilder;
  struct Level {
    std::vector<uint16_t> busy;
    std::vector<uint8_t> category;
    std::vector<uint32_t> name;
  };
  int64_t origin_ns_ = 0;
  unsigned base_shift_ = 0;
  std::vector<Level> levels_;
};

// Builds a mip in one pass over ascending, non-overlapping events: finished buckets are carried into the coarser
// level like digits of a binary counter, so the working memory is one tally per level.
class TimeMipBuilder {
 public:
  TimeMipBuilder(int64_t begin_ns, int64_t end_ns, size_t events);
  void add(int64_t start_ns, int64_t end_ns, uint32_t name, Category category);
  [[nodiscard]] TimeMip finish();

 private:
  struct NameShare {
    uint32_t name = 0;
    int64_t ns = 0;
  };
  struct Tally {
    std::array<int64_t, kCategoryCount> category_ns{};
    std::array<NameShare, 4> top{};
    int64_t busy_ns = 0;
    bool touched = false;
    void add_name(uint32_t name, int64_t ns);
    void merge(const Tally& other);
  };
  void put(size_t bucket, int64_t ns, uint32_t name, Category category);
  void close(size_t level);
  void close_until(size_t bucket);

  TimeMip mip_;
  size_t buckets_ = 0;  // of the base level
  size_t current_ = 0;  // base bucket being filled
  std::vector<Tally> tallies_;
};

}  // namespace stepscope::viewer
