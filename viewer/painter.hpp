// SPDX-License-Identifier: Apache-2.0
//
// Painter: the few primitives that the strip and the timeline draw with. The window draws through ImGuiPainter;
// tests record what was painted and assert on it without pixels.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "viewer/model/palette.hpp"

namespace stepscope::viewer {

struct Box {
  float x0 = 0;
  float y0 = 0;
  float x1 = 0;
  float y1 = 0;
  Color color;
  friend bool operator==(const Box&, const Box&) = default;
};

// No more bytes of a text than this show in `width` pixels: no letter is narrower than one. Of a name of 10 kB the rest need not be
// measured.
[[nodiscard]] inline size_t visible_bytes(float width) {
  constexpr size_t kMarks = 64;  // bytes of characters without a width
  return (width > 0 ? static_cast<size_t>(width) : 0) + kMarks;
}

class Painter {
 public:
  virtual void boxes(std::span<const Box> boxes) = 0;
  // Of which there may be very many, all within `bounds`, none translucent over another. The colour of `bounds`, where it is opaque, is
  // that of all pixels there so far, which lets them be painted without being read.
  virtual void many_boxes(std::span<const Box> boxes, const Box& bounds) = 0;
  virtual void outline(const Box& box, float thickness) = 0;
  virtual void line(float x0, float y0, float x1, float y1, Color color, float thickness) = 0;
  // Top left corner; text is cut at `clip_x1`.
  virtual void text(float x, float y, float clip_x1, Color color, std::string_view text) = 0;
  virtual void triangle(float x, float y, float size, bool up, Color color) = 0;
  virtual void push_clip(float x0, float y0, float x1, float y1) = 0;
  virtual void pop_clip() = 0;
  [[nodiscard]] virtual float text_width(std::string_view text) = 0;
  [[nodiscard]] virtual float line_height() = 0;

  void box(const Box& one) { boxes({&one, 1}); }

 protected:
  ~Painter() = default;
};

}  // namespace stepscope::viewer
