// SPDX-License-Identifier: Apache-2.0
//
// Where steps begin and end in one process, before they are classed. Internal to the library; rules in steps.hpp.
#pragma once

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

// Steps without classes, but for those that a method knows to be none of training (eval); no steps and a sentence in `detail` when there is nothing to go by.
[[nodiscard]] Result<ProcessSteps> find_boundaries(const Run& run, uint32_t process,
                                                   const StepOptions& options);

}  // namespace stepscope::analysis
