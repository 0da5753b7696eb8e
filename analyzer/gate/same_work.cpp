// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/same_work.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "analyzer/gate/leaf_metrics.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis {
namespace {

using GateSide = std::span<const RunSummary* const>;

std::vector<Work> amounts_of(GateSide side) {
  std::vector<Work> out;
  for (const RunSummary* run : side) {
    out.push_back(run->work);
  }
  return out;
}

double mean_metric(GateSide side, const std::string& name) {
  double sum = 0;
  for (const RunSummary* run : side) {
    const auto found = run->metrics.find(name);
    sum += found == run->metrics.end() ? 0.0 : found->second;
  }
  return sum / static_cast<double>(side.size());
}

// The leaves of both sides, mean per train step.
struct SideLeaves {
  std::vector<std::string> names;
  std::vector<double> base, delta;
};

SideLeaves leaves_of(GateSide base, GateSide candidate) {
  std::set<std::string> metrics;
  for (const GateSide side : {base, candidate}) {
    for (const RunSummary* run : side) {
      for (const auto& [name, value] : run->metrics) {
        if (!leaf_of_metric(name).empty()) {
          metrics.insert(name);
        }
      }
    }
  }
  SideLeaves out;
  for (const std::string& metric : metrics) {
    out.names.emplace_back(leaf_of_metric(metric));
    out.base.push_back(mean_metric(base, metric));
    out.delta.push_back(mean_metric(candidate, metric) - out.base.back());
  }
  return out;
}

// What is left of a quantity that is `before` in the base without growth by `explained`.
double share_left(double before, double explained) {
  constexpr double kLeast = 0.01;  // something always is
  return before <= 0 ? 1.0 : before / std::max(kLeast * before, before + explained);
}

// Of the candidate's mean step, ns. Where no leaf was kept, all of the step may grow with the work.
double explained_step(const WorkChange& change, const SideLeaves& leaves, double base, double candidate) {
  return leaves.names.empty()
             ? explained_of_sum(change, {std::string(leaf::kComputePrefix)}, {base}, {candidate - base})
             : explained_of_sum(change, leaves.names, leaves.base, leaves.delta);
}

}  // namespace

std::optional<StepWork> compare_step_work(GateSide base, GateSide candidate) {
  const WorkChange change =
      compare_work(std::span<const Work>(amounts_of(base)), std::span<const Work>(amounts_of(candidate)));
  const double before = mean_metric(base, "step_mean_ns");
  const double now = mean_metric(candidate, "step_mean_ns");
  if (!change.differs() || before <= 0 || now <= 0) {
    return std::nullopt;
  }
  StepWork work;
  work.change = change;
  work.explained_ns = explained_step(change, leaves_of(base, candidate), before, now);
  // A factor, not a difference: it leaves the runs' relative scatter as it is, which the test goes by.
  work.factor = share_left(before, work.explained_ns);
  return work;
}

std::vector<RunSummary> with_work_of_base(GateSide base, GateSide candidate, const StepWork& work) {
  const SideLeaves leaves = leaves_of(base, candidate);
  const std::vector<double> explained =
      explained_by_work(work.change, leaves.names, leaves.base, leaves.delta);
  std::map<std::string, double> growth;  // by metric, ns
  for (size_t l = 0; l < leaves.names.size(); ++l) {
    growth[metric_of_leaf(leaves.names[l])] += explained[l];
    growth[std::string(sum_of_leaf(leaves.names[l]))] += explained[l];
  }
  std::vector<RunSummary> out;
  for (const RunSummary* run : candidate) {
    RunSummary& same = out.emplace_back(*run);
    same.median_step_ns = std::llround(static_cast<double>(run->median_step_ns) * work.factor);
    for (auto& [name, value] : same.metrics) {
      if (name == "step_mean_ns" || name == "step_p95_ns") {
        value *= work.factor;
      } else if (name == "samples_per_s" && work.change.unit == WorkUnit::kTokens) {
        value *= work.change.length_ratio;
      } else if (const auto grown = growth.find(name); grown != growth.end()) {
        value *= share_left(mean_metric(base, name), grown->second);
      }
    }
  }
  return out;
}

}  // namespace stepscope::analysis
