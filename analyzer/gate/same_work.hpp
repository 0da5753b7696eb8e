// SPDX-License-Identifier: Apache-2.0
//
// Candidates that do more work per step, or less, than the base: as they would be with the base's. Internal to the library; the rules stand in
// verdict.hpp.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "analyzer/gate/run_summary.hpp"
#include "analyzer/gate/verdict.hpp"

namespace stepscope::analysis {

// None where the amounts are the same, or not known the same way in all runs. Neither side is empty.
[[nodiscard]] std::optional<StepWork> compare_step_work(std::span<const RunSummary* const> base,
                                                        std::span<const RunSummary* const> candidate);

// The candidate's runs without what the work explains: step times, leaves and their sums; samples per second as if they were as long.
[[nodiscard]] std::vector<RunSummary> with_work_of_base(std::span<const RunSummary* const> base,
                                                        std::span<const RunSummary* const> candidate,
                                                        const StepWork& work);

}  // namespace stepscope::analysis
