// SPDX-License-Identifier: Apache-2.0
#include "viewer/picture.hpp"

#include <stb_image_write.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace stepscope::viewer {

analysis::Status write_png(const Picture& picture, const std::string& path) {
  std::vector<uint8_t> bytes;
  const auto append = [](void* context, void* data, int size) {
    auto& out = *static_cast<std::vector<uint8_t>*>(context);
    const auto* from = static_cast<const uint8_t*>(data);
    out.insert(out.end(), from, from + size);
  };
  const int made = stbi_write_png_to_func(append, &bytes, picture.width, picture.height, 4,
                                          picture.rgba.data(), picture.width * 4);
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
