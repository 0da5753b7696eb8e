// SPDX-License-Identifier: Apache-2.0
//
// bench_viewer: what a frame of the viewer costs to build at 10 M events, 64 lanes, 1920x1080, over a zoom sweep from the
// whole run (306 s) to 100 us, one run and two, and while clicks are answered; what a loaded event weighs; how long the delta map of
// two runs takes. No window, no GL: the draw data is built and dropped.
//
//   bench_viewer [events] [frames]
//   bench_viewer scale [events] [frames]      frames at a tenth of the events and at all of them; 100 M unless said
//   bench_viewer big DIRECTORY [events]       a run of 64 recordings, opened as the window does; written when it is not there
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <imgui.h>

#include "tests/bench/support/bars.hpp"
#include "tests/bench/viewer/bench_big.hpp"
#include "tests/bench/viewer/bench_clicks.hpp"
#include "tests/bench/viewer/bench_details.hpp"
#include "tests/bench/viewer/bench_load.hpp"
#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/model/format.hpp"
#include "viewer/shell.hpp"

namespace stepscope::viewer {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// CPU time of this thread: what a frame costs, whatever else the machine does meanwhile.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Cost {
  double cpu = 0;
  double wall = 0;
};

Cost frame(AppState& state, Shell& shell) {
  const auto start = Clock::now();
  const double cpu = cpu_ms();
  ImGui::GetIO().DeltaTime = 1.0F / 60;
  ImGui::NewFrame();
  shell.draw(state, 1.0F);
  ImGui::Render();
  const Cost cost{cpu_ms() - cpu, ms_since(start)};
  compat::finish_headless_frame();
  return cost;
}

struct Bars {
  double p50_ms;
  double p99_ms;
};
constexpr Bars kOneRun{4, 8};
constexpr Bars kTwoRuns{8, 16};

