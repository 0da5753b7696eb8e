// SPDX-License-Identifier: Apache-2.0
//
// counter_reader: counters and health readings of a run as lines. Decodes those kinds; called on a thread of the window's
// own (background.hpp).
#pragma once

#include <atomic>
#include <vector>

#include "analyzer/run.hpp"
#include "viewer/model/counters.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

struct CounterLines {
  std::vector<CounterLine> lines;  // GPUs first, then processes; each in the order of counter_meaning's table
  std::string error;               // what could not be read; the lines of the other processes are there
};

[[nodiscard]] CounterLines read_counters(const analysis::Run& run, const RunModel& model,
                                         const std::atomic<bool>& cancelled);

}  // namespace stepscope::viewer
