// SPDX-License-Identifier: Apache-2.0
//
// diff_by: the change of the step in other parts than leaves: by kernel, operator, phase, rank, stream or module.
//
// Rows add up to the change of the step, exactly. What is not kernel time stays a term under its own name, but by rank, where
// each rank has its part of everything: of jobs whose ranks are known the time in which the job waited for it, over all steps;
// of means over ranks, its share of the mean. Parts of kernel time come from a few steps (sample_plan.hpp). What is not known is
// one row, "(no operator recorded)" and the like. The spans are those given to diff_analyzed. Deterministic, one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/diff.hpp"
#include "analyzer/diff_kernels.hpp"

namespace stepscope::analysis {

enum class DiffBy : uint8_t { kFamily, kKernel, kOperator, kPhase, kRank, kLane, kModule };
inline constexpr std::string_view kDiffByNames[] = {"family", "kernel", "op",    "phase",
                                                    "rank",   "lane",   "module"};
[[nodiscard]] std::string_view diff_by_name(DiffBy by);
[[nodiscard]] std::optional<DiffBy> parse_diff_by(std::string_view text);

struct DiffRow {
  std::string name;
  bool kernels = false;           // time of kernels; else a term as it is
  std::optional<MatchTier> tier;  // by kernel: of the group
  int64_t base_ns = 0;            // mean per train step
  int64_t candidate_ns = 0;
  int64_t delta_ns = 0;
};

// |delta| descending, then by name. `kernels` is diff_kernels of the same.
[[nodiscard]] Result<std::vector<DiffRow>> diff_by(std::span<const AnalyzedRun> base,
                                                   std::span<const AnalyzedRun> candidate, const Diff& diff,
                                                   const KernelDiff& kernels, DiffBy by);

}  // namespace stepscope::analysis
