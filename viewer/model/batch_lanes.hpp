// SPDX-License-Identifier: Apache-2.0
//
// BatchLanes: how the batches of one training process came about: which worker made each when, how long it lay ready, how long
// the training thread waited for it, and whether it was held up behind another (head of line). Pure; batch_reader.hpp fills it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

inline constexpr uint32_t kNoWorker = 0xFFFFFFFFU;

// Times are of the run; the making of a batch is known where worker != kNoWorker. dispatch <= begin <= collate <= end <= put.
struct BatchBar {
  int64_t loader = 0, epoch = 0, task = 0;
  int64_t wait_begin_ns = 0, wait_end_ns = 0;  // the training thread inside next()
  int64_t dispatch_ns = 0;                     // 0: not known
  int64_t begin_ns = 0, collate_ns = 0, end_ns = 0,
          put_ns = 0;  // fetch [begin, collate), collate [collate, end)
  int64_t cpu_ns = 0, starved_ns = 0, io_ns = 0, blocked_ns = 0;  // of the fetch
  uint32_t worker = kNoWorker;                                    // index into BatchLanes::workers
  uint32_t consumer_lane = 0;                                     // lane number of the analyzer's Run
  uint32_t maker_lane = 0;
  uint32_t ready_behind = 0;  // batches of later tasks that were ready while this one was waited for
  [[nodiscard]] int64_t wait_ns() const { return wait_end_ns - wait_begin_ns; }
};

struct BatchWorker {
  std::string title;              // "worker 2", "in process"
  std::vector<uint32_t> batches;  // ascending by begin_ns
  int64_t busy_ns = 0;            // making batches
};

// Batches that were ready and not taken, from `time_ns` on.
struct QueueDepth {
  int64_t time_ns = 0;
  uint32_t ready = 0;
};

struct BatchLanes {
  std::string title;              // of the training process
  std::string error;              // why there is nothing
  std::vector<BatchBar> batches;  // ascending by wait_begin_ns
  std::vector<BatchWorker> workers;
  std::vector<QueueDepth> depth;  // ascending; derived
  int64_t waited_ns = 0;          // derived
  uint64_t held_up = 0;           // batches waited for while later ones were ready; derived
  uint32_t most_ready = 0;        // derived

  // Fills what is derived, and the workers' lists.
  void derive();
  // Batches ready at a time.
  [[nodiscard]] uint32_t ready_at(int64_t t) const;
};

}  // namespace stepscope::viewer
