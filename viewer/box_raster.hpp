// SPDX-License-Identifier: Apache-2.0
//
// Boxes as pixels, filled by OpenGL's rule: a pixel belongs to a box when its centre does. Tens of thousands of boxes as wide as a pixel
// take a processor that stands in for a GPU longer as triangles than as one picture of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "viewer/painter.hpp"

namespace stepscope::viewer {

struct BoxRaster {
  int x = 0;  // on the screen, of the left upper pixel
  int y = 0;
  int width = 0;
  int height = 0;
  std::vector<uint32_t> pixels;  // row by row; bytes are red, green, blue, alpha; 0 where no box is
};

// Paints the boxes into `out`, whose place and size are given. Later boxes replace what they cover, translucent ones too.
void rasterise(std::span<const Box> boxes, BoxRaster& out);

}  // namespace stepscope::viewer
