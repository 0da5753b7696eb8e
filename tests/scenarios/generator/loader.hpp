// SPDX-License-Identifier: Apache-2.0
//
// Loader: the batches of one rank, made the way PyTorch's DataLoader does: indices are dispatched round-robin, each worker has
// a few batches ahead of the training, and batches are delivered in order.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/scenarios/generator/job.hpp"

namespace stepscope::scenarios {

// One batch: made by a worker (-1: the training thread itself) and taken by the training. ns of the true clock.
struct MadeBatch {
  int64_t task = 0, worker = -1;
  int64_t dispatch_ns = 0, received_ns = 0, start_ns = 0, cpu_ns = 0, sleep_ns = 0, collate_ns = 0,
          put_ns = 0;
  int64_t wait_begin_ns = 0, arrive_ns = 0, wait_end_ns = 0;  // the training's side

  [[nodiscard]] int64_t made_ns() const { return cpu_ns + sleep_ns + collate_ns; }
};

class Loader {
 public:
  Loader(const LoaderHabits& habits, const Noise& noise, int64_t steps);

  // The training asks for the next batch at `now`; when it has it.
  int64_t next(int64_t now);
  // All that was dispatched; those never taken have wait_end_ns 0.
  [[nodiscard]] std::vector<MadeBatch> take() { return std::move(batches_); }

 private:
  MadeBatch make(int64_t begin);
  void dispatch(int64_t now);

  const LoaderHabits& habits_;
  const Noise& noise_;
  int64_t last_step_;
  std::vector<int64_t> worker_free_ns_;
  std::vector<MadeBatch> batches_;
  size_t taken_ = 0;
};

}  // namespace stepscope::scenarios
