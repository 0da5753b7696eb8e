// SPDX-License-Identifier: Apache-2.0
//
// The secondary metrics of a gate. Internal to the library; what they mean stands in verdict.hpp.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "analyzer/gate/policy.hpp"
#include "analyzer/gate/run_summary.hpp"
#include "analyzer/gate/verdict.hpp"

namespace stepscope::analysis {

[[nodiscard]] bool less_is_worse(std::string_view metric);

// By name, those that all runs have (a leaf that a run lacks took no time there) and the policy does not ignore. `level` is that
// of the look; a regression of a metric that decides needs `strict_level`.
[[nodiscard]] std::vector<MetricChange> compare_metrics(std::span<const RunSummary* const> base,
                                                        std::span<const RunSummary* const> candidate,
                                                        const Policy& policy, double level,
                                                        double strict_level);

// Metrics that decide by this policy and are in the runs: each takes part of alpha.
[[nodiscard]] size_t deciding_metrics(std::span<const RunSummary* const> base,
                                      std::span<const RunSummary* const> candidate, const Policy& policy);

}  // namespace stepscope::analysis
