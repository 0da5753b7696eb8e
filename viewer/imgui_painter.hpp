// SPDX-License-Identifier: Apache-2.0
//
// ImGuiPainter: Painter on a draw list. Boxes are written in bulk; coordinates are snapped to whole pixels.
#pragma once

#include <imgui.h>

#include "viewer/painter.hpp"
#include "viewer/pixel_sheet.hpp"

namespace stepscope::viewer {

[[nodiscard]] inline ImU32 to_im(Color c) {
  return IM_COL32(c.r, c.g, c.b, c.a);
}
[[nodiscard]] inline ImVec4 to_vec(Color c) {
  return {static_cast<float>(c.r) / 255.0F, static_cast<float>(c.g) / 255.0F,
          static_cast<float>(c.b) / 255.0F, static_cast<float>(c.a) / 255.0F};
}

class ImGuiPainter final : public Painter {
 public:
  // `sheet`: takes many boxes, where it can; it outlives the frame.
  explicit ImGuiPainter(ImDrawList& list, PixelSheet* sheet = nullptr) : list_(list), sheet_(sheet) {}
  void boxes(std::span<const Box> boxes) override;
  void many_boxes(std::span<const Box> boxes, const Box& bounds) override;
  void outline(const Box& box, float thickness) override;
  void line(float x0, float y0, float x1, float y1, Color color, float thickness) override;
  void text(float x, float y, float clip_x1, Color color, std::string_view text) override;
  void triangle(float x, float y, float size, bool up, Color color) override;
  void push_clip(float x0, float y0, float x1, float y1) override;
  void pop_clip() override;
  [[nodiscard]] float text_width(std::string_view text) override;
  [[nodiscard]] float line_height() override;

 private:
  ImDrawList& list_;
  PixelSheet* sheet_;
};

}  // namespace stepscope::viewer
