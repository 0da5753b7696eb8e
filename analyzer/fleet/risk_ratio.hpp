// SPDX-License-Identifier: Apache-2.0
//
// How much more often runs of one place fail than the others, with an interval. Pure functions.
//
// The ratio over strata is that of Mantel and Haenszel, its 95 % interval on the logarithm with the variance of Greenland and
// Robins (Biometrics 41, 1985), which holds for many small strata too. In one stratum these are the plain risk ratio and the interval
// of Katz, Baptista, Azen and Pike (Biometrics 34, 1978). Where nothing failed elsewhere, half a failure is added on both sides
// (over all strata together) and the estimate is a rough one; the interval's upper end then means little.
#pragma once

#include <cstddef>
#include <span>

#include "analyzer/fleet/excess.hpp"

namespace stepscope::analysis {

struct RiskRatio {
  double estimate = 1;
  double low = 0;  // 95 %
  double high = 0;
};

// By hours: of rates. A failure there is needed (else 0, 0, 0).
[[nodiscard]] RiskRatio risk_ratio(std::span<const Stratum> strata, Exposure exposure);

// Lower end of the one-sided 97.5 % interval of the share of runs that fail (Wilson, J. Am. Stat. Assoc. 22, 1927), or of failures
// per hour (Byar's approximation, as in Breslow and Day, "Statistical Methods in Cancer Research" II, 1987).
[[nodiscard]] double least_risk(size_t failed, size_t runs);
[[nodiscard]] double least_rate(size_t failed, double hours);

}  // namespace stepscope::analysis
