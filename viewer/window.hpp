// SPDX-License-Identifier: Apache-2.0
//
// Window: the system's window with OpenGL 3.2 core and ImGui's back ends around it, and how many frames are owed after what
// happened to it. One at a time; on the main thread only.
#pragma once

#include <string>

#include "viewer/model/scale.hpp"
#include "viewer/options.hpp"

struct GLFWwindow;

namespace stepscope::viewer {

inline constexpr int kSettleFrames = 3;  // frames after an input until everything has reacted to it

// Frames still owed.
struct Pace {
  int frames = kSettleFrames;
  bool exposed = true;  // the window has lost its picture
};

// The display, for as long as it lives.
struct Display {
  Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;
  ~Display();
  bool ok = false;
};
// Why the display or a window could not be had, as GLFW says it.
[[nodiscard]] const std::string& display_error();

class Window {
 public:
  // Hidden when `options` ask for a picture or a script.
  Window(const Options& options, Pace& pace);
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  ~Window();

  [[nodiscard]] GLFWwindow* get() const { return window_; }  // nullptr: there is no OpenGL 3.2
  // A picture is drawn as on a usual monitor, wherever it is made.
  [[nodiscard]] InterfaceScale scale(float wanted, float user) const;

 private:
  bool hidden_;
  GLFWwindow* window_ = nullptr;
};

}  // namespace stepscope::viewer
