// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/viewer/bench_load.hpp"

#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "analyzer/run.hpp"
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
  return 0;
}

}  // namespace stepscope::viewer
