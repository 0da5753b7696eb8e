// SPDX-License-Identifier: Apache-2.0
#include "viewer/fonts.hpp"

#include <cmath>
#include <filesystem>

#include <imgui.h>

namespace stepscope::viewer {
namespace {

constexpr float kPixels = 14.5F;

// Package fonts-dejavu-core first: DejaVu has tabular digits and the symbols that the viewer uses.
constexpr const char* kCandidates[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
};

// Latin, Greek, Cyrillic, punctuation, arrows, mathematical signs, geometric shapes. Static: the atlas keeps the pointer.
constexpr ImWchar kRanges[] = {0x0020, 0x024F, 0x0370, 0x03FF, 0x0400, 0x052F, 0x2010, 0x205E,
                               0x2190, 0x21FF, 0x2200, 0x22FF, 0x25A0, 0x25FF, 0};

}  // namespace

bool load_font(float scale) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  atlas.Clear();
  const float pixels = std::round(kPixels * scale);
  for (const char* path : kCandidates) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error) &&
        atlas.AddFontFromFileTTF(path, pixels, nullptr, kRanges) != nullptr) {
      return true;
    }
  }
  ImFontConfig config;
  config.SizePixels = pixels;
  atlas.AddFontDefault(&config);
  return false;
}

}  // namespace stepscope::viewer
