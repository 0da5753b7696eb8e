// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_findings.hpp"

#include <algorithm>
#include <cstdlib>

namespace stepscope::analysis {

bool RankCase::beyond_residual(int64_t effect_ns) const {
  return std::abs(effect_ns) > 2 * std::max(before.residual_ns, now.residual_ns);
}

int32_t RankCase::number_of(size_t rank) const {
  return candidate[0].run->processes()[candidate[0].ranks->processes[rank]].rank;
}

void add_rank_findings(const Diff& diff, std::span<const AnalyzedRun> base,
                       std::span<const AnalyzedRun> candidate, std::vector<Finding>* out) {
  if (!diff.by_ranks) {
    return;
  }
  const RankCase ranks{diff, candidate, base, rank_evidence(base), rank_evidence(candidate)};
  add_late_ranks(ranks, out);
  add_slow_links(ranks, out);
  add_imbalance(ranks, out);
}

}  // namespace stepscope::analysis
