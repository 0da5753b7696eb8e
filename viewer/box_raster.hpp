// SPDX-License-Identifier: Apache-2.0
//
// Boxes as pixels, filled by OpenGL's rule: a pixel belongs to a box when its centre does. Tens of thousands of boxes as wide as a pixel
// take a processor that stands in for a GPU longer as triangles than as one picture of them.
//
// Rows of pixels that are equal because every box reaches over all of them or none are kept once where they are many: lanes whose boxes
// are as tall as the lane take a tenth of the memory, which is what a picture costs there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "viewer/painter.hpp"

namespace stepscope::viewer {

struct BoxRaster {
  // Rows [first, last) of the picture, beginning with this row of `pixels`: one of `pixels` for each, or one for all.
  struct Block {
    int first = 0;
    int last = 0;
    int kept_first = 0;
    bool alike = false;
  };

  int x = 0;  // on the screen, of the left upper pixel
  int y = 0;
  int width = 0;
  int height = 0;
  // Of pixels where no box is, and under translucent boxes where it is opaque itself.
  Color ground{0, 0, 0, 0};
  std::vector<Block> blocks;     // downwards; rows where no box is are in none
  std::vector<uint32_t> pixels;  // `width` of each row kept; bytes are blue, green, red, alpha

  // Memory of rasterise(), by row.
  std::vector<int> kept_of_row;
  std::vector<int> begun;  // boxes that begin less those that end
  std::vector<uint8_t> edge;
};

// Paints the boxes into `out`, whose place and size are given. Later boxes replace what they cover, translucent ones too.
void rasterise(std::span<const Box> boxes, BoxRaster& out);

}  // namespace stepscope::viewer
