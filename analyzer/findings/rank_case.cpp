// SPDX-License-Identifier: Apache-2.0
#include "analyzer/findings/rank_case.hpp"

#include <algorithm>
#include <cstdlib>

namespace stepscope::analysis::finding {

RankCase::RankCase(const Case& c)
    : diff(c.diff()),
      candidate(c.runs()),
      base(c.base_runs()),
      before(rank_evidence(base)),
      now(rank_evidence(candidate)) {}

bool RankCase::beyond_residual(int64_t effect_ns) const {
  return std::abs(effect_ns) > 2 * std::max(before.residual_ns, now.residual_ns);
}

int32_t RankCase::number_of(size_t rank) const {
  return candidate[0].run->processes()[candidate[0].ranks->processes[rank]].rank;
}

}  // namespace stepscope::analysis::finding
