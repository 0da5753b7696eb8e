// SPDX-License-Identifier: Apache-2.0
//
// Programs run as a user would, under an X server of their own, and the pictures they leave.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "viewer/model/palette.hpp"

namespace stepscope::viewer {

struct Outcome {
  int code = -1;       // 128 when a signal ended it
  std::string output;  // stdout and stderr
};

// By a shell.
[[nodiscard]] Outcome run(const std::string& command);
[[nodiscard]] Outcome run_in_xvfb(const std::string& command);

struct Image {
  int width = 0;  // 0: not read
  int height = 0;
  std::vector<Color> pixels;

  [[nodiscard]] size_t count(Color wanted, int tolerance = 3) const;
  // Share of the pixels in which some channel differs by more than `tolerance`; 1 for pictures of other sizes.
  [[nodiscard]] double difference(const Image& other, int tolerance = 0) const;
};

[[nodiscard]] Image read_image(const std::string& path);

}  // namespace stepscope::viewer
