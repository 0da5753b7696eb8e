// SPDX-License-Identifier: Apache-2.0
//
// Durations of steps per class: what `steps`, `info` and the closing line of `record` show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/steps.hpp"

namespace stepscope::analysis::cli {

struct ClassSummary {
  StepClass step_class = StepClass::kTrain;
  size_t steps = 0;
  int64_t mean_ns = 0;  // rounded to the nearest ns
  int64_t median_ns = 0;
  int64_t p95_ns = 0;  // nearest rank
  int64_t min_ns = 0;
  int64_t max_ns = 0;
};

// Classes that occur, in the order of the enum.
[[nodiscard]] std::vector<ClassSummary> summarize_classes(std::span<const ProcessSteps> processes);

}  // namespace stepscope::analysis::cli
