// SPDX-License-Identifier: Apache-2.0
//
// keep_step_window: reduces the recordings of a finished run to the steps that somebody asked for.
//
// Outside the window ranges, phases, batches, step boundaries and the like are dropped. How batches were made
// (batch_fetch; a batch of the window may have been made long before it), counters, health readings and the exit stay.
// Each recording is rewritten beside itself and replaced by an atomic rename: an interruption leaves it whole, reduced or
// not. Stored roll-ups go with the old file. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

// Step numbers as find_steps gives them (Step::number), both included.
struct StepWindow {
  int64_t first = 0;
  int64_t last = 0;
};

struct WindowResult {
  size_t steps = 0;      // of the window, all ranks. 0: none was reached, and everything was kept
  uint64_t dropped = 0;  // events
};

// `path`: a run without spools. Errors: kUnreadable, kUnavailable (disk full).
[[nodiscard]] Result<WindowResult> keep_step_window(const std::string& path, const StepWindow& window);

}  // namespace stepscope::analysis
