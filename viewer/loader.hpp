// SPDX-License-Identifier: Apache-2.0
//
// Loader: opens one or two runs in a thread and hands over what is ready, piece by piece: overviews first (the first
// picture), then all events and steps, then the analysis. The window takes pieces with poll() between frames. A run that is
// still being recorded is read again as it grows: follow().
//
// Whatever goes wrong in its threads, memory that runs out too, is a sentence in LoadStatus::errors and costs the run or the view that it is
// about, not the others. One thread calls, the window's.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

class Loader {
 public:
  // `wake` is called from threads that load whenever poll() has something new.
  Loader(std::string run, std::string versus, std::function<void()> wake);
  // Stops what is under way and waits for it: a few hundredths of a second.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Moves what is ready into the state, and stops loading when AppState::stop_loading says so. True when anything changed.
  bool poll(AppState& state);
  // Everything is loaded, or nothing more will come.
  [[nodiscard]] bool finished() const { return finished_.load(); }
  // A run could not be opened or read: exit code 5.
  [[nodiscard]] bool failed() const { return failed_.load(); }
  // Ends what is under way without waiting for it. What was handed over stays.
  void stop() { stopped_ = true; }

  // Once finished(): a run was still being recorded when it was read.
  [[nodiscard]] bool live() const;
  // Once finished(), now and then: looks whether there is more of a live run, and if so begins to read that run again, and only that
  // one; the picture stays until all of it is there. False when there is no news.
  bool follow();

 private:
  struct Loaded;
  struct Parts;
  void begin(std::array<bool, 2> read);
  void load(std::array<bool, 2> read);
  void end();
  void say(double fraction, const std::string& text);
  void say_progress(double fraction, const std::function<std::string()>& text);
  void fail(const std::string& message);
  void publish(const std::function<void()>& change);
  // Does it, and has a sentence when it throws; false then.
  bool guard(const std::string& doing, const std::function<void()>& work);

  std::array<std::string, 2> paths_;
  std::function<void()> wake_;
  std::mutex mutex_;
  bool changed_ = false;
  LoadStatus status_;
  std::chrono::steady_clock::time_point said_;
  std::shared_ptr<const RunModel> fresh_[2];
  std::optional<DiffTable> table_;
  std::shared_ptr<const DeltaMap> delta_map_;
  std::vector<MoverTable> movers_;
  std::vector<StepChange> step_changes_;
  std::shared_ptr<const RankMatrix> ranks_[2];
  std::unique_ptr<Loaded> sides_[2];  // of the loading thread until it has ended
  bool reread_ = false;               // the runs are on screen already
  std::atomic<bool> stopped_{false};
  std::atomic<bool> closing_{false};
  std::atomic<bool> finished_{false};
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

}  // namespace stepscope::viewer
