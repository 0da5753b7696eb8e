// SPDX-License-Identifier: Apache-2.0
//
// PixelSheet: a texture of many boxes (box_raster.hpp), kept while they stay the same. Belongs to a view, on the thread of the
// window's OpenGL; where there is none it says so and the boxes are drawn one by one.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include <imgui.h>

#include "viewer/box_raster.hpp"
#include "viewer/copy_program.hpp"
#include "viewer/painter.hpp"

namespace stepscope::viewer {

class PixelSheet {
 public:
  PixelSheet() = default;
  PixelSheet(const PixelSheet&) = delete;
  PixelSheet& operator=(const PixelSheet&) = delete;
  ~PixelSheet();

  // Adds the boxes to `list`, cut at `bounds`. False when that has to be done in the usual way: there is no OpenGL, pixels of the window are
  // not those of the screen, or the boxes are too few to be worth it.
  [[nodiscard]] bool add(ImDrawList& list, std::span<const Box> boxes, const Box& bounds);

 private:
  struct Size {
    int width = 0;
    int height = 0;
    friend bool operator==(const Size&, const Size&) = default;
  };
  void upload();

  BoxRaster raster_;
  std::vector<Box> boxes_;  // in raster_
  // Taken in turn, so that a frame with other boxes is seen to differ from the one before (draw_hash).
  std::array<unsigned, 2> textures_{};
  std::array<Size, 2> sizes_;  // of the textures
  size_t current_ = 0;
  std::shared_ptr<CopyProgram> copy_;
};

}  // namespace stepscope::viewer
