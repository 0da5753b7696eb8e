// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/step_summary.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace stepscope::analysis::cli {
namespace {

// The smallest value that at least `percent` of the sorted values do not exceed.
int64_t nearest_rank(const std::vector<int64_t>& sorted, size_t percent) {
  const size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[rank == 0 ? 0 : rank - 1];
}

ClassSummary summarize(StepClass step_class, std::vector<int64_t> durations) {
  std::sort(durations.begin(), durations.end());
  const auto count = static_cast<int64_t>(durations.size());
  const int64_t sum = std::accumulate(durations.begin(), durations.end(), int64_t{0});
  return {step_class,
          durations.size(),
          (sum + count / 2) / count,
          nearest_rank(durations, 50),
          nearest_rank(durations, 95),
          durations.front(),
          durations.back()};
}

}  // namespace

std::vector<ClassSummary> summarize_classes(std::span<const ProcessSteps> processes) {
  std::array<std::vector<int64_t>, kStepClassCount> durations;
  for (const ProcessSteps& process : processes) {
    for (const Step& step : process.steps) {
      durations.at(static_cast<size_t>(step.step_class)).push_back(step.duration_ns());
    }
  }
  std::vector<ClassSummary> result;
  for (size_t c = 0; c < kStepClassCount; ++c) {
    if (!durations.at(c).empty()) {
      result.push_back(summarize(static_cast<StepClass>(c), std::move(durations.at(c))));
    }
  }
  return result;
}

}  // namespace stepscope::analysis::cli
