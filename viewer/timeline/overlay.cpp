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

// Marks with their number; a span also with its length.
void TimelinePainter::paint_marks() {
  const float pad = 4 * geo_.unit;
  for (size_t i = 0; i < state_.marks.size(); ++i) {
    const Mark& mark = state_.marks[i];
    if (!state_.shows(mark.side)) {
      continue;
    }
    const TimeRange range = state_.alignment.to_display(mark.side, mark.begin_ns, mark.end_ns);
    const float x0 = std::floor(x_of(range.begin_ns));
    const float x1 = std::floor(x_of(range.end_ns));
    std::string label = std::to_string(i + 1);
    if (mark.end_ns > mark.begin_ns) {
      label += "  " + format_duration(static_cast<double>(mark.end_ns - mark.begin_ns));
      out_.box({x0, geo_.lanes_y(), x1, geo_.bottom(), with_alpha(colors_.text, 18)});
      out_.line(x1, geo_.lanes_y(), x1, geo_.bottom(), colors_.text, 1);
    }
    out_.line(x0, geo_.lanes_y(), x0, geo_.bottom(), colors_.text, 1);
    const float y1 = geo_.bottom() - pad;
    const float y0 = y1 - out_.line_height() - pad;
    out_.box({x0, y0, x0 + out_.text_width(label) + 2 * pad, y1, colors_.text});
    out_.text(x0 + pad, y0 + pad / 2, geo_.right(), colors_.panel, label);
  }
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
  paint_marks();
  if (state_.hovered_gap && state_.hovered_gap != state_.gap) {
    paint_gap(*state_.hovered_gap, false);
  }
  if (state_.gap) {
    paint_gap(*state_.gap, true);
  }
  paint_flows();
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
