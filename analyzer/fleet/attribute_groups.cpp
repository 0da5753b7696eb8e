// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/attribute_groups.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::analysis {

double cramers_v(size_t a, size_t b, size_t both, size_t observations) {
  const auto n = static_cast<double>(observations);
  const auto in_a = static_cast<double>(a);
  const auto in_b = static_cast<double>(b);
  const double scale = in_a * (n - in_a) * in_b * (n - in_b);
  return scale > 0 ? (n * static_cast<double>(both) - in_a * in_b) / std::sqrt(scale) : 0;
}

std::vector<std::vector<size_t>> group_values(const Observations& observations, size_t least) {
  std::vector<size_t> order;
  std::vector<size_t> sizes;
  for (size_t i = 0; i < observations.values.size(); ++i) {
    sizes.push_back(observations.values[i].there.count());
    if (sizes.back() >= least && sizes.back() + least <= observations.size()) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  std::vector<std::vector<size_t>> groups;
  size_t first_possible = 0;  // leaders before it are too large for values from here on
  for (const size_t value : order) {
    // V is at most the root of the ratio of the odds of having the values.
    const auto odds = [&](size_t i) {
      return static_cast<double>(sizes[i]) / static_cast<double>(observations.size() - sizes[i]);
    };
    while (first_possible < groups.size() &&
           odds(value) < kInseparable * kInseparable * odds(groups[first_possible].front())) {
      ++first_possible;
    }
    const auto found = std::find_if(
        groups.begin() + static_cast<std::ptrdiff_t>(first_possible), groups.end(), [&](const auto& group) {
          const size_t leader = group.front();
          const size_t both =
              observations.values[leader].there.count_common(observations.values[value].there);
          return cramers_v(sizes[leader], sizes[value], both, observations.size()) >= kInseparable;
        });
    if (found == groups.end()) {
      groups.push_back({value});
    } else {
      found->push_back(value);
    }
  }
  for (std::vector<size_t>& group : groups) {
    // The leader stays; the others in the order of the table.
    std::sort(group.begin() + 1, group.end());
  }
  return groups;
}

}  // namespace stepscope::analysis
