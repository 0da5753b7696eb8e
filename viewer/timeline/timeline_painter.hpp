// SPDX-License-Identifier: Apache-2.0
//
// TimelinePainter: paints ruler, step band, lanes and overlays of the timeline through a Painter. Reads the state,
// changes nothing, asks nothing of ImGui; the view (views/timeline_view.cpp) handles input.
//
// One object per frame; `Scratch` outlives it so that no frame allocates once buffers have grown.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/painter.hpp"

namespace stepscope::viewer {

// Where the parts are, in screen pixels.
struct TimelineGeometry {
  float x = 0;  // left edge of the whole timeline
  float y = 0;
  float width = 0;
  float height = 0;
  float gutter = 0;    // lane titles
  float ruler = 0;     // time ticks
  size_t rulers = 1;   // rows of it: one of each run where their scales differ
  float steps = 0;     // step band under the ruler
  float delta = 0;     // differences per step, 0 with one run
  float counters = 0;  // rows of counters under the lanes
  float unit = 1;      // scale factor

  [[nodiscard]] float lanes_x() const { return x + gutter; }
  [[nodiscard]] float lanes_y() const { return y + ruler + steps + delta; }
  [[nodiscard]] float lanes_width() const { return width - gutter; }
  [[nodiscard]] float lanes_height() const { return height - ruler - steps - delta - counters; }
  [[nodiscard]] float right() const { return x + width; }
  [[nodiscard]] float bottom() const { return y + height - counters; }  // of the lanes
};

class TimelinePainter {
 public:
  struct Label {
    float x0, x1, y;
    Color color;
    uint32_t name;
    Side side;
  };
  struct Scratch {
    std::array<PixelMap, 2> maps;
    std::vector<LodSpan> spans;
    std::vector<Box> boxes;
    std::vector<Label> labels;
    std::string text;
    std::array<std::vector<float>, 2> cover;  // by side: busy share of each pixel column
    std::vector<float> row_cover;
    std::array<size_t, 2> covered{};  // whose cover that is in this frame: track + 1
  };

  TimelinePainter(Painter& painter, const AppState& state, const TimelineGeometry& geometry,
                  Scratch& scratch);

  void paint_lanes();
  void paint_ruler();
  // Selection, hover, area and the line under the pointer; pointer_x outside of the lanes draws none.
  void paint_overlay(float pointer_x, const std::optional<TimeRange>& dragging);

  // Screen box of an event if its lane is laid out, clamped to the lanes.
  [[nodiscard]] std::optional<Box> box_of(const EventRef& ref) const;
  [[nodiscard]] float x_of(double display) const;

 private:
  void paint_slots();
  struct Extent {
    float y0, y1;
  };
  [[nodiscard]] std::optional<Extent> extent_of(Side side, uint32_t lane, size_t row) const;
  void paint_flows();
  void paint_gap(const GapRef& gap, bool selected);
  void paint_marks();
  void paint_gaps(const TrackItem& item, float y);
  void paint_dots(double from, double to, float y);
  void paint_delta_lane(const TrackItem& item, float y);
  void cover(Side side, const TrackItem& item);
  void keep_cover(const TrackItem& item);
  void mix_colors(const TrackItem& item);
  void paint_row(Side side, const RunModel& run, const EventRow& row, float y, float height);
  void add_span(Side side, const EventRow& row, const LodSpan& span, float y, float height);
  void paint_labels();
  void paint_group(const TrackItem& item, float y);
  void paint_lane_title(const TrackItem& item, float y);
  void paint_ticks(Side side, size_t row);
  void paint_time_ticks(Side side, float y, float height, Color color);
  void paint_step_ticks(Side side, size_t slot, float y, float height, Color color);
  void paint_tick(float x, float y, float height, const std::string& label, Color color);
  void paint_step_band();
  void paint_step_label(const StepSlot& slot, int64_t number, float y, float end, bool chosen);
  [[nodiscard]] int64_t label_stride(size_t first, size_t last);
  void paint_delta_band();
  [[nodiscard]] std::string_view fitted(std::string_view text, float width);
  [[nodiscard]] std::pair<size_t, size_t> visible_slots() const;
  [[nodiscard]] bool slots_are_wide() const;

  Painter& out_;
  const AppState& state_;
  const TimelineGeometry& geo_;
  Scratch& scratch_;
  const Palette& colors_;
  // So much of its colour is left to what lies beside the selected lanes or run.
  static constexpr double kFadedShare = 0.4;
  // Of the lane that is painted, by category: an event, and a column of several.
  std::array<Color, kCategoryCount> one_color_{}, many_color_{};
};

}  // namespace stepscope::viewer
