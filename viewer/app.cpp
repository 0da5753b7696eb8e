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
#include "viewer/frame_script.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/loader.hpp"
#include "viewer/screenshot.hpp"
#include "viewer/session.hpp"
#include "viewer/shell.hpp"
#include "viewer/user_files.hpp"
#include "viewer/window.hpp"

namespace stepscope::viewer {
namespace {

constexpr const char* kNoPicture = "this OpenGL cannot draw a picture of that size; try a smaller --size";
constexpr double kFollowSeconds = 2;  // between looks at a run that is being recorded
constexpr int kSettleFrames = 3;      // frames after an input until everything has reacted to it

void complain(const std::string& message) {
  std::fprintf(stderr, "stepscope-viewer: %s\n", message.c_str());
}

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
        loader_(std::make_unique<Loader>(options.run, options.versus, [] { glfwPostEmptyEvent(); })) {
    state_.background.set_wake([] { glfwPostEmptyEvent(); });
  }

  Exit run() {
    return !options_.script.empty() ? script() : options_.screenshot.empty() ? interactive() : screenshot();
  }

 private:
  Exit interactive() {
    GLFWwindow* window = window_.get();
    tell(load_keys(options_.keys, state_.keys));
    tell(load_panes(state_.panes));
    const Panes before = state_.panes;
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
      if (!ImGui::GetIO().WantTextInput) {  // not with every letter of a note
        tell({notes_.keep(state_)});
      }
    }
    tell({notes_.keep(state_)});
    if (state_.panes != before) {
      if (const std::string wrong = save_panes(state_.panes); !wrong.empty()) {
        complain(wrong);
      }
    }
    return loader_->failed() && state_.run(Side::kA) == nullptr ? Exit::kUnreadable : Exit::kOk;
  }

  // On stderr, and the first of them in the status line.
  void tell(const std::vector<std::string>& sentences) {
    for (const std::string& sentence : sentences) {
      if (sentence.empty()) {
        continue;
      }
      complain(sentence);
      state_.message = state_.message.empty() ? sentence : state_.message;
    }
  }

  // True when time passed and nothing else happened.
  bool wait() {
    if (pace_.frames > 0) {
      --pace_.frames;
      glfwPollEvents();
      return false;
    }
    if (!loader_->live()) {
      glfwWaitEvents();
      return false;
    }
    const auto start = std::chrono::steady_clock::now();
    glfwWaitEventsTimeout(kFollowSeconds);
    const bool over =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() >= kFollowSeconds;
    if (over) {
      (void)loader_->follow();
    }
    return over;
  }

  void take_data() {
    if (loader_->poll(state_)) {
      pace_.frames = kSettleFrames;
    }
    if (!linked_ && loader_->finished()) {
      linked_ = true;
      loader_->poll(state_);  // what was published last
      state_.apply_deep_links(options_);
      for (const std::string& error : state_.load.errors) {
        complain(error);
      }
      tell(notes_.open(state_));
      pace_.frames = kSettleFrames;
    }
  }

  void build_frame(bool headless) {
    const InterfaceScale scale = window_.scale(options_.scale, state_.user_scale);
    if (scale.unit * scale.density != font_scale_) {
      font_scale_ = scale.unit * scale.density;
      load_font(font_scale_);
      compat::rebuild_font_texture();
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

  // Until everything is loaded, or with --wait overview until there is something to see.
  void load_unseen() {
    if (!options_.keys.empty()) {  // a picture depends on nothing but its arguments and its runs
      tell(load_keys(options_.keys, state_.keys));
      state_.message.clear();
    }
    while (!loader_->finished() && !(options_.early && state_.run(Side::kA) != nullptr)) {
      glfwWaitEventsTimeout(0.05);
      loader_->poll(state_);
    }
    take_data();
  }

  analysis::Status write_picture(const Offscreen& target, const std::string& path) {
    target.begin(packed(state_.colors().window));
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    return write_png(target.read(), path);
  }

  Exit screenshot() {
    const auto target = Offscreen::make(options_.width, options_.height);
    if (!target) {
      complain(kNoPicture);
      return Exit::kUsage;
    }
    load_unseen();
    // A layout settles over a few frames: tables learn their columns, windows their scroll range. What a window shows first is not
    // settled either.
    const int frames = options_.early ? 2 : 6;
    for (int frame = 0; frame < frames; ++frame) {
      state_.background.wait();  // what the frame before asked for
      build_frame(true);
    }
    const analysis::Status written = write_picture(*target, options_.screenshot);
    if (!written.ok()) {
      complain(written.message());
      return Exit::kUnreadable;
    }
    return loader_->failed() ? Exit::kUnreadable : Exit::kOk;
  }

  Exit script() {
    const auto content = read_file(options_.script);
    if (!content.ok() || !content.value()) {
      complain(content.ok() ? options_.script + ": there is no such script" : content.status().message());
      return Exit::kUsage;
    }
    const auto lines = parse_script(*content.value(), options_.script);
    if (!lines.ok()) {
      complain(lines.status().message());
      return Exit::kUsage;
    }
    const auto target = Offscreen::make(options_.width, options_.height);
    if (!target) {
      complain(kNoPicture);
      return Exit::kUsage;
    }
    load_unseen();
    if (loader_->failed()) {
      return Exit::kUnreadable;
    }
    FrameScript host(state_, shell_,
                     {[this] {
                        build_frame(true);
                        state_.background.wait();  // what the frame asked for is in the next one
                      },
                      [&](const std::string& path) { return write_picture(*target, path); }});
    const ScriptEnd end = run_script(lines.value(), options_.script, state_, host);
    if (!end.sentence.empty()) {
      complain(end.sentence);
    }
    return end.code;
  }

  const Options& options_;
  Window& window_;
  Pace& pace_;
  AppState state_;
  Shell shell_;
  float font_scale_ = 0;
  bool linked_ = false;
  SessionNotes notes_;
  std::unique_ptr<Loader> loader_;  // last: its thread ends before anything it could wake goes
};

}  // namespace

Exit run_app(const Options& options) {
  const Display display;
  constexpr const char* kRemedy =
      "; run it on a desktop or through ssh -X, or without a display: xvfb-run -a stepscope-viewer RUN "
      "--screenshot FILE";
  if (!display.ok) {
    complain("cannot open a display (" + display_error() + ")" + kRemedy);
    return Exit::kUsage;
  }
  Pace pace;
  Window window(options, pace);
  if (window.get() == nullptr) {
    complain("cannot make a window with OpenGL 3.2 (" + display_error() + ")" + kRemedy);
    return Exit::kUsage;
  }
  return App(options, window, pace).run();
}

}  // namespace stepscope::viewer
