// SPDX-License-Identifier: Apache-2.0
//
// The ledger of a job of ranks as the roll-up inside the recording of its first rank. Internal to the library.
//
// It is taken only when the fingerprint over all recordings of the run and the steps found in them is the one it was stored
// with; what is damaged, of another version or does not add up is no roll-up. What it holds is read back as it was computed,
// to the last bit: a reason not to know included.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "analyzer/rank_ledger.hpp"

namespace stepscope::analysis {

inline constexpr int32_t kRankLedgerVersion = 1;  // of what is computed and of how it is stored

// What a job's ledger is computed from, as a short text. `ranks` as ranks_of() gives them.
[[nodiscard]] std::string job_fingerprint(const Run& run, std::span<const ProcessLedger* const> ranks);

[[nodiscard]] trace::JobRollup to_job_rollup(const RankLedger& job, const std::string& fingerprint);
// `first`: the ledger of the first rank, from whose steps the job's have their method. The result has no processes.
[[nodiscard]] std::optional<RankLedger> from_job_rollup(const trace::JobRollup& rollup,
                                                        const std::string& fingerprint, size_t ranks,
                                                        const ProcessLedger& first);

// Fills the leaves of the steps and RankLedger::held_ns from RankLedger::owned, once steps and names of leaves are there.
void add_up_owned(RankLedger* job);

}  // namespace stepscope::analysis
