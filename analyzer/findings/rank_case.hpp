// SPDX-License-Identifier: Apache-2.0
//
// What the rules about ranks look at: how the ranks of a job held each other up, on both sides of a diff over ranks
// (Diff::by_ranks). They abstain when an effect is not larger than twice what the clocks are aligned to. Internal to the library.
#pragma once

#include <span>
#include <string_view>

#include "analyzer/findings/rule.hpp"
#include "analyzer/rank_evidence.hpp"

namespace stepscope::analysis::finding {

// Both sides of a diff over ranks.
struct RankCase {
  // `c`: a diff, by_ranks.
  explicit RankCase(const Case& c);

  const Diff& diff;
  std::span<const AnalyzedRun> candidate;
  std::span<const AnalyzedRun> base;
  RankEvidence before, now;

  // Larger than what the alignment of the clocks can feign.
  [[nodiscard]] bool beyond_residual(int64_t effect_ns) const;
  // The rank's number as the job counts, of an index into RankLedger::processes.
  [[nodiscard]] int32_t number_of(size_t rank) const;
};

}  // namespace stepscope::analysis::finding
