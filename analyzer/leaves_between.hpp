// SPDX-License-Identifier: Apache-2.0
//
// leaves_between: what the ledger calls a stretch of time of one process, such as a gap in which its GPU was idle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

struct LeafDuration {
  std::string leaf;
  int64_t ns = 0;
};

// The leaves of [begin, end) of the process of `steps`, by the rules of ledger.hpp, longest first; they add up to the part of it
// that lies in steps. For a click: reads the steps that the span touches. Deterministic; any thread.
[[nodiscard]] Result<std::vector<LeafDuration>> leaves_between(const Run& run, const ProcessSteps& steps,
                                                               const TimeRange& span);

}  // namespace stepscope::analysis
