// SPDX-License-Identifier: Apache-2.0
#include "viewer/imgui_painter.hpp"

#include <algorithm>
#include <cmath>

#include "viewer/imgui_compat.hpp"

namespace stepscope::viewer {

void ImGuiPainter::boxes(std::span<const Box> boxes) {
  constexpr size_t kChunk = 4096;  // 16 K vertices: stays far from the 64 K that one vertex offset can reach
  for (size_t at = 0; at < boxes.size(); at += kChunk) {
    const auto part = boxes.subspan(at, std::min(kChunk, boxes.size() - at));
    const auto count = static_cast<int>(part.size());
    list_.PrimReserve(6 * count, 4 * count);
    for (const Box& box : part) {
      list_.PrimRect(ImVec2(box.x0, box.y0), ImVec2(box.x1, box.y1), to_im(box.color));
    }
  }
}

void ImGuiPainter::many_boxes(std::span<const Box> boxes, const Box& bounds) {
  if (sheet_ == nullptr || !sheet_->add(list_, boxes, bounds)) {
    this->boxes(boxes);
  }
}

void ImGuiPainter::outline(const Box& box, float thickness) {
  compat::add_outline(list_, ImVec2(box.x0, box.y0), ImVec2(box.x1, box.y1), to_im(box.color), 0, thickness);
}

void ImGuiPainter::line(float x0, float y0, float x1, float y1, Color color, float thickness) {
  if (x0 == x1) {
    box({std::floor(x0), y0, std::floor(x0) + thickness, y1, color});
  } else if (y0 == y1) {
    box({x0, std::floor(y0), x1, std::floor(y0) + thickness, color});
  } else {
    list_.AddLine(ImVec2(x0, y0), ImVec2(x1, y1), to_im(color), thickness);
  }
}

void ImGuiPainter::text(float x, float y, float clip_x1, Color color, std::string_view text) {
  if (text.empty() || clip_x1 <= x) {
    return;
  }
  const ImVec4 clip(x - 1, y - 2, clip_x1, y + 2 * line_height());
  const std::string_view seen = text.substr(0, visible_bytes(clip_x1 - x));
  list_.AddText(ImGui::GetFont(), ImGui::GetFontSize(), ImVec2(std::floor(x), std::floor(y)), to_im(color),
                seen.data(), seen.data() + seen.size(), 0.0F, &clip);
  ImGui::LogText("%.*s\n", static_cast<int>(text.size()),
                 text.data());  // for scripts that look at the window
}

void ImGuiPainter::triangle(float x, float y, float size, bool up, Color color) {
  const float tip = up ? y - size : y + size;
  list_.AddTriangleFilled(ImVec2(x - size, y), ImVec2(x + size, y), ImVec2(x, tip), to_im(color));
}

void ImGuiPainter::push_clip(float x0, float y0, float x1, float y1) {
  list_.PushClipRect(ImVec2(x0, y0), ImVec2(x1, y1), true);
}

void ImGuiPainter::pop_clip() {
  list_.PopClipRect();
}

float ImGuiPainter::text_width(std::string_view text) {
  return ImGui::CalcTextSize(text.data(), text.data() + text.size()).x;
}

float ImGuiPainter::line_height() {
  return ImGui::GetFontSize();
}

}  // namespace stepscope::viewer
