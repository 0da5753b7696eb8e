// SPDX-License-Identifier: Apache-2.0
//
// Counter rows: clocks, power, throttling under the lanes of the timeline, on its axis: column p of a row shows the time that column p of
// a lane shows. Reads the state, changes nothing, asks nothing of ImGui.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/model/counters.hpp"
#include "viewer/painter.hpp"
#include "viewer/timeline/timeline_painter.hpp"

namespace stepscope::viewer {

// How much of a timeline they take: a heading, and the rows that fit below it; nothing in one that is low.
struct CounterRoom {
  float header = 0;
  float row = 0;
  size_t rows = 0;
  [[nodiscard]] float height() const { return header + row * static_cast<float>(rows); }
};
[[nodiscard]] CounterRoom counter_room(size_t rows, bool unfolded, float timeline_height, float unit);

// Both runs of one row on a common scale, least to greatest value per column. `maps`: by Side, of the axis that begins at plot.x0.
// `columns` and `boxes` are scratch.
struct CounterScratch {
  std::vector<CounterColumn> columns;
  std::vector<Box> boxes;
  std::string text;
};
void paint_counter_lines(Painter& out, const AppState& state, const CounterPair& pair,
                         const std::array<PixelMap, 2>& maps, const Box& plot, CounterScratch& scratch);

// "A 1980  B 1410 MHz", each in its colour: at a display time, else the means of the runs. From x on, cut at x1.
void paint_counter_values(Painter& out, const AppState& state, const CounterPair& pair,
                          const std::optional<double>& display, float x, float x1, float y);

// Heading and rows, at geometry.bottom(). pointer_x: of a line through all of them, and the time of the values.
void paint_counter_rows(Painter& out, const AppState& state, const TimelineGeometry& geometry,
                        const CounterRoom& room, std::span<const CounterPair* const> rows,
                        const std::array<PixelMap, 2>& maps, const std::optional<float>& pointer_x,
                        CounterScratch& scratch);

}  // namespace stepscope::viewer
