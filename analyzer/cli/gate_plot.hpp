// SPDX-License-Identifier: Apache-2.0
//
// Small pictures of runs: a line of blocks for text; for a page (html_page.hpp) SVG and a table with bars. They are as wide as the
// page is: places are shares of the width, text has its own size.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/cli/gate_view.hpp"
#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis::cli {

// One of eight blocks per value, lowest to highest.
[[nodiscard]] std::string sparkline(std::span<const double> values);

// A dot per run at its median step, a row per side, and a line at the base's step with what the policy allows on top. Runs that
// are not counted are rings. "" when no run has a step.
[[nodiscard]] std::string run_plot_svg(const GateResult& result);

// Step time over the steps of each run, base and candidate in two colours, medians as lines.
[[nodiscard]] std::string step_plot_svg(std::span<const RunSummary> base,
                                        std::span<const RunSummary> candidate);

// From the base's step to the candidate's, term by term: each bar begins where the one before it ends.
[[nodiscard]] std::string waterfall_table(std::span<const GateTerm> terms, double base_ns,
                                          double candidate_ns);

}  // namespace stepscope::analysis::cli
