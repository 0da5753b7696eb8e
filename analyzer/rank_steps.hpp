// SPDX-License-Identifier: Apache-2.0
//
// The steps of a job, from the steps of its ranks. Internal to the library.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/ledger.hpp"
#include "analyzer/rank_clocks.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

// The processes that drive steps, one per rank, as pointers into the ledger; fewer than two, and *why_not says why, when the
// run has not a recording of every rank or more than one of a rank. *why_not stays empty for a job of one rank.
[[nodiscard]] std::vector<const ProcessLedger*> ranks_of(const Run& run, const Ledger& ledger,
                                                         std::string* why_not);

// The ranks of the job without a recording with steps, ascending. None of processes that are no job of ranks.
[[nodiscard]] std::vector<int32_t> missing_ranks(const Run& run, const Ledger& ledger);
// "3, 5-7"
[[nodiscard]] std::string rank_list(std::span<const int32_t> ranks);

// On the first rank's clock. Empty, and *why_not says why, when the ranks' steps cannot be told to be the same ones.
[[nodiscard]] std::vector<Step> common_steps(std::span<const ProcessLedger* const> ranks,
                                             std::span<const RankClock> clocks, std::string* why_not);

}  // namespace stepscope::analysis
