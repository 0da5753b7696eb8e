// SPDX-License-Identifier: Apache-2.0
//
// Draws boxes one by one and as a picture (PixelSheet), and says of each scene what differs: "bars: a picture, 0 pixels differ"; then
// all that a painter can draw into the window and into a picture for a file: "window and file, bars: 0 pixels differ".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include "viewer/fonts.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/screenshot.hpp"
#include "viewer/window.hpp"

namespace stepscope::viewer {
namespace {

constexpr Color kGround{30, 34, 40, 255};
constexpr Box kBounds{100.25F, 40, 700.5F, 440, kGround};

struct Scene {
  std::string name;
  Box bounds;
  std::vector<Box> boxes;
};

// What a lane looks like from afar: columns a pixel wide and as tall as they are busy.
std::vector<Box> bars(std::mt19937& random) {
  std::vector<Box> boxes;
  for (float y = 44; y < 440; y += 22) {
    for (float x = 96; x < 704; x += 1) {
      const float tall = static_cast<float>(random() % 17 + 2);
      boxes.push_back({x, y + 18 - tall, x + 1, y + 18, {static_cast<uint8_t>(random()), 90, 160, 255}});
    }
  }
  return boxes;
}

// And from close by: events as tall as the lane, over bands that are as tall as the window, some of them translucent.
std::vector<Box> events(std::mt19937& random, uint8_t alpha) {
  std::vector<Box> boxes = {{150, 40, 250, 440, {50, 56, 62, 255}}, {350, 40, 450, 440, {50, 56, 62, 255}}};
  for (float y = 20; y < 460; y += 14) {
    for (float x = 90.125F; x < 710;) {  // eighths: no edge is where a pixel has its centre
      const float wide = 0.25F + static_cast<float>(random() % 16) / 4;
      boxes.push_back({x, y, x + wide, y + 10, {200, static_cast<uint8_t>(random()), 20, 255}});
      x += wide + 0.75F;
    }
  }
  for (float x = 100; x < 700; x += 6) {
    boxes.push_back({x, 441, x + 2, 442, {255, 255, 255, 255}});     // below
    boxes.push_back({x, 37, x + 2, 38.2F, {255, 255, 255, alpha}});  // above
  }
  return boxes;
}

std::vector<Box> dots(uint8_t alpha) {
  std::vector<Box> boxes;
  for (float y = 42; y < 440; y += 4) {
    for (float x = 101; x < 700; x += 5) {
      boxes.push_back({x, y, x + 3, y + 2, {255, 200, 90, alpha}});
    }
  }
  return boxes;
}

// Pixels in which red, green or blue differ by more than rounding; what is not ground is counted in `drawn`.
size_t differing(const std::vector<uint8_t>& x, const std::vector<uint8_t>& y, size_t& drawn) {
  size_t differ = 0;
  drawn = 0;
  for (size_t i = 0; i < x.size(); i += 4) {
    bool same = true;
    bool ground = true;
    const uint8_t of_ground[] = {kGround.r, kGround.g, kGround.b};
    for (size_t c = 0; c < 3; ++c) {
      same = same && std::abs(int{x[i + c]} - int{y[i + c]}) <= 1;
      ground = ground && x[i + c] == of_ground[c];
    }
    differ += same ? 0 : 1;
    drawn += ground ? 0 : 1;
  }
  return differ;
}

class Easel {
 public:
  explicit Easel(GLFWwindow* window) { glfwGetFramebufferSize(window, &width_, &height_); }

  // The window's pixels afterwards.
  std::vector<uint8_t> draw(const Scene& scene, PixelSheet* sheet, bool& as_picture) {
    begin();
    ImDrawList& list = *ImGui::GetBackgroundDrawList();
    ImGuiPainter painter(list, sheet);
    painter.push_clip(scene.bounds.x0, scene.bounds.y0, scene.bounds.x1, scene.bounds.y1);
    const int before = list.VtxBuffer.Size;
    painter.many_boxes(scene.boxes, scene.bounds);
    as_picture = list.VtxBuffer.Size - before < static_cast<int>(scene.boxes.size());
    painter.pop_clip();
    painter.box({10, 10, 60, 60, {255, 255, 255, 128}});  // a picture leaves nothing behind that changes this
    return window_pixels();
  }

