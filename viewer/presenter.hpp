// SPDX-License-Identifier: Apache-2.0
//
// Presenter: draws a frame that ImGui has built and brings it to the screen, with as little as that takes: nothing when the frame is the
// one shown already; on another machine's display (ssh -X) only the parts that changed, and then it waits until they have arrived,
// so that input which came meanwhile is answered by one frame, not by a queue of them.
#pragma once

#include <cstdint>
#include <vector>

#include <imgui.h>

#include "viewer/model/palette.hpp"

struct GLFWwindow;

namespace stepscope::viewer {

// A number that differs when two frames would be drawn differently, textures aside.
[[nodiscard]] uint64_t draw_hash(const ImDrawData& data);

class Presenter {
 public:
  // On the thread of the window's OpenGL, which is current.
  Presenter(GLFWwindow* window, bool remote);
  // `exposed`: the window has lost its picture, or has another size. True when something was brought to the screen.
  bool present(ImDrawData& data, Color ground, bool exposed);

 private:
  using CopySubBuffer = void (*)(void* display, unsigned long drawable, int x, int y, int width, int height);

  void draw(ImDrawData& data, Color ground) const;
  void show_changes();
  void wait_for_arrival() const;

  GLFWwindow* window_;
  bool remote_;
  CopySubBuffer copy_ = nullptr;  // null: only whole pictures can be shown
  void* display_ = nullptr;       // X's, of copy_
  unsigned long drawable_ = 0;
  int width_ = 0;  // of the window's pixels
  int height_ = 0;
  uint64_t shown_hash_ = 0;
  std::vector<uint32_t> shown_;  // what the screen shows; empty: not known
  std::vector<uint32_t> drawn_;
};

}  // namespace stepscope::viewer
