// SPDX-License-Identifier: Apache-2.0
//
// bench_frame: what a whole frame takes, from building it to having it on the screen: 1920x1080, 10 M events, 64 lanes, one run and
// two, over a zoom sweep and with each view of the drawer; drawn by whatever OpenGL the display has, glFinish included.
//
//   xvfb-run -a -s '-screen 0 1920x1080x24 +extension GLX' bench_frame [events] [frames]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include "tests/bench/support/bars.hpp"
#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/fonts.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/presenter.hpp"
#include "viewer/shell.hpp"
#include "viewer/window.hpp"

namespace stepscope::viewer {
namespace {

using Clock = std::chrono::steady_clock;

double ms_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - start).count();
}

constexpr double kWholeFrameMs = 33;

struct FrameCost {
  double build = 0;
  double show = 0;
  int vertices = 0;
  [[nodiscard]] double whole() const { return build + show; }
};

double at_share(const std::vector<FrameCost>& costs, double share, double (*of)(const FrameCost&)) {
  std::vector<double> values;
  for (const FrameCost& cost : costs) {
    values.push_back(of(cost));
  }
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

void print(const char* what, const std::vector<FrameCost>& costs) {
  const auto whole = [](const FrameCost& cost) { return cost.whole(); };
  const double p99 = at_share(costs, 0.99, whole);
  std::printf(
      "%-24s build p50 %5.1f  draw p50 %5.1f  whole p50 %5.1f p99 %5.1f max %5.1f ms  vertices %.0f (%zu "
      "frames)\n",
      what, at_share(costs, 0.5, [](const FrameCost& cost) { return cost.build; }),
      at_share(costs, 0.5, [](const FrameCost& cost) { return cost.show; }), at_share(costs, 0.5, whole), p99,
      at_share(costs, 1, whole),
      at_share(costs, 1, [](const FrameCost& cost) { return static_cast<double>(cost.vertices); }),
      costs.size());
  stepscope::testing::bar("  whole frame p99", p99, "ms", kWholeFrameMs);
}

class FrameBench {
 public:
  FrameBench(Window& window, int frames)
      : frames_(frames), presenter_(window.get(), false), state_(Options()) {
    load_font(1);
    compat::rebuild_font_texture();
    glfwSwapInterval(0);
  }

  void sweep(const char* what) {
    for (int i = 0; i < 3; ++i) {
      (void)frame(true);  // buffers grow
    }
    std::vector<FrameCost> costs;
    const double all = state_.alignment.extent().length();
    const double middle = all * 0.37;
    for (int i = 0; i < frames_; ++i) {
      const double span = all * std::pow(1e5 / all, static_cast<double>(i) / (frames_ - 1));
      state_.show_display({middle - span / 2, middle + span / 2});
      costs.push_back(frame(true));
    }
    print(what, costs);
    state_.fit_all();
    print("  the whole run", some(true));
  }

  // Each view of the drawer under the whole run, once what it computes is there.
  void drawer() {
    constexpr std::pair<const char*, Tab> kTabs[] = {
        {"findings", Tab::kFindings},   {"area", Tab::kArea},   {"delta map", Tab::kDeltaMap},
        {"histogram", Tab::kHistogram}, {"ranks", Tab::kRanks}, {"flame", Tab::kFlame},
        {"events", Tab::kEvents},       {"sql", Tab::kSql}};
    state_.highlight("kernel_0");
    for (const auto& [name, tab] : kTabs) {
      state_.drawer_open = true;
      state_.open_tab(tab);
      for (int i = 0; i < 4; ++i) {
        (void)frame(true);
        state_.background.wait();
      }
      print((std::string("drawer: ") + name).c_str(), some(true));
    }
  }

  // What any program pays here for a picture of this size: cleared, swapped, finished.
  void plain() {
    std::vector<FrameCost> costs;
    for (int i = 0; i < 25; ++i) {
      const auto start = Clock::now();
      glClearColor(0, static_cast<float>(i % 2), 0, 1);
      glClear(GL_COLOR_BUFFER_BIT);
      glfwSwapBuffers(glfwGetCurrentContext());
      glFinish();
      costs.push_back({0, ms_between(start, Clock::now()), 0});
    }
    print("nothing but a clear", costs);
  }

  // A frame that is the same as the one before is built and not drawn.
  void unchanged() { print("unchanged frame", some(false)); }

  AppState& state() { return state_; }

 private:
  std::vector<FrameCost> some(bool exposed) {
    std::vector<FrameCost> costs;
    for (int i = 0; i < 25; ++i) {
      costs.push_back(frame(exposed));
    }
    return costs;
  }

  FrameCost frame(bool exposed) {
    glfwPollEvents();
    const auto start = Clock::now();
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    compat::send_mouse(ImGui::GetIO(), -1e6F, -1e6F);
    ImGui::NewFrame();
    shell_.draw(state_, 1.0F);
    ImGui::Render();
    const auto built = Clock::now();
    presenter_.present(*ImGui::GetDrawData(), Shell::ground_of(state_), exposed);
    glFinish();
    return {ms_between(start, built), ms_between(built, Clock::now()), ImGui::GetDrawData()->TotalVtxCount};
  }

  int frames_;
  Presenter presenter_;
  AppState state_;
  Shell shell_;
};

int run(size_t events, int frames) {
  const Display display;
  Options options;
  options.width = 1920;
  options.height = 1080;
  Pace pace;
  Window window(options, pace);
  if (!display.ok || window.get() == nullptr) {
    std::printf("bench_frame: no display with OpenGL 3.2 (%s); run it under xvfb-run\n",
                display_error().c_str());
    return 2;
  }
  std::printf("%s\n", reinterpret_cast<const char*>(glGetString(GL_RENDERER)));
  FrameBench bench(window, frames);
  bench.plain();
  AppState& state = bench.state();
  state.drawer_open = false;  // all of the window for the lanes
  const auto a = testing::dense_run(64, events, 1);
  state.set_run(Side::kA, a);
  bench.sweep("one run, zoom sweep");
  state.set_run(Side::kB, testing::dense_run(64, events, 2));
  state.set_delta_map(std::make_shared<const DeltaMap>(
      DeltaMap::make(*a, *state.run(Side::kB), state.tracks, state.alignment.slots())));
  bench.sweep("two runs, zoom sweep");
  bench.drawer();
  bench.unchanged();
  return 0;
}

}  // namespace
}  // namespace stepscope::viewer

int main(int argc, char** argv) {
  const size_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  const int frames = argc > 2 ? std::atoi(argv[2]) : 100;
  return stepscope::viewer::run(std::max<size_t>(events, 1000), std::max(frames, 10));
}
