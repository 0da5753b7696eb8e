// SPDX-License-Identifier: Apache-2.0
//
// Findings about how the ranks of a job hold each other up, of a diff over ranks (Diff::by_ranks). Each has a file of its own:
//
//   id              says                                    evidence                                              file
//   rank.late       one rank is late, the others wait       its own time grew, theirs did not, and they wait      rank_late.cpp
//                                                           longer
//   link.slow       all come as before, the data takes      transfer after the last arrival, per collective,      rank_links.cpp
//                   longer                                  longer; arrivals no further apart
//   rank.imbalance  another rank is late every step         ranks wait longer for each other, and no rank is      rank_imbalance.cpp
//                                                           the one in most steps
//
// All abstain when the effect is not larger than twice what the clocks are aligned to. Internal to the library;
// findings.hpp is the way in.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/findings.hpp"
#include "analyzer/rank_evidence.hpp"

namespace stepscope::analysis {

// Both sides of a diff over ranks.
struct RankCase {
  const Diff& diff;
  std::span<const AnalyzedRun> candidate;
  std::span<const AnalyzedRun> base;
  RankEvidence before, now;

  // Larger than what the alignment of the clocks can feign.
  [[nodiscard]] bool beyond_residual(int64_t effect_ns) const;
  // The rank's number as the job counts, of an index into RankLedger::processes.
  [[nodiscard]] int32_t number_of(size_t rank) const;
};

void add_late_ranks(const RankCase& ranks, std::vector<Finding>* out);
void add_slow_links(const RankCase& ranks, std::vector<Finding>* out);
void add_imbalance(const RankCase& ranks, std::vector<Finding>* out);

// Of one run, without a base: one rank is it in three of five steps and more, and the others wait for a twentieth of the step
// and more. Not in a pipeline, whose stages wait for each other by design.
void add_late_rank(const AnalyzedRun& run, std::vector<Finding>* out);

// All of them; nothing unless diff.by_ranks.
void add_rank_findings(const Diff& diff, std::span<const AnalyzedRun> base,
                       std::span<const AnalyzedRun> candidate, std::vector<Finding>* out);

}  // namespace stepscope::analysis
