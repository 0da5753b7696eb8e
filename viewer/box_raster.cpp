// SPDX-License-Identifier: Apache-2.0
#include "viewer/box_raster.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace stepscope::viewer {
namespace {

struct Pixels {
  int first = 0;
  int last = 0;  // one past
};

// Those whose centres lie in [from, to), of `count` that begin at `origin`.
Pixels centres_in(float from, float to, int origin, int count) {
  const auto at = [&](float edge) {
    const float most = static_cast<float>(count);
    return static_cast<int>(std::clamp(std::ceil(edge - static_cast<float>(origin) - 0.5F), 0.0F, most));
  };
  return {at(from), at(to)};
}

uint32_t packed_rgba(Color c) {
  static_assert(std::endian::native == std::endian::little);
  return uint32_t{c.r} | (uint32_t{c.g} << 8U) | (uint32_t{c.b} << 16U) | (uint32_t{c.a} << 24U);
}

}  // namespace

void rasterise(std::span<const Box> boxes, BoxRaster& out) {
  const auto width = static_cast<size_t>(std::max(0, out.width));
  out.pixels.assign(width * static_cast<size_t>(std::max(0, out.height)), 0);
  for (const Box& box : boxes) {
    const Pixels columns = centres_in(box.x0, box.x1, out.x, out.width);
    const Pixels rows = centres_in(box.y0, box.y1, out.y, out.height);
    const uint32_t color = packed_rgba(box.color);
    for (int row = rows.first; row < rows.last; ++row) {
      uint32_t* const line = out.pixels.data() + static_cast<size_t>(row) * width;
      std::fill(line + columns.first, line + std::max(columns.first, columns.last), color);
    }
  }
}

}  // namespace stepscope::viewer
