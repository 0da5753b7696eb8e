// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/warmup.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {
namespace {

double median_deviation(std::span<const double> values, double middle) {
  std::vector<double> off;
  off.reserve(values.size());
  for (const double value : values) {
    off.push_back(std::fabs(value - middle));
  }
  return median_of(off);
}

double absolute_cost(std::span<const double> values) {
  const double middle = median_of(values);
  double cost = 0;
  for (const double value : values) {
    cost += std::fabs(value - middle);
  }
  return cost;
}

}  // namespace

size_t unsettled_steps(std::span<const int64_t> step_ns) {
  constexpr size_t kLeft = 10;
  constexpr size_t kMostPoints = 64;   // candidates for the change point; each costs a pass over the steps
  constexpr size_t kMostSteps = 1024;  // of a longer run every n-th is looked at
  if (step_ns.size() <= kLeft) {
    return 0;
  }
  const size_t every = (step_ns.size() + kMostSteps - 1) / kMostSteps;
  std::vector<double> all;
  for (size_t i = 0; i < step_ns.size(); i += every) {
    all.push_back(static_cast<double>(step_ns[i]));
  }
  const std::span<const double> values(all);
  const size_t last = std::min(values.size() / 2, values.size() - kLeft);
  const size_t stride = std::max<size_t>(1, last / kMostPoints);
  size_t best = 0;
  double lowest = absolute_cost(values);
  for (size_t cut = 1; cut <= last; cut += stride) {
    const double cost = absolute_cost(values.first(cut)) + absolute_cost(values.subspan(cut));
    if (cost < lowest) {
      lowest = cost;
      best = cut;
    }
  }
  if (best == 0) {
    return 0;
  }
  const std::span<const double> settled = values.subspan(best);
  const double level = median_of(settled);
  const double scatter = 1.4826 * median_deviation(settled, level);
  const double excess = median_of(values.first(best)) - level;
  return excess > std::max(3 * scatter, 0.01 * level) ? best * every : 0;
}

}  // namespace stepscope::analysis
