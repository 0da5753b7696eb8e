// SPDX-License-Identifier: Apache-2.0
//
// analysis_table: the analyzer's diff, ledger and findings as the DiffTable that the window shows.
#pragma once

#include "analyzer/compare.hpp"
#include "analyzer/diff.hpp"
#include "viewer/model/diff_table.hpp"

namespace stepscope::viewer {

// Ledger and evidence of `run` must outlive the call only.
[[nodiscard]] DiffTable table_of_run(const analysis::AnalyzedRun& run, const RunModel& model);
// `diff` is of these two runs.
[[nodiscard]] DiffTable table_of_diff(const analysis::Diff& diff, const analysis::AnalyzedRun& a,
                                      const analysis::AnalyzedRun& b, const RunModel& model_a,
                                      const RunModel& model_b);

}  // namespace stepscope::viewer
