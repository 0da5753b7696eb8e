// SPDX-License-Identifier: Apache-2.0
//
// Whether runs of one place fail more often than the others, stretch of time by stretch of time. Pure functions.
//
// One-sided, conditional on how many runs failed in each stratum: by runs, the count of failures there is hypergeometric (one
// stratum: Fisher's exact test; several: the exact form of the test of Mantel and Haenszel, J. Natl. Cancer Inst. 22, 1959); by
// hours, binomial with the share of the hours spent there (the conditional test of two Poisson rates: Przyborowski and
// Wilenski, Biometrika 31, 1940). The distribution of the sum is computed by convolution; where that takes more than
// kMostProducts products, by its mean and variance (CMH). p is mid-p: half of the probability of what was observed counts (Lancaster,
// J. Am. Stat. Assoc. 56, 1961), since exact p of few failures is far above its nominal level.
#pragma once

#include <cstddef>
#include <span>

namespace stepscope::analysis {

// Runs of one stretch of time, split by a property: those that have it ("there") and all.
struct Stratum {
  size_t failed_there = 0;
  size_t runs_there = 0;
  size_t failed = 0;  // there or not
  size_t runs = 0;
  double hours_there = 0;  // by hours only
  double hours = 0;
};

// What failures are counted against.
enum class Exposure { kRuns, kHours };

inline constexpr double kMostProducts = 2e6;

// P(at least as many failures there as were observed) where the place does not matter. 1 where strata tell nothing.
[[nodiscard]] double excess_p_value(std::span<const Stratum> strata, Exposure exposure);

}  // namespace stepscope::analysis
