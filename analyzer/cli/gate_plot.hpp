// SPDX-License-Identifier: Apache-2.0
//
// Small pictures of runs: a line of blocks for text, SVG for a page. No fonts, scripts or files from elsewhere.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/cli/gate_view.hpp"
#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis::cli {

// One of eight blocks per value, lowest to highest.
[[nodiscard]] std::string sparkline(std::span<const double> values);

// Step time over the steps of each run, base and candidate in two colours, medians as lines.
[[nodiscard]] std::string step_plot_svg(std::span<const RunSummary> base,
                                        std::span<const RunSummary> candidate);

// From the base's step to the candidate's, term by term.
[[nodiscard]] std::string waterfall_svg(std::span<const GateTerm> terms, double base_ns, double candidate_ns);

}  // namespace stepscope::analysis::cli
