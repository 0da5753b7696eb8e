// SPDX-License-Identifier: Apache-2.0
//
// BatchStrip: draws how one run's batches came about: waits of the training thread, how many batches lay ready, a row per worker. Draws at
// the cursor of the current ImGui window, over the time that the timeline shows.
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/model/batch_lanes.hpp"
#include "viewer/painter.hpp"

namespace stepscope::viewer {

class BatchStrip {
 public:
  // `row`: height of a worker's row.
  void draw(AppState& state, Side side, const BatchLanes& lanes, float unit, float row);
  // The height of a row with which both runs fit into a room, as far as that is legible.
  [[nodiscard]] static float row_height(const std::array<BatchLanes, 2>& lanes, float room, float unit);
  // Where a click since the last call leads.
  [[nodiscard]] std::optional<Place> take_click() { return std::exchange(wanted_, std::nullopt); }
  // An event of a lane of the recording; none where the lane is not on screen.
  [[nodiscard]] static std::optional<Place> place_of(const AppState& state, Side side, uint32_t source_lane,
                                                     int64_t begin_ns, int64_t end_ns);
  // What the colours stand for.
  [[nodiscard]] static std::vector<std::pair<Color, const char*>> legend(const AppState& state);

 private:
  enum class Part : uint8_t { kCpu, kBlocked, kIo, kStarved, kCollate, kReady, kWait, kHeldUp };
  struct Canvas;
  struct BatchLabel {
    float x0;
    float x1;
    int64_t task;
  };

  [[nodiscard]] static bool is_selected(const AppState& state, Side side, uint32_t source_lane);
  [[nodiscard]] static Color color_of(const AppState& state, Part part);
  void draw_waits(Painter& paint, const AppState& state, const Canvas& canvas, const BatchLanes& lanes,
                  float y, float row);
  void draw_worker(Painter& paint, const AppState& state, const Canvas& canvas, const BatchLanes& lanes,
                   const BatchWorker& worker, float y, float row);
  void add_box(float x0, float x1, float y0, float y1, Color color);
  void add_ready(const AppState& state, const Canvas& canvas, const BatchBar& batch, float y, float row);
  void add_making(const AppState& state, const Canvas& canvas, const BatchBar& batch, float y, float row);
  bool hit(const Canvas& canvas, float x0, float x1, float y, float row, uint32_t lane, int64_t begin,
           int64_t end);
  static void draw_depth(Painter& paint, const AppState& state, const Canvas& canvas, const BatchLanes& lanes,
                         float y, float height);
  static void title(Painter& paint, const AppState& state, const Canvas& canvas, float y, float row,
                    const std::string& text);

  std::vector<Box> boxes_;
  std::vector<BatchLabel> labels_;
  std::optional<Place> wanted_;
};

}  // namespace stepscope::viewer
