// SPDX-License-Identifier: Apache-2.0
#include "viewer/window.hpp"

#include <algorithm>

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

namespace stepscope::viewer {
namespace {

// GLFW reports errors through a callback without context.
std::string last_glfw_error;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
void remember_error(int, const char* text) {
  last_glfw_error = text != nullptr ? text : "";
}

// Reached by callbacks through the window's user pointer.
void owe_frames(GLFWwindow* window) {
  static_cast<Pace*>(glfwGetWindowUserPointer(window))->frames = kSettleFrames;
}

void owe_picture(GLFWwindow* window) {
  static_cast<Pace*>(glfwGetWindowUserPointer(window))->exposed = true;
  owe_frames(window);
}

std::string title_of(const Options& options) {
  return "stepscope · " + options.run + (options.versus.empty() ? "" : " vs " + options.versus);
}

}  // namespace

Display::Display() {
  glfwSetErrorCallback(remember_error);
  ok = glfwInit() == GLFW_TRUE;
}

Display::~Display() {
  glfwTerminate();
}

const std::string& display_error() {
  return last_glfw_error;
}

Window::Window(const Options& options, Pace& pace)
    : hidden_(!options.screenshot.empty() || !options.script.empty()) {
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  // Nothing needs depth, and only without it does Mesa have a fast way to draw rectangles on the processor.
  glfwWindowHint(GLFW_DEPTH_BITS, 0);
  glfwWindowHint(GLFW_STENCIL_BITS, 0);
  glfwWindowHint(GLFW_VISIBLE, hidden_ ? GLFW_FALSE : GLFW_TRUE);
  window_ = glfwCreateWindow(options.width, options.height, title_of(options).c_str(), nullptr, nullptr);
  if (window_ == nullptr) {
    return;
  }
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(1);
  glfwSetWindowUserPointer(window_, &pace);
  // Before the back end, which calls what it finds.
  glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double, double) { owe_frames(w); });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int, int, int) { owe_frames(w); });
  glfwSetScrollCallback(window_, [](GLFWwindow* w, double, double) { owe_frames(w); });
  glfwSetKeyCallback(window_, [](GLFWwindow* w, int, int, int, int) { owe_frames(w); });
  glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned) { owe_frames(w); });
  glfwSetWindowFocusCallback(window_, [](GLFWwindow* w, int) { owe_frames(w); });
  glfwSetCursorEnterCallback(window_, [](GLFWwindow* w, int) { owe_frames(w); });
  glfwSetWindowContentScaleCallback(window_, [](GLFWwindow* w, float, float) { owe_frames(w); });
  glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* w, int, int) { owe_picture(w); });
  glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { owe_picture(w); });
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui::GetIO().ConfigInputTextCursorBlink = false;  // a blinking caret would need frames without input
  ImGui_ImplGlfw_InitForOpenGL(window_, true);
  ImGui_ImplOpenGL3_Init("#version 150");
}
Window::~Window() {
  if (window_ != nullptr) {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
    glfwDestroyWindow(window_);
  }
}

InterfaceScale Window::scale(float wanted, float user) const {
  if (hidden_) {
    return interface_scale(1, 1, wanted, user);
  }
  float x = 1;
  float y = 1;
  glfwGetWindowContentScale(window_, &x, &y);
  int width = 0;
  int height = 0;
  int pixels = 0;
  glfwGetWindowSize(window_, &width, &height);
  glfwGetFramebufferSize(window_, &pixels, &height);
  const float framebuffer = width > 0 ? static_cast<float>(pixels) / static_cast<float>(width) : 1;
  return interface_scale(std::max(x, y), framebuffer, wanted, user);
}

}  // namespace stepscope::viewer
