// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/step_changes.hpp"

#include <algorithm>
#include <cmath>

#include "analyzer/trend/change_points.hpp"

namespace stepscope::viewer {
namespace {

constexpr size_t kMostValues = 512;
constexpr double kLeastShare = 0.01;
constexpr double kLeastNs = 50'000;

}  // namespace

std::vector<StepChange> find_step_changes(const StepStrip& strip, bool two_runs) {
  std::vector<size_t> train;
  for (size_t i = 0; i < strip.bars.size(); ++i) {
    if (strip.bars[i].train) {
      train.push_back(i);
    }
  }
  const size_t together = (train.size() + kMostValues - 1) / kMostValues;
  std::vector<double> values;
  for (size_t first = 0; first < train.size(); first += together) {
    std::vector<double> some;
    for (size_t i = first; i < std::min(first + together, train.size()); ++i) {
      const StepBar& bar = strip.bars[train[i]];
      some.push_back(static_cast<double>(two_runs ? bar.b_ns - bar.a_ns : bar.a_ns));
    }
    values.push_back(median_of(std::move(some)));
  }
  std::vector<StepChange> changes;
  const double least = std::max(kLeastNs, kLeastShare * strip.median_a_ns);
  for (const analysis::ChangePoint& found : analysis::find_change_points(values, {}).changes) {
    if (std::abs(found.after - found.before) >= least) {
      changes.push_back({train[found.index * together], found.before, found.after});
    }
  }
  return changes;
}

}  // namespace stepscope::viewer
