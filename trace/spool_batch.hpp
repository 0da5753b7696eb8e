// SPDX-License-Identifier: Apache-2.0
//
// Batch: a run of ring records, turned from rows of mixed kinds into columns per kind and lane.
//
// Both sides use it: the drain thread before it encodes a frame, the reader for what was left in a ring. The words
// may be anything: a record that cannot be ends the batch with `damaged`. Fixed size (~300 KiB), no allocation,
// freestanding, one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trace/spool_format.hpp"

namespace stepscope::trace::spool {

// Records of equal shape. Column c is at columns + c * rows.
struct BatchGroup {
  RecordHeader shape;
  uint32_t rows;
  int64_t* columns;
  int64_t first_ns;  // least start and greatest end; 0 when there is no column
  int64_t last_ns;
};

class Batch {
 public:
  static constexpr size_t kMaxWords = 32768;
  static constexpr size_t kMaxRows = kMaxWords / 2;
  static constexpr size_t kMaxGroups = 64;

  // Takes whole records from ring positions [begin, end) until one does not fit. Word p is words[p & mask].
  void collect(const int64_t* words, uint64_t mask, uint64_t begin, uint64_t end) noexcept;

  [[nodiscard]] size_t group_count() const noexcept { return group_count_; }
  [[nodiscard]] const BatchGroup& group(size_t i) const noexcept { return groups_[i]; }
  [[nodiscard]] uint64_t begin() const noexcept { return begin_; }
  [[nodiscard]] uint64_t end() const noexcept { return end_; }  // position after the last record taken
  [[nodiscard]] uint32_t events() const noexcept { return events_; }
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }

 private:
  [[nodiscard]] size_t find_group(RecordHeader shape) noexcept;
  void scatter(const int64_t* words, uint64_t mask) noexcept;

  uint64_t begin_;
  uint64_t end_;
  size_t group_count_;
  uint32_t events_;
  bool damaged_;
  BatchGroup groups_[kMaxGroups];
  uint8_t group_of_[kMaxRows];
  int64_t values_[kMaxWords];
};

}  // namespace stepscope::trace::spool
