// SPDX-License-Identifier: Apache-2.0
//
// Ranks in a diff: whether both sides know how their ranks held each other up, and whose time a term is.
// Internal to the library.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "analyzer/compare.hpp"
#include "analyzer/diff.hpp"

namespace stepscope::analysis {

// Every run of both sides has a known rank ledger, of the same ranks.
[[nodiscard]] bool ranks_are_known(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate);

// Sets Term::rank of the terms whose interval excludes 0, flagged or not, where one rank's own mean time in that leaf changed by at least half of the term, in its direction, and no
// other rank's by more than a third of that. Not for communication, which ranks have together, nor for terms of the
// supply model. Adds caveats: how well the ranks are aligned, or why they are not; ranks that only one side has. Changes nothing else.
void name_ranks(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate, Diff* diff);

// Mean over runs, by rank, of what an instant can be called: the leaf's time in the rank's own train steps.
[[nodiscard]] std::map<int32_t, double> own_means(std::span<const AnalyzedRun> side,
                                                  std::string_view leaf_name);

}  // namespace stepscope::analysis
