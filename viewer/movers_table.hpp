// SPDX-License-Identifier: Apache-2.0
//
// movers_table: the analyzer's diff by kernel and by operator as the MoverTables that the window shows.
#pragma once

#include <vector>

#include "analyzer/diff.hpp"
#include "viewer/model/movers.hpp"

namespace stepscope::viewer {

// By kernel, and where both sides know which operators launched them, by operator. `diff` is of these two runs, `table` is
// table_of_diff of it. Both runs' steps are sampled: for the loader's thread.
[[nodiscard]] analysis::Result<std::vector<MoverTable>> movers_of_diff(
    const analysis::Diff& diff, const analysis::AnalyzedRun& a, const analysis::AnalyzedRun& b,
    const RunModel& model_a, const RunModel& model_b, const DiffTable& table);

}  // namespace stepscope::viewer
