// SPDX-License-Identifier: Apache-2.0
#include "viewer/picture.hpp"

#include <stb_image_write.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace stepscope::viewer {
namespace {

std::vector<uint8_t> opaque(const Picture& picture) {
  const size_t pixels = picture.rgba.size() / 4;
  std::vector<uint8_t> rgb(pixels * 3);
  for (size_t p = 0; p < pixels; ++p) {
    std::copy_n(&picture.rgba[4 * p], 3, &rgb[3 * p]);
  }
  return rgb;
}

}  // namespace

analysis::Status write_png(const Picture& picture, const std::string& path) {
  std::vector<uint8_t> bytes;
  const auto append = [](void* context, void* data, int size) {
    auto& out = *static_cast<std::vector<uint8_t>*>(context);
    const auto* from = static_cast<const uint8_t*>(data);
    out.insert(out.end(), from, from + size);
  };
  // Half of the time from the start of the program to its picture went into writing it: filters that do nothing for areas of one
  // colour, long searches for matches, an alpha that is the same everywhere.
  stbi_write_force_png_filter = 0;
  stbi_write_png_compression_level = 5;
  const int made = stbi_write_png_to_func(append, &bytes, picture.width, picture.height, 3,
                                          opaque(picture).data(), picture.width * 3);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (made == 0 || !file) {
    return {analysis::Code::kUnavailable,
            path + ": cannot write the picture (" + std::strerror(errno) + "); choose a writable place"};
  }
  return {};
}

}  // namespace stepscope::viewer
