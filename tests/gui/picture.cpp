// SPDX-License-Identifier: Apache-2.0
#include "tests/gui/picture.hpp"

#include <stb_image.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace stepscope::viewer {
namespace {

bool alike(Color a, Color b, int tolerance) {
  return std::abs(a.r - b.r) <= tolerance && std::abs(a.g - b.g) <= tolerance &&
         std::abs(a.b - b.b) <= tolerance;
}

}  // namespace

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    return outcome;
  }
  std::array<char, 4096> chunk{};
  size_t got = 0;
  while ((got = fread(chunk.data(), 1, chunk.size(), pipe)) > 0) {
    outcome.output.append(chunk.data(), got);
  }
  const int status = pclose(pipe);
  // Two xvfb-runs that end at once may quarrel about their directories; that says nothing about the viewer.
  const size_t quarrel = outcome.output.find("xvfb-run: error: problem while cleaning up");
  outcome.output.resize(std::min(outcome.output.size(), quarrel));
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return outcome;
}

Outcome run_in_xvfb(const std::string& command) {
  return run("xvfb-run -a -s '-screen 0 1280x720x24 +extension GLX' " + command);
}

size_t Image::count(Color wanted, int tolerance) const {
  return static_cast<size_t>(
      std::count_if(pixels.begin(), pixels.end(), [&](Color c) { return alike(c, wanted, tolerance); }));
}

double Image::difference(const Image& other, int tolerance) const {
  if (width != other.width || height != other.height || pixels.empty()) {
    return 1;
  }
  size_t differing = 0;
  for (size_t i = 0; i < pixels.size(); ++i) {
    differing += alike(pixels[i], other.pixels[i], tolerance) ? 0U : 1U;
  }
  return static_cast<double>(differing) / static_cast<double>(pixels.size());
}

Image read_image(const std::string& path) {
  Image image;
  int channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> data(
      stbi_load(path.c_str(), &image.width, &image.height, &channels, 4), stbi_image_free);
  if (data == nullptr) {
    return image;
  }
  const auto count = static_cast<size_t>(image.width) * static_cast<size_t>(image.height);
  for (size_t i = 0; i < count; ++i) {
    const stbi_uc* p = data.get() + 4 * i;
    image.pixels.push_back({p[0], p[1], p[2], p[3]});
  }
  return image;
}

}  // namespace stepscope::viewer
