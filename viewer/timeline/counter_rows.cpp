// SPDX-License-Identifier: Apache-2.0
#include "viewer/timeline/counter_rows.hpp"

#include <algorithm>
#include <cmath>

#include "viewer/model/format.hpp"
#include "viewer/timeline/fitted_text.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kHeader = 20;
constexpr float kRow = 34;
constexpr float kMostShare = 0.34F;    // of the timeline
constexpr float kLeastTimeline = 220;  // lower ones keep their lanes

Color line_color(const AppState& state, Side side) {
  return state.two_runs() && side == Side::kA ? state.colors().run_a : state.colors().run_b;
}

void paint_ground(Painter& out, const AppState& state, const TimelineGeometry& geo, float y0, float y1) {
  const Palette& colors = state.colors();
  const auto slots = state.alignment.slots();
  const TimeRange seen = state.view.visible();
  const auto x_of = [&](double display) {
    return std::floor(geo.lanes_x() + static_cast<float>(state.view.to_pixel(display)));
  };
  const auto first = std::partition_point(
      slots.begin(), slots.end(), [&](const StepSlot& slot) { return slot.display.end_ns <= seen.begin_ns; });
  const auto last = std::partition_point(
      first, slots.end(), [&](const StepSlot& slot) { return slot.display.begin_ns < seen.end_ns; });
  if (static_cast<float>(last - first) * 8 <= geo.lanes_width()) {
    for (auto slot = first; slot != last; ++slot) {
      out.line(x_of(slot->display.begin_ns), y0, x_of(slot->display.begin_ns), y1, colors.grid_strong, 1);
    }
  }
  if (state.selection.area) {
    out.box({x_of(state.selection.area->display.begin_ns), y0, x_of(state.selection.area->display.end_ns), y1,
             with_alpha(colors.accent, 46)});
  }
}

void paint_header(Painter& out, const AppState& state, const TimelineGeometry& geo, const CounterRoom& room,
                  size_t rows) {
  const Palette& colors = state.colors();
  const float y = geo.bottom();
  out.box({geo.x, y, geo.right(), y + room.header, colors.header});
  out.box({geo.x, y, geo.right(), y + 1, colors.border});
  const bool folded = state.panes.counters < 0.5F;
  const float middle = std::floor(y + room.header / 2);
  const float size = 4 * geo.unit;
  out.triangle(geo.x + 12 * geo.unit, middle + (folded ? size / 2 : -size / 2), size, folded,
               colors.text_dim);
  const float text_y = std::floor(y + (room.header - out.line_height()) / 2);
  const float x = geo.x + 24 * geo.unit;
  const std::string title = "counters";
  out.text(x, text_y, geo.right(), colors.text, title);
  const std::string more = folded      ? "clocks, power, memory, pressure"
                           : rows == 0 ? "none tells the runs apart; choose rows in the tab Counters"
                           : rows > room.rows
                               ? format_count(rows - room.rows) + " more in a higher timeline"
                               : "mean, or the value at the pointer; choose rows in the tab Counters";
  out.text(x + out.text_width(title) + 14 * geo.unit, text_y, geo.right() - 8, colors.text_faint, more);
}

}  // namespace

CounterRoom counter_room(size_t rows, bool unfolded, float timeline_height, float unit) {
  CounterRoom room;
  if (timeline_height < kLeastTimeline * unit) {
    return room;
  }
  room.header = std::floor(kHeader * unit);
  room.row = std::floor(kRow * unit);
  const float most = std::max(0.0F, timeline_height * kMostShare - room.header);
  room.rows = unfolded ? std::min(rows, static_cast<size_t>(most / room.row)) : 0;
  return room;
}

void paint_counter_lines(Painter& out, const AppState& state, const CounterPair& pair,
                         const std::array<PixelMap, 2>& maps, const Box& plot, CounterScratch& scratch) {
  const CounterScale scale = counter_scale(pair);
  const float most = plot.y1 - plot.y0 - 1;
  const auto y_of = [&](double value) {
    return std::floor(plot.y1 - 1 - static_cast<float>(scale.share(value)) * most);
  };
  for (const Side side : {Side::kA, Side::kB}) {
    const CounterLine* line = pair.line[index_of(side)];
    if (line == nullptr || !state.looks_at(side)) {
      continue;
    }
    const Color color = line_color(state, side);
    counter_columns(line->series, maps.at(index_of(side)), scratch.columns);
    scratch.boxes.clear();
    std::optional<CounterColumn> before;
    for (const CounterColumn& column : scratch.columns) {
      double low = column.low;
      double high = column.high;
      if (before && before->column + 1 == column.column) {  // joined with the column before
        low = std::min(low, before->last);
        high = std::max(high, before->last);
      }
      before = column;
      const float x = plot.x0 + static_cast<float>(column.column);
      const float y0 = y_of(high);
      const float y1 = y_of(low) + 2;
      if (!scratch.boxes.empty() && scratch.boxes.back().x1 == x && scratch.boxes.back().y0 == y0 &&
          scratch.boxes.back().y1 == y1) {
        scratch.boxes.back().x1 = x + 1;
      } else {
        scratch.boxes.push_back({x, y0, x + 1, y1, color});
      }
    }
    out.boxes(scratch.boxes);
  }
}

