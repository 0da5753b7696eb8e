// SPDX-License-Identifier: Apache-2.0
//
// Two values that matter together: runs with both fail more often than runs with either alone. Internal to analyzer/fleet.
//
// Every pair that occurs is counted: a run with k values has k (k - 1) / 2 of them, and a run has few. What a frequent-itemset
// algorithm (Apriori, FP-Growth) saves beyond that is larger sets, which a fleet's few failures cannot show.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "analyzer/fleet/observations.hpp"

namespace stepscope::analysis {

inline constexpr size_t kLeastPairFailures = 5;

struct ValuePair {
  size_t first = 0;  // indices into the sets
  size_t second = 0;
  RunSet there;      // of `among`: who has both
  double p = 1;      // the larger of two: both against only one, both against only the other
  double q = 1;      // of all pairs that are shared by `least` observations
  double least = 0;  // lower bound of the risk (by hours: the rate) there
};

// Of `sets` (subsets of the observations, each with its attribute's `known`), the pairs among `among` whose q is at most `q`, with
// kLeastPairFailures failures, and of which even the lower bound of the lift (risk there by risk of all) is above the lift of
// both values for themselves. By p.
struct KnownSet {
  const RunSet* there;
  const RunSet* known;
};
[[nodiscard]] std::vector<ValuePair> find_pairs(const Observations& observations,
                                                std::span<const KnownSet> sets, const RunSet& among,
                                                size_t least, double q);

}  // namespace stepscope::analysis
