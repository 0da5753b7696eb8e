// SPDX-License-Identifier: Apache-2.0
//
// EventRow: events of one row of the timeline, ascending and not overlapping, in columns: 16 B per event
// (start 8, duration 4, name 4) plus a running sum of busy time every 16 events (0.5 B) and the time mip (<= 1.75 B).
// A lane with nested events has one row per depth (nesting.hpp). Durations of 2^32-1 ns (4.29 s) and more stand in a
// side table.
//
// Filled with append(), then sealed once; after that it is constant and may be read from several threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "viewer/model/category.hpp"
#include "viewer/model/time_mip.hpp"

namespace stepscope::viewer {

class EventRow {
 public:
  // For so many events in all; more room than is asked for when there are events already, so that many small steps stay cheap.
  void reserve(size_t events);
  // Precondition: start >= end of the event before it, duration >= 0.
  void append(int64_t start_ns, int64_t duration_ns, uint32_t name);
  // Builds the sums and the mip and gives surplus memory back. category_of[name] for every name appended. Ends early when
  // *cancelled (may be null) is set; the row is then good for nothing.
  void seal(std::span<const Category> category_of, const std::atomic<bool>* cancelled = nullptr);
  // A row without events that shows an overview until the events are there.
  [[nodiscard]] static EventRow preview(TimeMip mip);

  [[nodiscard]] size_t size() const { return start_.size(); }
  [[nodiscard]] bool is_preview() const { return start_.empty() && !mip_.empty(); }
  [[nodiscard]] int64_t start(size_t i) const { return start_[i]; }
  [[nodiscard]] int64_t duration(size_t i) const {
    return duration_[i] != kLong ? static_cast<int64_t>(duration_[i]) : long_duration(i);
  }
  [[nodiscard]] int64_t end(size_t i) const { return start_[i] + duration(i); }
  [[nodiscard]] uint32_t name(size_t i) const { return name_[i]; }
  [[nodiscard]] const TimeMip& mip() const { return mip_; }

  // First event with start >= t (size() if none), searched outwards from `hint`: O(log distance).
  [[nodiscard]] size_t first_starting_at(int64_t t, size_t hint = 0) const;
  // First event with end > t; zero-length events count as ending just after their start.
  [[nodiscard]] size_t first_ending_after(int64_t t, size_t hint = 0) const;
  // Sum of durations of events [0, i).
  [[nodiscard]] int64_t busy_before(size_t i) const;
  // Exact busy time inside [begin, end); the first event is searched outwards from `hint`.
  [[nodiscard]] int64_t busy(int64_t begin_ns, int64_t end_ns, size_t hint = 0) const;
  // The same of events [first, last), which are those that reach into [begin, end).
  [[nodiscard]] int64_t busy_of(size_t first, size_t last, int64_t begin_ns, int64_t end_ns) const;

  // Has events [first, last), cut to those there are, brought near the processor: for who will read them soon.
  void prefetch(size_t first, size_t last) const;

  [[nodiscard]] size_t resident_bytes() const;

 private:
  static constexpr uint32_t kLong = 0xFFFFFFFFU;
  static constexpr size_t kBlock = 16;
  [[nodiscard]] int64_t long_duration(size_t i) const;

  std::vector<int64_t> start_;
  std::vector<uint32_t> duration_;
  std::vector<uint32_t> name_;
  std::vector<std::pair<uint64_t, int64_t>> long_;  // (index, duration), ascending
  std::vector<int64_t> block_busy_;                 // busy time before block b
  TimeMip mip_;
};

}  // namespace stepscope::viewer
