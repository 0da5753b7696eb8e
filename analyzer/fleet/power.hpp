// SPDX-License-Identifier: Apache-2.0
//
// What a fleet's runs could have shown: the least risk at one place that would be found in four of five such fleets. Pure.
#pragma once

#include <cstddef>

#include "analyzer/fleet/excess.hpp"

namespace stepscope::analysis {

inline constexpr double kPower = 0.8;

struct Detectable {
  bool possible = false;  // else not even a place where every run fails would be found
  size_t failures = 0;    // that it takes there
  double risk = 0;        // share of runs there that fail, or failures per hour
  double ratio = 0;       // by the risk elsewhere
};

// `fleet`: all observations, with runs_there (and hours_there) those of the place; failed_there is not read. Failures elsewhere are
// as many as at the fleet's average. `alpha`: the p-value that is needed, for one true finding q / hypotheses. `least`: failures
// that are needed whatever their p.
[[nodiscard]] Detectable detectable(const Stratum& fleet, Exposure exposure, double alpha, size_t least);

}  // namespace stepscope::analysis
