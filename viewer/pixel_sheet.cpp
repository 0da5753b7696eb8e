// SPDX-License-Identifier: Apache-2.0
#include "viewer/pixel_sheet.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <GLFW/glfw3.h>

#include "viewer/imgui_compat.hpp"

namespace stepscope::viewer {
namespace {

constexpr int64_t kPixelsPerBox = 150;  // of a sheet that takes llvmpipe as long as a box

}  // namespace

PixelSheet::~PixelSheet() {
  if (textures_[0] != 0 && glfwGetCurrentContext() != nullptr) {
    glDeleteTextures(static_cast<int>(textures_.size()), textures_.data());
  }
}

bool PixelSheet::add(ImDrawList& list, std::span<const Box> boxes, const Box& bounds) {
  const ImVec2 density = ImGui::GetIO().DisplayFramebufferScale;
  const auto x = static_cast<int>(std::floor(bounds.x0));
  const auto y = static_cast<int>(std::floor(bounds.y0));
  const int width = static_cast<int>(std::ceil(bounds.x1)) - x;
  const int height = static_cast<int>(std::ceil(bounds.y1)) - y;
  if (width <= 0 || height <= 0 || density.x != 1 || density.y != 1 ||
      static_cast<int64_t>(boxes.size()) * kPixelsPerBox < int64_t{width} * height ||
      glfwGetCurrentContext() == nullptr) {
    return false;
  }
  const bool same_place =
      raster_.x == x && raster_.y == y && raster_.width == width && raster_.height == height;
  if (!same_place || !std::equal(boxes.begin(), boxes.end(), boxes_.begin(), boxes_.end())) {
    boxes_.assign(boxes.begin(), boxes.end());
    raster_.x = x;
    raster_.y = y;
    raster_.width = width;
    raster_.height = height;
    rasterise(boxes_, raster_);
    upload();
  }
  list.AddImage(compat::texture_id<ImTextureID>(static_cast<intptr_t>(textures_.at(current_))),
                ImVec2(static_cast<float>(x), static_cast<float>(y)),
                ImVec2(static_cast<float>(x + width), static_cast<float>(y + height)));
  return true;
}

void PixelSheet::upload() {
  if (textures_[0] == 0) {
    glGenTextures(static_cast<int>(textures_.size()), textures_.data());
  }
  current_ = 1 - current_;
  glBindTexture(GL_TEXTURE_2D, textures_.at(current_));
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, raster_.width, raster_.height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
               raster_.pixels.data());
  glBindTexture(GL_TEXTURE_2D, 0);
}

}  // namespace stepscope::viewer
