// SPDX-License-Identifier: Apache-2.0
//
// LaneMerge: the events of one lane, over all its segments and kinds, in order of start.
//
// Segments are sorted inside but may overlap each other (a range is recorded when it ends). A segment is decoded when the
// merge reaches its first event, so memory holds only the segments that overlap the present moment.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "trace/kinds.hpp"

namespace stepscope::trace {

// One row of table `segment` without its blob.
struct SegmentEntry {
  int64_t id = 0;
  uint16_t kind = 0;
  uint32_t lane = 0;
  int64_t first_ns = 0;
  int64_t last_end_ns = 0;
  uint32_t rows = 0;
};

// start + duration, without overflow; a negative duration counts as none.
[[nodiscard]] inline int64_t end_of(int64_t start_ns, int64_t dur_ns) {
  int64_t end = 0;
  return dur_ns <= 0 ? start_ns : __builtin_add_overflow(start_ns, dur_ns, &end) ? INT64_MAX : end;
}

// Column index of a kind's name: its first text column; -1 when it has none.
[[nodiscard]] int name_column(const KindInfo& kind);

// The columns the merge needs, decoded.
struct MergeRows {
  std::vector<int64_t> start;
  std::vector<int64_t> dur;
  std::vector<int64_t> name;
};

// Calls visit(start_ns, end_ns, name) for each event of `segments`, ascending by start. `load` decodes a segment; false
// from it ends the merge with false.
[[nodiscard]] bool merge_lane(std::vector<SegmentEntry> segments,
                              const std::function<bool(const SegmentEntry&, MergeRows&)>& load,
                              const std::function<void(int64_t, int64_t, int64_t)>& visit);

}  // namespace stepscope::trace
