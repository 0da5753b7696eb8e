// SPDX-License-Identifier: Apache-2.0
//
// Roll-up of one lane: how busy it was and with what, per time bucket, at several zoom levels.
//
// Busy is the union of the intervals: nested or overlapping events count once. Leading is the name with most exclusive
// time in the bucket; where events overlap, an instant belongs to the one that started last, which for nested ranges is
// the innermost. Buckets are powers of two wide and aligned to multiples of their width, so that levels nest and lanes
// and recordings can be laid over each other.
//
// Method: one sweep in order of start with a stack of open intervals, O(events + buckets). One lane, one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "trace/recording.hpp"

namespace stepscope::trace {

class OverviewSweep {
 public:
  // Extent and number of the lane's events; they decide the width of the buckets.
  OverviewSweep(int64_t first_ns, int64_t last_end_ns, uint64_t events);

  // Ascending by start_ns, all within the extent.
  void add(int64_t start_ns, int64_t end_ns, uint32_t name);

  // The levels, finest first; none when the extent is empty or not a time span a process can have. Call once.
  [[nodiscard]] std::vector<OverviewLevel> finish();

 private:
  struct Open {
    int64_t end_ns;
    uint32_t name;
  };
  struct Level {
    OverviewLevel result;
    size_t current = 0;
    uint64_t busy_ns = 0;
    std::vector<uint64_t> name_ns;  // by name; only `names` are not 0
    std::vector<uint32_t> names;
  };

  void advance_to(int64_t time_ns);
  static void attribute(Level& level, uint64_t begin, uint64_t end, uint32_t name);
  static void close_bucket(Level& level);

  int64_t now_ns_;
  std::vector<Open> open_;
  std::vector<Level> levels_;
};

}  // namespace stepscope::trace
