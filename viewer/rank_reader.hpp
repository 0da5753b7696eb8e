// SPDX-License-Identifier: Apache-2.0
//
// rank_reader: the ledgers of a job's ranks as a RankMatrix: what the window says of ranks is what `stepscope diff` says.
#pragma once

#include "analyzer/ledger.hpp"
#include "analyzer/rank_ledger.hpp"
#include "analyzer/run.hpp"
#include "viewer/model/rank_matrix.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

// Processes with steps, one row each; without ranks.known only step times are there.
[[nodiscard]] RankMatrix rank_matrix(const analysis::Run& run, const RunModel& model,
                                     const analysis::Ledger& ledger, const analysis::RankLedger& ranks);

}  // namespace stepscope::viewer