void report(const char* what, const std::vector<Cost>& costs, const Bars& bars) {
  std::vector<double> cpu;
  std::vector<double> wall;
  for (const Cost& cost : costs) {
    cpu.push_back(cost.cpu);
    wall.push_back(cost.wall);
  }
  std::sort(cpu.begin(), cpu.end());
  std::sort(wall.begin(), wall.end());
  const auto at = [](const std::vector<double>& sorted, double share) {
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  std::printf("%-28s CPU p50 %5.2f p99 %5.2f max %5.2f ms   wall p50 %5.2f p99 %5.2f ms   (%zu frames)\n",
              what, at(cpu, 0.5), at(cpu, 0.99), cpu.back(), at(wall, 0.5), at(wall, 0.99), costs.size());
  stepscope::testing::bar("  frame build p50", at(cpu, 0.5), "ms of CPU time", bars.p50_ms);
  stepscope::testing::bar("  frame build p99", at(cpu, 0.99), "ms of CPU time", bars.p99_ms);
}

void sweep(AppState& state, Shell& shell, int frames, const char* what, const Bars& bars) {
  for (int i = 0; i < 3; ++i) {
    (void)frame(state, shell);  // buffers grow
  }
  std::vector<Cost> costs;
  const double whole = state.alignment.extent().length();
  const double middle = whole * 0.37;
  for (int i = 0; i < frames; ++i) {
    const double share = static_cast<double>(i) / (frames - 1);
    const double span = whole * std::pow(1e5 / whole, share);
    state.show_display({middle - span / 2, middle + span / 2});
    costs.push_back(frame(state, shell));
  }
  report(what, costs, bars);
  std::vector<Cost> full;
  state.fit_all();
  for (int i = 0; i < 40; ++i) {
    full.push_back(frame(state, shell));
  }
  report("  of it: the whole run", full, bars);
}

// A frame with each view of the drawer open, once what it computes is there.
void drawer(AppState& state, Shell& shell) {
  constexpr std::pair<const char*, Tab> kViews[] = {
      {"histogram", Tab::kHistogram}, {"ranks", Tab::kRanks}, {"flame", Tab::kFlame},
      {"events", Tab::kEvents},       {"area", Tab::kArea},   {"findings", Tab::kFindings}};
  state.highlight("kernel_0");
  for (const auto& [name, tab] : kViews) {
    state.open_tab(tab);
    for (int i = 0; i < 3; ++i) {
      (void)frame(state, shell);
      state.wait();
    }
    std::vector<Cost> costs;
    for (int i = 0; i < 40; ++i) {
      costs.push_back(frame(state, shell));
    }
    report((std::string("drawer: ") + name).c_str(), costs, kTwoRuns);
  }
  state.drawer_open = false;
}

// What a frame costs where steps are many: the step strip, and the views of the drawer that have them along one edge.
void many_steps(Shell& shell) {
  constexpr int64_t kSteps = 100'000;
  constexpr size_t kEvents = 1'000'000;
  Options options;
  AppState state(options);
  const auto a = testing::dense_run(64, kEvents, 1, kSteps);
  state.set_run(Side::kA, a);
  state.set_run(Side::kB, testing::dense_run(64, kEvents, 2, kSteps));
  state.set_delta_map(std::make_shared<const DeltaMap>(
      DeltaMap::make(*a, *state.run(Side::kB), state.tracks, state.alignment.slots())));
  auto ranks = std::make_shared<RankMatrix>();
  ranks->ranks.resize(16);
  for (int64_t step = 0; step < kSteps; ++step) {
    ranks->steps.push_back(step);
  }
  ranks->resize();
  std::fill(ranks->ns[0].begin(), ranks->ns[0].end(), 3e6F);
  state.set_ranks(Side::kA, ranks);
  state.set_ranks(Side::kB, ranks);
  for (const auto& [name, tab] : {std::pair("100 000 steps: delta map", Tab::kDeltaMap),
                                  std::pair("100 000 steps: ranks", Tab::kRanks)}) {
    state.open_tab(tab);
    for (int i = 0; i < 3; ++i) {
      (void)frame(state, shell);
      state.background.wait();
    }
    std::vector<Cost> costs;
    for (int i = 0; i < 40; ++i) {
      costs.push_back(frame(state, shell));
    }
    report(name, costs, kTwoRuns);
  }
}

// A window that shows one run.
class Zoomed {
 public:
  explicit Zoomed(const std::shared_ptr<const RunModel>& run) {
    state_.drawer_open = false;
    state_.set_run(Side::kA, run);
  }
  // What a frame of so much time costs, ms of CPU time, 0 being the whole run: the median of `frames`.
  double cost(double span_ns, int frames) {
    const double whole = state_.alignment.extent().length();
    if (span_ns > 0) {
      state_.show_display({whole * 0.37 - span_ns / 2, whole * 0.37 + span_ns / 2});
    } else {
      state_.fit_all();
    }
    std::vector<double> costs;
    for (int i = 0; i < frames + 3; ++i) {
      const double cpu = frame(state_, shell_).cpu;
      if (i >= 3) {  // until then buffers grow
        costs.push_back(cpu);
      }
    }
    std::nth_element(costs.begin(), costs.begin() + frames / 2, costs.end());
    return costs[static_cast<size_t>(frames / 2)];
  }

 private:
  Options options_;
  AppState state_{options_};
  Shell shell_;
};

// Frames of `big`, ten times the events, against those of `small`: a run ten times as long shows as much in the same span of time, one
// ten times as dense in a tenth of it. spans_ns[0] is the whole run. Both are measured at one zoom after the other, since a machine
// that others use, too, changes its speed within a minute.
void compare_scale(const char* what, Zoomed& small, const std::shared_ptr<const RunModel>& of_big,
                   std::span<const double> spans_ns, double zoom, int frames) {
  Zoomed big(of_big);
  std::printf("%s: ms of CPU time a frame\n", what);
  double sums[2][2] = {};  // wide and close views of both
  double whole = 0;
  for (const double span : spans_ns) {
    const double few = small.cost(span, frames);
    const double many = big.cost(span / zoom, frames);
    std::printf("  %12s %6.2f %6.2f  x%.2f\n", span > 0 ? format_duration(span / zoom).c_str() : "whole run",
                few, many, many / few);
    const bool close = span > 0 && span < 1e9;
    sums[close ? 1 : 0][0] += few;
    sums[close ? 1 : 0][1] += many;
    whole = span > 0 ? whole : many / few;
  }
  constexpr double kMost = 1.3;
  stepscope::testing::bar("  the whole run", whole, "times", kMost);
  stepscope::testing::bar("  views of many steps", sums[0][1] / sums[0][0], "times", kMost);
  stepscope::testing::bar("  views of few steps and parts of one", sums[1][1] / sums[1][0], "times", kMost);
}

void begin_drawing() {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.DisplaySize = ImVec2(1920, 1080);
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  compat::prepare_headless_fonts(io);
  compat::send_mouse(io, -1e6F, -1e6F);
}

int scale(size_t events, int frames) {
  begin_drawing();
  std::vector<double> spans_ns = {0};
  for (double span = 300e9; span >= 1e5; span /= 2) {
    spans_ns.push_back(span);
  }
  Zoomed small(testing::dense_run(64, events / 10, 1));
  compare_scale("ten times as long", small, testing::dense_run(64, events, 1, 10000), spans_ns, 1, frames);
  compare_scale("ten times as dense", small, testing::dense_run(64, events, 1), spans_ns, 10, frames);
  ImGui::DestroyContext();
  return 0;
}

int run(size_t events, int frames) {
  begin_drawing();
  auto start = Clock::now();
  const auto a = testing::dense_run(64, events, 1);
  std::printf("%-28s %.0f ms (with making them)\n", "rows, sums and mips built in", ms_since(start));
  std::printf("%-28s %.2f\n", "bytes per event",
              static_cast<double>(a->resident_bytes()) / static_cast<double>(a->events));
  stepscope::testing::bar("resident bytes per event",
                          static_cast<double>(a->resident_bytes()) / static_cast<double>(a->events), "B", 20);
  bench_details(a);
  Options options;
  AppState state(options);
  Shell shell;
  state.drawer_open = false;  // all of the window for the lanes
  start = Clock::now();
  state.set_run(Side::kA, a);
  (void)frame(state, shell);
  std::printf("%-28s %.1f ms\n", "first frame after loading", ms_since(start));
  sweep(state, shell, frames, "one run, zoom sweep", kOneRun);
  state.set_run(Side::kB, testing::dense_run(64, events, 2));
  start = Clock::now();
  state.set_delta_map(std::make_shared<const DeltaMap>(
      DeltaMap::make(*a, *state.run(Side::kB), state.tracks, state.alignment.slots())));
  stepscope::testing::bar("delta map of two runs", ms_since(start), "ms", 200);
  sweep(state, shell, frames, "two runs, zoom sweep", kTwoRuns);
  bench_clicks(state, [&] {
    const double before = cpu_ms();
    (void)state.take_answers();  // as the window does before it draws
    const double taken = cpu_ms() - before;
    return taken + frame(state, shell).cpu;
  });
  drawer(state, shell);
  many_steps(shell);
  ImGui::DestroyContext();
  return bench_load(events);
}

}  // namespace
}  // namespace stepscope::viewer

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "scale" || (what == "big" && argc > 2)) {
    const int of_events = what == "big" ? 3 : 2;
    const size_t events = argc > of_events ? std::strtoull(argv[of_events], nullptr, 10) : 100'000'000;
    return what == "big" ? stepscope::viewer::bench_big(events, argv[2])
                         : stepscope::viewer::scale(events, argc > 3 ? std::atoi(argv[3]) : 9);
  }
  const size_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  const int frames = argc > 2 ? std::atoi(argv[2]) : 300;
  return stepscope::viewer::run(std::max<size_t>(events, 1000), std::max(frames, 10));
}
