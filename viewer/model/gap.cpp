// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/gap.hpp"

#include <algorithm>
#include <limits>

namespace stepscope::viewer {

std::optional<GapRef> gap_at(const RunModel& run, Side side, uint32_t lane, int64_t t) {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  int64_t begin = std::numeric_limits<int64_t>::min();
  int64_t end = kNever;
  for (const EventRow& row : run.lanes[lane].rows) {
    const size_t next = row.first_ending_after(t);
    if (next < row.size()) {
      end = std::min(end, row.start(next));
    }
    if (next > 0) {
      begin = std::max(begin, row.end(next - 1));
    }
  }
  if (begin > t || end == kNever || end <= t || begin == std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return GapRef{side, lane, begin, end};
}

}  // namespace stepscope::viewer