  // What differs between window and file. A driver may draw the two in quite different ways.
  size_t differing_in_file(const Scene& scene, PixelSheet& sheet, size_t& drawn) {
    begin();
    ImGuiPainter painter(*ImGui::GetBackgroundDrawList(), &sheet);
    painter.many_boxes(scene.boxes, scene.bounds);
    for (int i = 0; i < 40; ++i) {
      const auto y = static_cast<float>(10 + 11 * i);
      const auto shade = static_cast<uint8_t>(6 * i);
      painter.text(10.5F + y / 8, y, 400, {255, shade, 40, 255}, "the quick brown fox jumps over 1234567890");
      painter.box({420, y, 500, y + 9, {shade, 200, 90, 255}});
      painter.box({490.5F, y, 560, y + 9, {90, 70, shade, 140}});
      painter.line(570, y, 640, y + 7, {shade, 255, 255, 255}, 1.5F);
      painter.outline({650, y, 700, y + 9, {255, 255, shade, 200}}, 1);
      painter.triangle(730, y, 4, i % 2 == 0, {200, shade, 200, 255});
    }
    std::vector<uint8_t> in_window = window_pixels();
    const std::optional<Offscreen> file = Offscreen::make(width_, height_);
    if (!file) {
      return in_window.size();
    }
    file->begin((unsigned{kGround.r} << 16U) | (unsigned{kGround.g} << 8U) | kGround.b);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    const Picture picture = file->read();
    // The rows of a file are counted from above.
    std::vector<uint8_t> downwards;
    for (size_t end = in_window.size(); end > 0; end -= row_bytes()) {
      const auto row_end = in_window.begin() + static_cast<std::ptrdiff_t>(end);
      downwards.insert(downwards.end(), row_end - static_cast<std::ptrdiff_t>(row_bytes()), row_end);
    }
    return differing(downwards, picture.rgba, drawn);
  }

 private:
  static void begin() {
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
  }

  // Ends the frame.
  [[nodiscard]] std::vector<uint8_t> window_pixels() const {
    ImGui::Render();
    glViewport(0, 0, width_, height_);
    glClearColor(share(kGround.r), share(kGround.g), share(kGround.b), 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    std::vector<uint8_t> pixels(row_bytes() * static_cast<size_t>(height_));
    glReadPixels(0, 0, width_, height_, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
    return pixels;
  }

  [[nodiscard]] size_t row_bytes() const { return static_cast<size_t>(width_) * 4; }
  static float share(uint8_t of_255) { return static_cast<float>(of_255) / 255.0F; }

  int width_ = 0;
  int height_ = 0;
};

int run() {
  const Display display;
  Options options;
  options.width = 800;
  options.height = 480;
  Pace pace;
  const Window window(options, pace);
  if (!display.ok || window.get() == nullptr) {
    std::printf("no display with OpenGL: %s\n", display_error().c_str());
    return 2;
  }
  load_font(1);
  compat::rebuild_font_texture();
  std::mt19937 random(7);
  Box bare = kBounds;
  bare.color = {0, 0, 0, 0};
  const Scene scenes[] = {{"bars", kBounds, bars(random)},
                          {"events", kBounds, events(random, 255)},
                          {"events of another time", kBounds, events(random, 255)},
                          {"dots", kBounds, dots(110)},
                          {"dots on any ground", bare, dots(110)},
                          {"bars on any ground", bare, bars(random)}};
  Easel easel(window.get());
  PixelSheet sheet;
  for (const Scene& scene : scenes) {
    bool as_picture = false;
    size_t drawn = 0;
    const std::vector<uint8_t> one_by_one = easel.draw(scene, nullptr, as_picture);
    const std::vector<uint8_t> at_once = easel.draw(scene, &sheet, as_picture);
    const size_t differ = differing(one_by_one, at_once, drawn);
    std::printf("%s: %s, %zu of %zu pixels differ\n", scene.name.c_str(),
                as_picture ? "a picture" : "one by one", differ, drawn);
  }
  for (const size_t scene : {size_t{0}, size_t{4}}) {
    size_t drawn = 0;
    const size_t differ = easel.differing_in_file(scenes[scene], sheet, drawn);
    std::printf("window and file, %s: %zu of %zu pixels differ\n", scenes[scene].name.c_str(), differ, drawn);
  }
  return 0;
}

}  // namespace
}  // namespace stepscope::viewer

int main() {
  return stepscope::viewer::run();
}
