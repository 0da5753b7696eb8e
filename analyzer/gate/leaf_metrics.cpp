// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/leaf_metrics.hpp"

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {
namespace {

constexpr std::string_view kLeafMetric = "leaf/";
constexpr std::string_view kUnit = "_ns";

}  // namespace

std::string metric_of_leaf(std::string_view leaf_name) {
  return std::string(kLeafMetric).append(leaf_name).append(kUnit);
}

std::string_view leaf_of_metric(std::string_view metric) {
  return metric.starts_with(kLeafMetric) && metric.ends_with(kUnit) &&
                 metric.size() > kLeafMetric.size() + kUnit.size()
             ? metric.substr(kLeafMetric.size(), metric.size() - kLeafMetric.size() - kUnit.size())
             : std::string_view();
}

std::string_view sum_of_leaf(std::string_view name) {
  if (name.starts_with("data.")) {
    return "data_wait_ns";
  }
  if (name.starts_with(leaf::kCommPrefix)) {
    return "comm_exposed_ns";
  }
  if (name.starts_with(leaf::kComputePrefix) || name == leaf::kOptimizer) {
    return "compute_ns";
  }
  return name.starts_with(leaf::kIdlePrefix) ? "idle_ns" : "host_ns";
}

}  // namespace stepscope::analysis
