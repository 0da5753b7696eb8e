// SPDX-License-Identifier: Apache-2.0
//
// look_at_live_steps: how far is a job that is being recorded right now? Reads the step boundaries of its spools,
// read-only, and writes nothing. Costs a pass over the spools each time, so a caller that repeats it should space
// its looks by what the last one took. Not an analysis: no classes, no ledger.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

struct LiveSteps {
  uint64_t steps = 0;          // finished steps of the process that has most
  int64_t recent_step_ns = 0;  // median of the last 20 of them, 0 with none
};

// Processes that cannot be read at this moment are left out.
[[nodiscard]] LiveSteps look_at_live_steps(const std::string& directory);

}  // namespace stepscope::analysis
