// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/metric_changes.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "analyzer/gate/effect.hpp"
#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {
namespace {

using MetricRuns = std::span<const RunSummary* const>;

constexpr std::string_view kLeafMetrics = "leaf/";
// The median does not see a slowdown of a third of the steps; the mean does. It may not go wrong often beside it.
constexpr std::string_view kMeanStep = "step_mean_ns";
constexpr double kGuardPart = 10;

std::vector<std::string> common_metrics(MetricRuns base, MetricRuns candidate, const Policy& policy) {
  std::set<std::string> names;
  for (const MetricRuns side : {base, candidate}) {
    for (const RunSummary* run : side) {
      for (const auto& [name, value] : run->metrics) {
        names.insert(name);
      }
    }
  }
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const auto has = [&name](const RunSummary* run) { return run->metrics.count(name) > 0; };
    const bool everywhere =
        std::all_of(base.begin(), base.end(), has) && std::all_of(candidate.begin(), candidate.end(), has);
    const MetricPolicy* wanted = policy.metric(name);
    if ((everywhere || name.starts_with(kLeafMetrics)) && (wanted == nullptr || !wanted->ignore)) {
      out.push_back(name);
    }
  }
  return out;
}

std::vector<double> values_of(MetricRuns runs, const std::string& name) {
  std::vector<double> values;
  for (const RunSummary* run : runs) {
    const auto found = run->metrics.find(name);
    values.push_back(found == run->metrics.end() ? 0.0 : found->second);
  }
  return values;
}

double mean_step(MetricRuns runs) {
  double sum = 0;
  for (const RunSummary* run : runs) {
    sum += static_cast<double>(run->median_step_ns) / static_cast<double>(runs.size());
  }
  return sum;
}

// What a change must reach to be worth a warning, in the metric's unit. Times within a step matter by their share of it.
double least_effect(const MetricChange& metric, const Policy& policy, double step) {
  const MetricPolicy* own = policy.metric(metric.name);
  const bool has_own = own != nullptr && own->max_regression >= 0;
  constexpr double kLeastNs = 50'000;
  const bool in_step = metric.name.starts_with(kLeafMetrics) || metric.name == "data_wait_ns" ||
                       metric.name == "comm_exposed_ns" || metric.name == "compute_ns" ||
                       metric.name == "idle_ns" || metric.name == "host_ns";
  return in_step && !has_own ? std::max(0.01 * step, kLeastNs)
                             : metric.threshold * std::fabs(metric.change.base);
}

GateVerdict verdict_of(const Effect& effect, double least, double level, double strict_level) {
  if (effect.source == NoiseSource::kNone) {
    return GateVerdict::kInconclusive;
  }
  if (effect.lower(strict_level) > 0 && effect.estimate >= least) {
    return GateVerdict::kRegression;
  }
  return effect.upper(level) < least ? GateVerdict::kPass : GateVerdict::kInconclusive;
}

MetricChange metric_change(MetricRuns base, MetricRuns candidate, const std::string& name,
                           const Policy& policy, double level, double strict_level) {
  MetricChange metric;
  metric.name = name;
  metric.less_is_worse = less_is_worse(name);
  const MetricPolicy* own = policy.metric(name);
  metric.threshold = own != nullptr && own->max_regression >= 0 ? own->max_regression : policy.max_regression;
  std::vector<double> a = values_of(base, name);
  std::vector<double> b = values_of(candidate, name);
  Change& change = metric.change;
  change.base = mean_of(a);
  change.candidate = mean_of(b);
  if (metric.less_is_worse) {  // turned round, so that more is worse in what follows
    for (std::vector<double>* side : {&a, &b}) {
      std::transform(side->begin(), side->end(), side->begin(), [](double x) { return -x; });
    }
  }
  const double resolution = name.ends_with("_ns") || name.ends_with("_bytes") ? 1.0 : 0.0;
  const double sign = metric.less_is_worse ? -1.0 : 1.0;
  const double scale = change.base == 0 ? 0.0 : sign / std::fabs(change.base);
  const Effect effect = compare_runs(a, b, std::nullopt, std::max(resolution, 1e-9 * std::fabs(change.base)));
  change.known = effect.source != NoiseSource::kNone;
  change.estimate = scale * effect.estimate;
  change.p = effect.p_greater;
  if (change.known) {
    const double low = scale * effect.lower(level);
    const double high = scale * effect.upper(level);
    change.low = std::min(low, high);
    change.high = std::max(low, high);
  }
  const double least = least_effect(metric, policy, mean_step(base));
  if (own != nullptr && own->gate) {
    metric.verdict = verdict_of(effect, least, level, strict_level);
  } else if (name == kMeanStep && effect.estimate >= least) {
    metric.verdict = change.known && effect.lower(level / kGuardPart) > 0 ? GateVerdict::kRegression
                                                                          : GateVerdict::kInconclusive;
  }
  metric.warned = change.known && effect.estimate > 0 && effect.estimate >= least;  // and false_discovery
  return metric;
}

}  // namespace

bool less_is_worse(std::string_view metric) {
  return metric.ends_with("_per_s");
}

std::vector<MetricChange> compare_metrics(MetricRuns base, MetricRuns candidate, const Policy& policy,
                                          double level, double strict_level) {
  std::vector<MetricChange> changes;
  std::vector<double> p_values;
  for (const std::string& name : common_metrics(base, candidate, policy)) {
    changes.push_back(metric_change(base, candidate, name, policy, level, strict_level));
    p_values.push_back(changes.back().change.p);
  }
  const std::vector<bool> found = false_discovery(p_values, policy.fdr);
  for (size_t i = 0; i < changes.size(); ++i) {
    changes[i].warned = changes[i].warned && found[i];
  }
  return changes;
}

size_t deciding_metrics(MetricRuns base, MetricRuns candidate, const Policy& policy) {
  size_t count = 0;
  for (const std::string& name : common_metrics(base, candidate, policy)) {
    const MetricPolicy* wanted = policy.metric(name);
    count += wanted != nullptr && wanted->gate ? 1U : 0U;
  }
  return count;
}

}  // namespace stepscope::analysis
