// SPDX-License-Identifier: Apache-2.0
//
// The row under a pair of lanes: how much busier B is than A, pixel by pixel. Of lanes with nested events the busiest level
// counts, which is the outermost one unless events cross. Hot path: nothing is allocated once buffers have grown.
#include <algorithm>
#include <cmath>

#include "viewer/timeline/timeline_painter.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kDeltaShades = 8;  // of either colour: what the level of detail can tell apart, nearly

}  // namespace

void TimelinePainter::cover(Side side, const TrackItem& item) {
  const RunModel& run = *state_.run(side);
  const LaneModel& lane = run.lanes[state_.tracks.tracks[item.track].lane[index_of(side)]];
  const PixelMap& map = scratch_.maps.at(index_of(side));
  std::vector<float>& busiest = scratch_.cover.at(index_of(side));
  busiest.assign(map.columns(), 0);
  for (const EventRow& row : lane.rows) {
    scratch_.spans.clear();
    level_of_detail(row, map, run.category_of, scratch_.spans);
    if (scratch_.spans.empty()) {
      continue;
    }
    scratch_.row_cover.assign(map.columns(), 0);
    add_coverage(scratch_.spans, scratch_.row_cover);
    for (size_t p = 0; p < busiest.size(); ++p) {
      busiest[p] = std::max(busiest[p], scratch_.row_cover[p]);
    }
  }
}

// The spans of a lane's only row, which were just painted.
void TimelinePainter::keep_cover(const TrackItem& item) {
  std::vector<float>& busiest = scratch_.cover.at(index_of(item.side));
  busiest.assign(scratch_.maps.at(index_of(item.side)).columns(), 0);
  add_coverage(scratch_.spans, busiest);
  scratch_.covered.at(index_of(item.side)) = item.track + 1;
}

void TimelinePainter::paint_delta_lane(const TrackItem& item, float y) {
  for (const Side side : {Side::kA, Side::kB}) {
    if (scratch_.covered.at(index_of(side)) != item.track + 1) {
      cover(side, item);
    }
  }
  const std::vector<float>& a = scratch_.cover[0];
  const std::vector<float>& b = scratch_.cover[1];
  const bool faded =
      !state_.selects_track(item.track) || !state_.looks_at(Side::kA) || !state_.looks_at(Side::kB);
  const float y0 = std::floor(y + geo_.unit);
  const float y1 = std::max(std::floor(y + item.height - geo_.unit), y0 + 1);
  size_t first = 0;
  int shade = 0;  // of kDeltaShades
  const auto put = [&](size_t last) {
    if (shade != 0) {
      const double amount = static_cast<double>(shade) / double{kDeltaShades};
      const Color color = difference_on(colors_.panel, amount, state_.theme);
      scratch_.boxes.push_back({geo_.lanes_x() + static_cast<float>(first), y0,
                                geo_.lanes_x() + static_cast<float>(last), y1,
                                faded ? mix(colors_.panel, color, kFadedShare) : color});
    }
  };
  const size_t columns = std::min(a.size(), b.size());
  for (size_t p = 0; p < columns; ++p) {
    const float change = (std::min(b[p], 1.0F) - std::min(a[p], 1.0F)) * kDeltaShades;
    const int now = static_cast<int>(change < 0 ? change - 0.5F : change + 0.5F);
    if (now != shade) {
      put(p);
      first = p;
      shade = now;
    }
  }
  put(columns);
}

}  // namespace stepscope::viewer
