// SPDX-License-Identifier: Apache-2.0
//
// lane_decoder: the events of one lane as nested rows, with names that carry kind and category.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "analyzer/run.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

struct LaneControl {
  const std::atomic<bool>* cancelled = nullptr;  // set: decode_lane() ends within a block, with kUsage
  std::function<void(size_t events)> read;       // so many more were decoded
};

// Names of a run, told apart by kind and category too. Thread-safe.
class NameTable {
 public:
  explicit NameTable(const analysis::Run& run) : run_(run) {}
  [[nodiscard]] uint32_t id(uint32_t run_name, trace::Kind kind, Category category);
  [[nodiscard]] uint32_t id(std::string_view text, trace::Kind kind, Category category);
  // For overviews, which know a name but no kind: the category that its text suggests.
  [[nodiscard]] uint32_t by_text(uint32_t run_name);
  // The same for the overview of a GPU stream: a kernel, or a copy where there is no name.
  [[nodiscard]] uint32_t on_stream(uint32_t run_name);
  [[nodiscard]] std::vector<Category> categories() const;
  void store(RunModel& model) const;

 private:
  const analysis::Run& run_;
  mutable std::mutex mutex_;
  std::vector<NameEntry> entries_;
  std::map<std::tuple<std::string, trace::Kind, Category>, uint32_t> ids_;
};

// A sampled stack is recorded at the moment it was taken, with the time since the one before: it stands for that time, and is drawn
// over it. Where an event is drawn, and where one that is drawn is recorded.
[[nodiscard]] inline int64_t drawn_from(trace::Kind kind, int64_t recorded_ns, int64_t duration_ns) {
  return kind == trace::Kind::kPythonSample ? recorded_ns - duration_ns : recorded_ns;
}
[[nodiscard]] inline int64_t recorded_at(trace::Kind kind, int64_t drawn_ns, int64_t duration_ns) {
  return kind == trace::Kind::kPythonSample ? drawn_ns + duration_ns : drawn_ns;
}

// Fills rows, events and too_deep of `lane` (source_lane says which). Events:
//   * every event with a duration, of any kind, nested by time; moments (NVTX marks) too;
//   * "collate" inside a batch made by a worker, at its end;
//   * "forward" between the hand-over of a batch and the backward that follows, where nothing says so itself: the
//     ledger's rule for compute/forward.
// A lane of any number of events is read in windows of time: beside its rows some hundred thousand events are in memory, more where
// most of them lie in a small part of its time.
[[nodiscard]] analysis::Status decode_lane(const analysis::Run& run, LaneModel& lane, NameTable& names,
                                           const LaneControl& control);

}  // namespace stepscope::viewer
