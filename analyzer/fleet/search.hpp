// SPDX-License-Identifier: Apache-2.0
//
// The search for what goes with failures: test every hypothesis, take the top one, set its runs aside, test again. Internal to
// analyzer/fleet.
#pragma once

#include <cstddef>
#include <vector>

#include "analyzer/fleet/analyse_fleet.hpp"
#include "analyzer/fleet/observations.hpp"

namespace stepscope::analysis {

// What was found in one round. Groups are indices into the list that was searched.
struct FleetPick {
  std::vector<size_t> groups;  // one, or the two of a pair
  RunSet there;
  RunSet among;  // what it was compared with: runs that are not set aside and whose values are known
  double p = 1;
  double q = 1;
  struct Shadow {
    size_t group = 0;
    FleetRetest retest = FleetRetest::kExplained;
  };
  std::vector<Shadow> shadows;  // beyond chance in this round, not in the next
};

struct FleetSearch {
  std::vector<FleetPick> picks;
  std::vector<size_t>
      only_in_time;  // groups that are beyond chance in all runs together, and lie in other strata than the others
};

// `groups`: of indices into Observations::values, each led by its first.
[[nodiscard]] FleetSearch search_fleet(const Observations& observations,
                                       const std::vector<std::vector<size_t>>& groups);

}  // namespace stepscope::analysis
