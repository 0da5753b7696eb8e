// SPDX-License-Identifier: Apache-2.0
//
// Offscreen: a framebuffer of any size to draw a picture into, independent of the size of screen and window.
#pragma once

#include <optional>

#include "viewer/picture.hpp"

namespace stepscope::viewer {

class Offscreen {
 public:
  // Needs a current GL context; std::nullopt when it cannot make a framebuffer of this size.
  [[nodiscard]] static std::optional<Offscreen> make(int width, int height);
  // Draws go into it until the context ends; `clear` is 0xRRGGBB.
  void begin(unsigned clear) const;
  [[nodiscard]] Picture read() const;

 private:
  Offscreen(int width, int height, unsigned framebuffer)
      : width_(width), height_(height), framebuffer_(framebuffer) {}
  int width_;
  int height_;
  unsigned framebuffer_;
};

}  // namespace stepscope::viewer
