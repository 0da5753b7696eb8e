// SPDX-License-Identifier: Apache-2.0
//
// Runs loaded as the window loads them, for tests without one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "trace/spool_writer.hpp"
#include "viewer/loader.hpp"

namespace stepscope::viewer::testing {

inline void wait_for(const Loader& loader) {
  while (!loader.finished()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

// Loads to the end and gives back what the window would know.
inline std::unique_ptr<AppState> load(const std::string& a, const std::string& b, bool* failed = nullptr) {
  auto state = std::make_unique<AppState>(Options());
  Loader loader(a, b, [] {});
  wait_for(loader);
  (void)loader.poll(*state);
  if (failed != nullptr) {
    *failed = loader.failed();
  }
  return state;
}

// A process that is being recorded: this one writes its spool, a range "train_step" of 10 ms after the other.
class LiveProcess {
 public:
  explicit LiveProcess(const std::string& directory) {
    std::filesystem::create_directories(directory);
    if (spool_.open(directory.c_str(), "main-r0-node0-9-1") != 0) {
      throw std::runtime_error("no spool in " + directory);
    }
    spool_.meta("process.role", "main");
    spool_.meta("process.pid", "9");
    ring_ = spool_.acquire_ring(9, "MainThread", 1 << 18);
    name_ = spool_.intern("train_step", 10);
  }
  void push(int64_t until) {
    constexpr int64_t kStep = 10'000'000;
    for (; pushed_ < until; ++pushed_) {
      const int64_t range[] = {1'000'000'000 + pushed_ * kStep, kStep, name_, 0, 0, 2, 0, 0, 0};
      (void)spool_.push(ring_, trace::Kind::kRange, 0, range, std::size(range));
    }
    (void)spool_.drain();
  }
  // As SIGKILL: mappings and locks go, the files stay.
  void kill() { spool_.abandon_in_child(); }

 private:
  trace::Spool spool_;
  trace::Ring* ring_ = nullptr;
  uint32_t name_ = 0;
  int64_t pushed_ = 0;
};

}  // namespace stepscope::viewer::testing
