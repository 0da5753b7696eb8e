// SPDX-License-Identifier: Apache-2.0
//
// Damage: which parts of a picture differ from the one shown before. What is drawn for a window of another machine is sent there
// pixel by pixel, so only those parts are sent. Exact: equal pixels are never called different within a whole tile of equal ones, and
// no differing pixel is outside of the parts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stepscope::viewer {

// In pixels; rows are numbered as they lie in the picture's memory.
struct PixelRect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  friend bool operator==(const PixelRect&, const PixelRect&) = default;
};

// Rectangles that hold every pixel in which two pictures of `width` columns differ, without overlap; empty when they are equal. Both
// have the same whole number of rows. More than kMostRects are given as the one around them.
inline constexpr size_t kMostRects = 64;
[[nodiscard]] std::vector<PixelRect> damage(std::span<const uint32_t> before, std::span<const uint32_t> after,
                                            int width);

}  // namespace stepscope::viewer
