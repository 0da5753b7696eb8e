// SPDX-License-Identifier: Apache-2.0
//
// What hangs together, over the lanes: arrows between the selected event and its counterparts, and gaps with their cause.
#include <algorithm>
#include <cmath>

#include "viewer/model/format.hpp"
#include "viewer/timeline/timeline_painter.hpp"

namespace stepscope::viewer {

// The vertical extent on screen of a row of a lane, if the lane is laid out.
std::optional<TimelinePainter::Extent> TimelinePainter::extent_of(Side side, uint32_t lane,
                                                                  size_t row) const {
  const TrackLayout& layout = state_.layout;
  for (const TrackItem& item : layout.items) {
    if (item.kind == TrackItem::Kind::kLane && item.side == side && row < item.rows &&
        state_.tracks.tracks[item.track].lane[index_of(side)] == lane) {
      const float y = geo_.lanes_y() - state_.scroll_y + item.y +
                      static_cast<float>(row) * (layout.row_height + layout.row_gap);
      return Extent{y, y + layout.row_height};
    }
  }
  return std::nullopt;
}

// From where the earlier event ends, or starts when the later one does not wait for its end, to where the later one starts. A
// rank that came last points at the others at the moment it came.
void TimelinePainter::paint_flows() {
  if (!state_.selection.event) {
    return;
  }
  const EventRef selected = *state_.selection.event;
  for (const Flow& flow : state_.flows) {
    const EventRef& from = flow.later ? selected : flow.event;
    const EventRef& to = flow.later ? flow.event : selected;
    const auto from_y = extent_of(from.side, from.lane, from.row);
    const auto to_y = extent_of(to.side, to.lane, to.row);
    if (!from_y || !to_y) {
      continue;
    }
    const TimeRange source = state_.display_of(from);
    const TimeRange target = state_.display_of(to);
    const bool meets = flow.kind == FlowKind::kLateRank;
    const float x0 = x_of(meets || source.end_ns > target.begin_ns ? source.begin_ns : source.end_ns);
    const float x1 = meets ? x0 : x_of(target.begin_ns);
    const bool down = to_y->y0 > from_y->y0;
    const float y0 = down ? from_y->y1 : from_y->y0;
    const float y1 = down ? to_y->y0 : to_y->y1;
    out_.line(std::floor(x0), y0, std::floor(x1), y1, colors_.panel, 4 * geo_.unit);
    out_.line(std::floor(x0), y0, std::floor(x1), y1, colors_.selection, 1.5F * geo_.unit);
    out_.triangle(std::floor(x1), down ? y1 - 5 * geo_.unit : y1 + 5 * geo_.unit, 5 * geo_.unit, !down,
                  colors_.selection);
  }
}

void TimelinePainter::paint_gap(const GapRef& gap, bool selected) {
  const auto extent = extent_of(gap.side, gap.lane, 0);
  if (!extent) {
    return;
  }
  const TimeRange range = state_.alignment.to_display(gap.side, gap.begin_ns, gap.end_ns);
  const float x0 = std::max(x_of(range.begin_ns), geo_.lanes_x());
  const float x1 = std::min(x_of(range.end_ns), geo_.right());
  if (x1 <= x0) {
    return;
  }
  out_.box({x0, extent->y0, x1, extent->y1, with_alpha(colors_.neutral, selected ? 120 : 60)});
  out_.outline(
      {x0, extent->y0, x1, extent->y1, selected ? colors_.selection : with_alpha(colors_.hover, 150)},
      selected ? 2 * geo_.unit : 1);
  if (!selected) {
    return;
  }
  std::string label = "idle " + format_duration(static_cast<double>(gap.end_ns - gap.begin_ns));
  for (const auto& [leaf, ns] : state_.gap_causes) {
    label += "  ·  " + leaf + " " + format_duration(static_cast<double>(ns));
  }
  if (state_.gap_pending()) {
    label += "  ·  ...";
  }
  // Inside where there is room, else below on a ground of its own.
  const float pad = 5 * geo_.unit;
  const float width = out_.text_width(label) + 2 * pad;
  const bool inside = width <= x1 - x0;
  const float left =
      inside ? x0 : std::clamp(x0, geo_.lanes_x(), std::max(geo_.lanes_x(), geo_.right() - width));
  const float y = inside ? extent->y0 : extent->y1 + 2;
  const float drop = (extent->y1 - extent->y0 - out_.line_height()) / 2;
  if (!inside) {
    out_.box({left, y, left + width, y + extent->y1 - extent->y0, colors_.header});
  }
  out_.text(left + pad, y + drop, left + width, colors_.text, label);
}

}  // namespace stepscope::viewer
