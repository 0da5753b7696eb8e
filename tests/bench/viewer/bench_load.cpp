// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/viewer/bench_load.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "analyzer/run.hpp"
#include "tests/bench/support/bars.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/recording_builder.hpp"
#include "viewer/run_loader.hpp"

namespace stepscope::viewer {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

trace::Status write_run(const std::string& path, size_t events) {
  auto created = trace::RecordingBuilder::create(path);
  if (!created.ok()) {
    return created.status();
  }
  trace::RecordingBuilder& builder = created.value();
  builder.set_meta("process.role", "main");
  std::vector<int64_t> names;
  for (int n = 0; n < 150; ++n) {
    names.push_back(builder.intern("kernel_" + std::to_string(n)));
  }
  std::mt19937_64 random(1);
  constexpr uint32_t kLanes = 64;
  for (uint32_t lane = 1; lane <= kLanes; ++lane) {
    trace::LaneDecl declared;
    declared.id = lane;
    declared.type = "thread";
    declared.name = "lane " + std::to_string(lane);
    builder.add_lane(declared);
    int64_t at = 1'000'000'000;
    for (size_t i = 0; i < events / kLanes; ++i) {
      const auto duration = static_cast<int64_t>(500'000 + random() % 1'000'000);
      const int64_t values[] = {at, duration, names[i % names.size()]};
      const trace::Status added = builder.add(trace::Kind::kRange, lane, values);
      if (!added.ok()) {
        return added;
      }
      at += duration + static_cast<int64_t>(random() % 400'000);
    }
  }
  return builder.finish();
}

// From exec to a written picture of what a window shows first, and to one with every event loaded; beside them what the
// program takes with a run of nothing to draw: display, OpenGL, fonts. A picture is there when its file is. Without
// xvfb-run there is no line.
void time_program(const std::string& run) {
  const std::string empty = run + "/empty";
  std::filesystem::create_directories(empty);
  auto created = trace::RecordingBuilder::create(empty + "/main.stepscope");
  if (!created.ok() || !created.value().finish().ok() ||
      std::system("command -v xvfb-run >/dev/null 2>&1") != 0) {
    return;
  }
  const std::string script = "t() { s=$(date +%s%N); $V $1 --wait $2 --screenshot " + empty +
                             "/p.png --size 1920x1080 || exit 1; e=$(date -r " + empty +
                             "/p.png +%s%N); echo $(((e - s) / 1000000)); }; t " + empty + " all; t " + run +
                             " overview; t " + run + " all";
  const std::string command = "xvfb-run -a -s '-screen 0 1920x1080x24 +extension GLX' env V=" STEPSCOPE_VIEWER
                              " sh -c '" +
                              script + "'";
  FILE* pipe = popen(command.c_str(), "r");
  int nothing = 0;
  int first = 0;
  int all = 0;
  if (pipe != nullptr && std::fscanf(pipe, "%d %d %d", &nothing, &first, &all) == 3) {
    std::printf("%-28s %d ms, of an empty run %d ms\n", "exec to a picture of all", all, nothing);
    stepscope::testing::bar("exec to the first picture", first, "ms", 500);
  }
  if (pipe != nullptr) {
    pclose(pipe);
  }
}

int fail(const trace::Status& status) {
  std::printf("bench_load: %s\n", status.message().c_str());
  return 1;
}

}  // namespace

int bench_load(size_t events) {
  const stepscope::testing::TempDir dir;
  const trace::Status written = write_run(dir.file("main.stepscope"), events);
  if (!written.ok()) {
    return fail(written);
  }
  const auto start = Clock::now();
  auto opened = analysis::Run::open(dir.path(), {});
  if (!opened.ok()) {
    return fail(opened.status());
  }
  const auto run = std::make_shared<analysis::Run>(std::move(opened).value());
  auto preview = load_preview(*run);
  if (!preview.ok()) {
    return fail(preview.status());
  }
  std::printf("%-28s %.0f ms (%zu lanes)\n", "open to overview", seconds_since(start) * 1e3,
              preview.value().lanes.size());
  stepscope::testing::bar("open to overview", seconds_since(start) * 1e3, "ms", 500);
  const auto decoding = Clock::now();
  auto model = load_events(run, {});
  if (!model.ok()) {
    return fail(model.status());
  }
  const double seconds = seconds_since(decoding);
  std::printf(
      "%-28s %.2f s, %.1f M events/s, %.2f B/event\n", "all events of a recording", seconds,
      static_cast<double>(model.value().events) / seconds / 1e6,
      static_cast<double>(model.value().resident_bytes()) / static_cast<double>(model.value().events));
  time_program(dir.path());
  return 0;
}

}  // namespace stepscope::viewer
