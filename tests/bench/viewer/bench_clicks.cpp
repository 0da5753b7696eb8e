// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/viewer/bench_clicks.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/bench/support/bars.hpp"

namespace stepscope::viewer {
namespace {

constexpr double kFrameMs = 16;

double thread_cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

bool waiting(const AppState& state) {
  return state.event_pending() || state.gap_pending() || state.area_pending() || state.find_pending() ||
         state.axis_pending();
}

struct Click {
  const char* what;
  std::function<void()> act;
};

}  // namespace

void bench_clicks(AppState& state, const std::function<double()>& draw) {
  const EventRef somewhere{Side::kB, 1, 0,
                           static_cast<uint32_t>(state.run(Side::kB)->lanes[1].rows[0].size() / 2)};
  const Click clicks[] = {
      {"select all", [&] { state.select_all(); }},
      {"area of all steps",
       [&] {
         state.select_steps(0, state.alignment.slots().size(), true);
         state.select_area_of_selection();
       }},
      {"select an event", [&] { state.select_event(somewhere); }},
      {"align by it", [&] { state.align_by_selection(); }},
      {"align by time", [&] { state.set_alignment(AlignMode::kAbsolute); }},
      {"align by event again", [&] { state.set_alignment(AlignMode::kAnchor); }},
      {"align by step start", [&] { state.set_alignment(AlignMode::kStepStart); }},
      {"search", [&] { state.search_for("kernel_899"); }},
      {"next match", [&] { state.find(true); }},
      {"previous match", [&] { state.find(false); }},
      {"a name that no event has",
       [&] {
         state.clear();
         state.search_for("no such kernel");
         state.find(true);
       }},
      {"a gap",
       [&] {
         state.select_gap({Side::kA, 0, 1'000'000, 2'000'000});
       }},
  };
  state.drawer_open = true;
  double most = 0;
  for (const Click& click : clicks) {
    const auto start = std::chrono::steady_clock::now();
    double worst = thread_cpu_ms();
    click.act();
    worst = thread_cpu_ms() - worst + draw();
    size_t frames = 1;
    while (waiting(state)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
      worst = std::max(worst, draw());
      ++frames;
    }
    const std::chrono::duration<double, std::milli> answered = std::chrono::steady_clock::now() - start;
    std::printf("%-28s CPU of the slowest frame %5.2f ms   answered after %6.1f ms (%zu frames)\n",
                click.what, worst, answered.count(), frames);
    most = std::max(most, worst);
    state.wait();
    (void)draw();
  }
  stepscope::testing::bar("slowest frame of all clicks", most, "ms of CPU time", kFrameMs);
  state.clear();
  state.fit_all();
  state.drawer_open = false;
}

}  // namespace stepscope::viewer
