// SPDX-License-Identifier: Apache-2.0
//
// What the ranks of one side of a diff did to each other, as means over its runs. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/compare.hpp"

namespace stepscope::analysis {

// Of the train steps of all runs. Vectors are by rank: an index into RankLedger::processes.
struct RankEvidence {
  std::vector<double> waited_ns;   // per step, for others to come
  std::vector<double> most_share;  // share of steps in which the job waited longest for this rank
  double mean_wait_ns = 0;         // over ranks
  double step_ns = 0;
  int64_t residual_ns = 0;  // of the alignment, the worst
};

// Every run has a known rank ledger.
[[nodiscard]] RankEvidence rank_evidence(std::span<const AnalyzedRun> side);

// The collectives of one operation and group of ranks, over the runs of a side.
struct GroupTransfers {
  std::vector<uint32_t> members;
  double per_step = 0;     // how many
  double arrival_ns = 0;   // mean, from the first rank's coming to the last one's
  double transfer_ns = 0;  // mean, from then on
  double bytes = 0;
};
[[nodiscard]] std::vector<GroupTransfers> transfers_of(std::span<const AnalyzedRun> side,
                                                       std::string_view op);

}  // namespace stepscope::analysis