void paint_counter_values(Painter& out, const AppState& state, const CounterPair& pair,
                          const std::optional<double>& display, float x, float x1, float y) {
  const bool both = pair.line[0] != nullptr && pair.line[1] != nullptr;
  for (const Side side : {Side::kA, Side::kB}) {
    const CounterLine* line = pair.line[index_of(side)];
    if (line == nullptr) {
      continue;
    }
    const auto value = display ? line->series.at(state.alignment.to_time(side, *display))
                               : std::optional<double>(line->mean);
    // The unit stands once where it is the same, which it need not be of bytes.
    const std::string& unit = line->meaning.unit;
    const bool with_unit = !both || side == Side::kB || unit.starts_with("bytes");
    const std::string text = std::string(!state.two_runs()  ? ""
                                         : side == Side::kA ? "A "
                                                            : "B ") +
                             (value ? counter_text(*value, with_unit ? unit : "") : "-");
    const Color color = state.two_runs() ? line_color(state, side) : state.colors().text_dim;
    out.text(x, y, x1, color, text);
    x += out.text_width(text) + out.text_width("  ");
  }
}

void paint_counter_rows(Painter& out, const AppState& state, const TimelineGeometry& geo,
                        const CounterRoom& room, std::span<const CounterPair* const> rows,
                        const std::array<PixelMap, 2>& maps, const std::optional<float>& pointer_x,
                        CounterScratch& scratch) {
  if (room.header <= 0) {
    return;
  }
  const Palette& colors = state.colors();
  const float top = geo.bottom() + room.header;
  const float end = geo.bottom() + room.height();
  out.push_clip(geo.x, geo.bottom(), geo.right(), end);
  paint_header(out, state, geo, room, rows.size());
  out.box({geo.x, top, geo.right(), end, colors.panel});
  out.push_clip(geo.lanes_x(), top, geo.right(), end);
  paint_ground(out, state, geo, top, end);
  for (size_t i = 0; i < room.rows; ++i) {
    const float y = top + room.row * static_cast<float>(i);
    const Box plot{geo.lanes_x(), y + 3 * geo.unit, geo.right(), y + room.row - 3 * geo.unit, {}};
    paint_counter_lines(out, state, *rows[i], maps, plot, scratch);
    out.box({geo.lanes_x(), y + room.row - 1, geo.right(), y + room.row, colors.grid});
  }
  std::optional<double> display;
  if (pointer_x && *pointer_x >= geo.lanes_x() && *pointer_x < geo.right()) {
    display = state.view.to_time(static_cast<double>(*pointer_x - geo.lanes_x()));
    out.line(*pointer_x, top, *pointer_x, end, with_alpha(colors.cursor, 90), 1);
  }
  out.pop_clip();
  out.line(geo.lanes_x() - 1, top, geo.lanes_x() - 1, end, colors.border, 1);
  const float title_x = geo.x + 24 * geo.unit;
  const float title_end = geo.lanes_x() - 6 * geo.unit;
  for (size_t i = 0; i < room.rows; ++i) {
    const float text_y =
        std::floor(top + room.row * static_cast<float>(i) + (room.row - 2 * out.line_height()) / 2);
    const CounterPair& pair = *rows[i];
    const std::string_view title =
        fitted_text(out, pair.any().meaning.title, title_end - title_x, scratch.text);
    out.text(title_x, text_y, title_end, colors.text_dim, title);
    const float owner_x = title_x + out.text_width(title) + 8 * geo.unit;
    out.text(owner_x, text_y, title_end, colors.text_faint,
             fitted_text(out, pair.any().owner, title_end - owner_x, scratch.text));
    paint_counter_values(out, state, pair, display, title_x, title_end, text_y + out.line_height());
  }
  out.pop_clip();
}

}  // namespace stepscope::viewer
