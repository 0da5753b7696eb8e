// SPDX-License-Identifier: Apache-2.0
//
// What was found, as numbers for people: counts, ratio, examples for and against, and which runs would decide. Internal to
// analyzer/fleet.
#pragma once

#include <cstddef>
#include <vector>

#include "analyzer/fleet/analyse_fleet.hpp"
#include "analyzer/fleet/observations.hpp"
#include "analyzer/fleet/search.hpp"

namespace stepscope::analysis {

// What everything here is about.
struct ObservedFleet {
  const FleetTable& table;
  const Observations& observations;
  const std::vector<std::vector<size_t>>& groups;  // of indices into Observations::values
};

[[nodiscard]] FleetGroup describe_group(const ObservedFleet& fleet, size_t group);
[[nodiscard]] FleetFinding describe_finding(const ObservedFleet& fleet, const FleetPick& pick);

}  // namespace stepscope::analysis
