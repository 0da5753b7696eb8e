// SPDX-License-Identifier: Apache-2.0
#include "viewer/app.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include "viewer/fonts.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/live_watch.hpp"
#include "viewer/loader.hpp"
#include "viewer/model/scale.hpp"
#include "viewer/screenshot.hpp"
#include "viewer/shell.hpp"

namespace stepscope::viewer {
namespace {

constexpr double kFollowSeconds = 2;  // between looks at a run that is being recorded
constexpr int kSettleFrames = 3;      // frames after an input until everything has reacted to it

// GLFW reports errors through a callback without context.
std::string last_glfw_error;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
void remember_error(int, const char* text) {
  last_glfw_error = text != nullptr ? text : "";
}

void complain(const std::string& message) {
  std::fprintf(stderr, "stepscope-viewer: %s\n", message.c_str());
}

// Frames still owed; reached by callbacks through the window's user pointer.
struct Pace {
  int frames = kSettleFrames;
};
void owe_frames(GLFWwindow* window) {
  static_cast<Pace*>(glfwGetWindowUserPointer(window))->frames = kSettleFrames;
}

struct Glfw {
  bool ok = false;
  Glfw() {
    glfwSetErrorCallback(remember_error);
    ok = glfwInit() == GLFW_TRUE;
  }
  Glfw(const Glfw&) = delete;
  Glfw& operator=(const Glfw&) = delete;
  ~Glfw() { glfwTerminate(); }
};

class Window {
 public:
  Window(const Options& options, Pace& pace) : screenshot_(!options.screenshot.empty()) {
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_VISIBLE, screenshot_ ? GLFW_FALSE : GLFW_TRUE);
    window_ = glfwCreateWindow(options.width, options.height, title(options).c_str(), nullptr, nullptr);
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
    glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* w, int, int) { owe_frames(w); });
    glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { owe_frames(w); });
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;
    ImGui::GetIO().ConfigInputTextCursorBlink = false;  // a blinking caret would need frames without input
    ImGui_ImplGlfw_InitForOpenGL(window_, true);
    ImGui_ImplOpenGL3_Init("#version 150");
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  ~Window() {
    if (window_ != nullptr) {
      ImGui_ImplOpenGL3_Shutdown();
      ImGui_ImplGlfw_Shutdown();
      ImGui::DestroyContext();
      glfwDestroyWindow(window_);
    }
  }

  [[nodiscard]] GLFWwindow* get() const { return window_; }

  // A picture is drawn as on a usual monitor, wherever it is made.
  [[nodiscard]] InterfaceScale scale(float wanted, float user) const {
    if (screenshot_) {
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

 private:
  static std::string title(const Options& options) {
    return "stepscope · " + options.run + (options.versus.empty() ? "" : " vs " + options.versus);
  }

  bool screenshot_;
  GLFWwindow* window_ = nullptr;
};

unsigned packed(Color c) {
  return (unsigned{c.r} << 16U) | (unsigned{c.g} << 8U) | unsigned{c.b};
}

class App {
 public:
  App(const Options& options, Window& window, Pace& pace)
      : options_(options),
        window_(window),
        pace_(pace),
        state_(options),
        watch_({}),
        loader_(std::make_unique<Loader>(options.run, options.versus, [] { glfwPostEmptyEvent(); })) {
    state_.background.set_wake([] { glfwPostEmptyEvent(); });
  }

  Exit run() { return options_.screenshot.empty() ? interactive() : screenshot(); }

 private:
  Exit interactive() {
    GLFWwindow* window = window_.get();
    while (glfwWindowShouldClose(window) == GLFW_FALSE && !state_.quit) {
      const bool nothing = wait();
      take_data();
      if (nothing && pace_.frames == 0) {
        continue;
      }
      build_frame(false);
      int width = 0;
      int height = 0;
      glfwGetFramebufferSize(window, &width, &height);
      glViewport(0, 0, width, height);
      const Color ground = state_.colors().window;
      glClearColor(static_cast<float>(ground.r) / 255.0F, static_cast<float>(ground.g) / 255.0F,
                   static_cast<float>(ground.b) / 255.0F, 1.0F);
      glClear(GL_COLOR_BUFFER_BIT);
      ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
      glfwSwapBuffers(window);
    }
    return loader_->failed() && state_.run(Side::kA) == nullptr ? Exit::kUnreadable : Exit::kOk;
  }

  // True when time passed and nothing else happened.
  bool wait() {
    if (pace_.frames > 0) {
      --pace_.frames;
      glfwPollEvents();
      return false;
    }
    if (!watch_.live()) {
      glfwWaitEvents();
      return false;
    }
    const auto start = std::chrono::steady_clock::now();
    glfwWaitEventsTimeout(kFollowSeconds);
    const bool over =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() >= kFollowSeconds;
    if (over && loader_->finished() && watch_.changed()) {
      loader_ = std::make_unique<Loader>(
          options_.run, options_.versus, [] { glfwPostEmptyEvent(); }, Loader::First::kWhole);
    }
    return over;
  }

  void take_data() {
    if (loader_->poll(state_)) {
      pace_.frames = kSettleFrames;
    }
    if (!linked_ && loader_->finished()) {
      linked_ = true;
      watch_ = LiveWatch({options_.run, options_.versus});  // now: opening finalizes what has ended
      loader_->poll(state_);                                // what was published last
      state_.apply_deep_links(options_);
      for (const std::string& error : state_.load.errors) {
        complain(error);
      }
      pace_.frames = kSettleFrames;
    }
  }

  void build_frame(bool headless) {
    const InterfaceScale scale = window_.scale(options_.scale, state_.user_scale);
    if (scale.unit * scale.density != font_scale_) {
      font_scale_ = scale.unit * scale.density;
      load_font(font_scale_);
      if (!compat::kDynamicAtlas) {
        ImGui_ImplOpenGL3_DestroyFontsTexture();
        ImGui_ImplOpenGL3_CreateFontsTexture();
      }
    }
    compat::set_font_scale(ImGui::GetIO(), 1 / scale.density);
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGuiIO& io = ImGui::GetIO();
    if (headless) {
      io.DisplaySize = ImVec2(static_cast<float>(options_.width), static_cast<float>(options_.height));
      io.DisplayFramebufferScale = ImVec2(1, 1);
      compat::send_mouse(io, -1e6F, -1e6F);
    }
    ImGui::NewFrame();
    shell_.draw(state_, scale.unit);
    ImGui::Render();
  }

  Exit screenshot() {
    const auto target = Offscreen::make(options_.width, options_.height);
    if (!target) {
      complain("this OpenGL cannot draw a picture of that size; try a smaller --size");
      return Exit::kUsage;
    }
    while (!loader_->finished() && !(options_.early && state_.run(Side::kA) != nullptr)) {
      glfwWaitEventsTimeout(0.05);
      loader_->poll(state_);
    }
    take_data();
    // A layout settles over a few frames: tables learn their columns, windows their scroll range. What a window shows first is not
    // settled either.
    const int frames = options_.early ? 2 : 6;
    for (int frame = 0; frame < frames; ++frame) {
      state_.background.wait();  // what the frame before asked for
      build_frame(true);
    }
    target->begin(packed(state_.colors().window));
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    const analysis::Status written = write_png(target->read(), options_.screenshot);
    if (!written.ok()) {
      complain(written.message());
      return Exit::kUnreadable;
    }
    return loader_->failed() ? Exit::kUnreadable : Exit::kOk;
  }

  const Options& options_;
  Window& window_;
  Pace& pace_;
  AppState state_;
  Shell shell_;
  float font_scale_ = 0;
  bool linked_ = false;
  LiveWatch watch_;
  std::unique_ptr<Loader> loader_;  // last: its thread ends before anything it could wake goes
};

}  // namespace

Exit run_app(const Options& options) {
  const Glfw glfw;
  constexpr const char* kRemedy =
      "; run it on a desktop or through ssh -X, or without a display: xvfb-run -a stepscope-viewer RUN "
      "--screenshot FILE";
  if (!glfw.ok) {
    complain("cannot open a display (" + last_glfw_error + ")" + kRemedy);
    return Exit::kUsage;
  }
  Pace pace;
  Window window(options, pace);
  if (window.get() == nullptr) {
    complain("cannot make a window with OpenGL 3.2 (" + last_glfw_error + ")" + kRemedy);
    return Exit::kUsage;
  }
  return App(options, window, pace).run();
}

}  // namespace stepscope::viewer
