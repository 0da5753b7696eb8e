// SPDX-License-Identifier: Apache-2.0
//
// match_kernels: which kernels of a step in one run stand for which in another.
//
// Names alone cannot tell: another GPU, library or autotuner gives the same work another kernel, a compiler makes one of
// three. So kernels are matched in their order of launch, by tiers; each tier sees what those before it left between two
// matches, and in the end what is left over is matched out of order, with less confidence.
//
//   exact     the same name (and, where operators are known on both sides, in the same operator): confidence 1.0 with
//             the same launch configuration, else 0.95
//   family    the same normalised name: another tile, architecture, hash, number, protocol: 0.9
//   operator  launched by the same operator with the same input shapes, however many kernels on either side: the innermost
//             operator, then the outermost one: 0.8; with other shapes, or none recorded: 0.6
//   group     what stands between the same neighbours on both sides, n kernels for m: fused, split, replaced. Some family
//             of kernels has to be on both sides, or a kernel of no known family, as fused ones are: 0.6 up to 8 kernels a side,
//             0.4 up to 64; more is no match
//   new, gone a kernel of a name that the other side does not have: 0. One more or one fewer of a kernel that both sides
//             have is an exact match with one side empty: 0.7
// Out of order, confidence is 0.2 lower. The numbers rank matches; they are no probabilities.
//
// Deterministic; any thread. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/kernel_sample.hpp"

namespace stepscope::analysis {

// The best first.
enum class MatchTier : uint8_t { kExact, kFamily, kOperator, kGroup, kNew, kGone };
inline constexpr size_t kMatchTierCount = 6;
[[nodiscard]] std::string_view match_tier_name(MatchTier tier);  // "exact", "family", "operator", ...

struct KernelMatch {
  MatchTier tier = MatchTier::kExact;
  double confidence = 0;
  std::vector<uint32_t> base;       // indices into the kernels of the step; not both are empty
  std::vector<uint32_t> candidate;  //
};

// Every kernel of either step is in exactly one match.
[[nodiscard]] std::vector<KernelMatch> match_kernels(const SampledStep& base, const SampledStep& candidate);

}  // namespace stepscope::analysis
