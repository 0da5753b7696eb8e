// SPDX-License-Identifier: Apache-2.0
//
// What lies over the lanes: hover and selection outlines, the selected area, the line under the pointer.
#include <algorithm>
#include <cmath>

#include "viewer/model/format.hpp"
#include "viewer/timeline/timeline_painter.hpp"

namespace stepscope::viewer {

std::optional<Box> TimelinePainter::box_of(const EventRef& ref) const {
  const TrackLayout& layout = state_.layout;
  for (const TrackItem& item : layout.items) {
    if (item.kind != TrackItem::Kind::kLane || item.side != ref.side ||
        state_.tracks.tracks[item.track].lane[index_of(ref.side)] != ref.lane || ref.row >= item.rows) {
      continue;
    }
    const TimeRange range = state_.display_of(ref);
    const float y = geo_.lanes_y() - state_.scroll_y + item.y +
                    static_cast<float>(ref.row) * (layout.row_height + layout.row_gap);
    const float x0 = std::max(x_of(range.begin_ns), geo_.lanes_x() - 2);
    const float x1 = std::min(std::max(x_of(range.end_ns), x0 + 2), geo_.right() + 2);
    if (x1 < geo_.lanes_x() || x0 > geo_.right()) {
      return std::nullopt;
    }
    return Box{x0, y, x1, y + layout.row_height, colors_.selection};
  }
  return std::nullopt;
}

void TimelinePainter::paint_overlay(float pointer_x, const std::optional<TimeRange>& dragging) {
  out_.push_clip(geo_.lanes_x(), geo_.lanes_y(), geo_.right(), geo_.bottom());
  const std::optional<TimeRange> area = dragging ? dragging
                                        : state_.selection.area
                                            ? std::optional<TimeRange>(state_.selection.area->display)
                                            : std::nullopt;
  if (area) {
    const float x0 = x_of(std::min(area->begin_ns, area->end_ns));
    const float x1 = x_of(std::max(area->begin_ns, area->end_ns));
    out_.box({x0, geo_.lanes_y(), x1, geo_.bottom(), with_alpha(colors_.accent, 46)});
    out_.line(std::floor(x0), geo_.lanes_y(), std::floor(x0), geo_.bottom(), colors_.accent, 1);
    out_.line(std::floor(x1), geo_.lanes_y(), std::floor(x1), geo_.bottom(), colors_.accent, 1);
    const std::string length = format_duration(std::abs(area->length()));
    const float pad = 5 * geo_.unit;
    const float width = out_.text_width(length) + 2 * pad;
    const float x =
        std::clamp((x0 + x1 - width) / 2, geo_.lanes_x(), std::max(geo_.lanes_x(), geo_.right() - width));
    out_.box({x, geo_.lanes_y(), x + width, geo_.lanes_y() + out_.line_height() + pad, colors_.accent});
    out_.text(x + pad, geo_.lanes_y() + pad / 2, x + width, text_on(colors_.accent), length);
  }
  if (state_.hovered && state_.hovered != state_.selection.event) {
    if (auto box = box_of(*state_.hovered)) {
      box->color = with_alpha(colors_.hover, 190);
      out_.outline(*box, 1);
    }
  }
  if (state_.selection.event) {
    if (auto box = box_of(*state_.selection.event)) {
      const float grow = 1;
      out_.outline({box->x0 - grow, box->y0 - grow, box->x1 + grow, box->y1 + grow, colors_.selection},
                   2 * geo_.unit);
    }
  }
  if (pointer_x > geo_.lanes_x() && pointer_x < geo_.right()) {
    out_.line(pointer_x, geo_.lanes_y(), pointer_x, geo_.bottom(), with_alpha(colors_.cursor, 90), 1);
  }
  out_.pop_clip();
}

}  // namespace stepscope::viewer
