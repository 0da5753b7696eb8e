// SPDX-License-Identifier: Apache-2.0
//
// The ranks of a run: how well their clocks are aligned, and who waits for whom; as text, and as JSON for a report.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/rank_ledger.hpp"

namespace stepscope::analysis::cli {

// "" for a job of one rank.
[[nodiscard]] std::string rank_text(const Run& run, const RankLedger& ranks, const Terminal& terminal);
// null for a job of one rank.
[[nodiscard]] nlohmann::ordered_json rank_json(const Run& run, const RankLedger& ranks);

}  // namespace stepscope::analysis::cli
