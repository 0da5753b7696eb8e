// SPDX-License-Identifier: Apache-2.0
//
// Picture: an RGBA image, and writing it as PNG.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::viewer {

struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgba;  // top row first
};

// Error: kUnavailable, naming the file and the cause.
[[nodiscard]] analysis::Status write_png(const Picture& picture, const std::string& path);

}  // namespace stepscope::viewer
