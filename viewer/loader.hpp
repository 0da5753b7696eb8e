// SPDX-License-Identifier: Apache-2.0
//
// Loader: opens one or two runs in a thread and hands over what is ready, piece by piece: overviews first (the first
// picture), then all events and steps, then the analysis. The window takes pieces with poll() between frames.
#pragma once

#include <atomic>
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
  // kWhole: nothing is handed over before all events are there, for a run that is on screen already and has grown.
  enum class First : uint8_t { kOverview, kWhole };

  // `wake` is called from the loading thread whenever poll() has something new.
  Loader(std::string run, std::string versus, std::function<void()> wake, First first = First::kOverview);
  // Cancels what is under way and waits for it.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Moves what is ready into the state. True when anything changed.
  bool poll(AppState& state);
  // Everything is loaded, or nothing more will come.
  [[nodiscard]] bool finished() const { return finished_.load(); }
  // The first run could not be opened: exit code 5.
  [[nodiscard]] bool failed() const { return failed_.load(); }

 private:
  struct Parts;
  void load(const std::string& run, const std::string& versus);
  void say(double fraction, const std::string& text);
  void fail(const std::string& message);
  void publish(const std::function<void()>& change);

  std::function<void()> wake_;
  First first_;
  std::mutex mutex_;
  bool changed_ = false;
  LoadStatus status_;
  std::shared_ptr<const RunModel> fresh_[2];
  std::optional<DiffTable> table_;
  std::shared_ptr<const DeltaMap> delta_map_;
  std::vector<MoverTable> movers_;
  std::vector<StepChange> step_changes_;
  std::shared_ptr<const RankMatrix> ranks_[2];
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> finished_{false};
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

}  // namespace stepscope::viewer
