// SPDX-License-Identifier: Apache-2.0
//
// Why the step changed, for a gate.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/cli/gate_view.hpp"
#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis::cli {

// The diff of the recordings, of the last five of a side at most. Analyses them whole, which takes its time. kNotComparable with
// what differs when they are not the same work.
[[nodiscard]] Result<GateCauses> causes_by_diff(std::span<const std::string> base,
                                                std::span<const std::string> candidate);

// The leaves of the summaries: all that a baseline store keeps of a run.
[[nodiscard]] GateCauses causes_by_leaves(std::span<const RunSummary> base,
                                          std::span<const RunSummary> candidate);

}  // namespace stepscope::analysis::cli
