// SPDX-License-Identifier: Apache-2.0
//
// diff_kernels: the kernel terms of a diff (compute/*, comm.exposed/*) kernel by kernel, each of one run matched with what
// does its work in the other (kernel_match.hpp), and all terms by operator, phase, stream, module or rank.
//
//   Diff d = diff_analyzed(base, candidate, {}).value();
//   KernelDiff k = diff_kernels(base, candidate, d).value();
//   for (const KernelGroup& g : k.groups) ...   // largest |delta| first; sum of delta_ns == k.delta_ns, always
//
// Contributions are per group, so that a kernel that became three and three that became one keep the sum: the groups add up
// to the kernel terms of the diff to the nanosecond. What a leaf is made of comes from a few steps of the first run of each
// side (sample_plan.hpp: of jobs whose ranks are known, of the ranks that the job waited for); how long it is, from all steps of
// all runs. A leaf that none of these steps has is one group of its own. The spans are those given to diff_analyzed. Deterministic, one thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/diff.hpp"
#include "analyzer/diff_breakdown.hpp"
#include "analyzer/kernel_match.hpp"

namespace stepscope::analysis {

// One kernel name in a group, on one side.
struct GroupKernel {
  std::string name;        // demangled
  std::string normalised;  // short, for people
  double per_step = 0;     // how many
};

struct KernelGroup {
  MatchTier tier = MatchTier::kExact;
  double confidence = 0;  // of its matches, weighted with their time
  std::string change;     // "same", "retuned", "replaced", "fused", "split", "regrouped", "new", "gone"
  std::string
      label;       // for people: "elementwise GeluCUDAKernelImpl + 2 more -> triton_poi_fused_add_gelu_mul"
  std::string op;  // the operator that launched most of it; "" when not known
  int32_t rank =
      -1;  // Term::rank of the term that most of its change is, where it is a quarter of that or more
  std::vector<std::string> leaves;  // the terms it is part of
  std::vector<GroupKernel> base;
  std::vector<GroupKernel> candidate;
  int64_t base_ns = 0;  // mean per train step
  int64_t candidate_ns = 0;
  int64_t delta_ns = 0;
};

struct KernelDiff {
  bool known = false;               // both sides recorded kernels
  bool operators = false;           // and which operators launched them
  size_t steps = 0;                 // of each side that were looked at
  std::vector<KernelGroup> groups;  // |delta| descending, then by label
  int64_t delta_ns = 0;             // of all kernel terms
  // GPU time of both sides in the steps looked at, by tier of its match; adds up to 1 when there is any.
  std::array<double, kMatchTierCount> tier_shares{};

  // The tier by which most of a term's change was matched, nullptr when it is no kernel term.
  [[nodiscard]] const MatchTier* tier_of(std::string_view term) const;
  std::vector<std::pair<std::string, MatchTier>> term_tiers;  // ascending by term
};

[[nodiscard]] Result<KernelDiff> diff_kernels(std::span<const AnalyzedRun> base,
                                              std::span<const AnalyzedRun> candidate, const Diff& diff);

}  // namespace stepscope::analysis
