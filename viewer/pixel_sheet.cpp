// SPDX-License-Identifier: Apache-2.0
#include "viewer/pixel_sheet.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <GLFW/glfw3.h>

#include "viewer/imgui_compat.hpp"

namespace stepscope::viewer {
namespace {

constexpr int64_t kPixelsPerBox = 700;  // of a sheet that takes llvmpipe as long as a box

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
      glfwGetCurrentContext() == nullptr || (copy_ != nullptr && !copy_->works())) {
    return false;
  }
  const bool same_place = raster_.x == x && raster_.y == y && raster_.width == width &&
                          raster_.height == height && raster_.ground == bounds.color;
  if (!same_place || !std::equal(boxes.begin(), boxes.end(), boxes_.begin(), boxes_.end())) {
    boxes_.assign(boxes.begin(), boxes.end());
    raster_.x = x;
    raster_.y = y;
    raster_.width = width;
    raster_.height = height;
    raster_.ground = bounds.color;
    rasterise(boxes_, raster_);
    upload();
  }
  const auto texture = compat::texture_id<ImTextureID>(static_cast<intptr_t>(textures_.at(current_)));
  const auto kept = static_cast<float>(sizes_.at(current_).height);
  copy_->begin(list, raster_.ground.a != 255);
  for (const BoxRaster::Block& block : raster_.blocks) {
    const int rows = block.last - block.first;
    const float middle = block.alike ? 0.5F : 0;
    const auto first = static_cast<float>(block.kept_first) + middle;
    const auto last = block.alike ? first : first + static_cast<float>(rows);
    list.AddImage(texture, ImVec2(static_cast<float>(x), static_cast<float>(y + block.first)),
                  ImVec2(static_cast<float>(x + width), static_cast<float>(y + block.last)),
                  ImVec2(0, first / kept), ImVec2(1, last / kept));
  }
  CopyProgram::end(list);
  return true;
}

void PixelSheet::upload() {
  if (textures_[0] == 0) {
    glGenTextures(static_cast<int>(textures_.size()), textures_.data());
    copy_ = CopyProgram::shared();
  }
  current_ = 1 - current_;
  glBindTexture(GL_TEXTURE_2D, textures_.at(current_));
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  // As large as any picture of this place, for one that grows would be a new texture, and a new texture is new memory.
  const Size size{raster_.width, raster_.height};
  if (sizes_.at(current_) != size) {
    sizes_.at(current_) = size;
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, size.width, size.height, 0, GL_BGRA, GL_UNSIGNED_BYTE, nullptr);
  }
  glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, size.width, static_cast<int>(raster_.pixels.size()) / size.width,
                  GL_BGRA, GL_UNSIGNED_BYTE, raster_.pixels.data());
  glBindTexture(GL_TEXTURE_2D, 0);
}

}  // namespace stepscope::viewer
