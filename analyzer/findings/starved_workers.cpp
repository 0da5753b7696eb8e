// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/supply_facts.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

std::string host_limits(const HostEvidence& host, double workers) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (host.throttled_share > 0.01) {
    add(fmt::format("cgroup throttled {} of the time", percent(std::min(1.0, host.throttled_share))));
  }
  if (host.quota_cpus > 0) {
    add("quota of " + counted(host.quota_cpus, "CPU", "CPUs"));
  }
  if (host.worker_affinity_cpus > 0 && host.worker_affinity_cpus <= workers) {
    add(fmt::format("{} for {}", counted(host.worker_affinity_cpus, "CPU", "CPUs"),
                    counted(workers, "worker", "workers")));
  }
  if (host.psi_cpu_share > 0.05) {
    add(fmt::format("CPU pressure {}", percent(host.psi_cpu_share)));
  }
  return text;
}

}  // namespace

void find_starved_workers(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(term::kStarved, leaf::kFetchStarved);
  if (!effect.has_value() || !supply_known(c)) {
    return;
  }
  const std::string limits = host_limits(c.candidate().host, c.candidate().supply.parallelism);
  const HostEvidence& host = c.candidate().host;
  std::vector<Observation> evidence{stage_observed(c, "waiting for a CPU per batch", &BatchCost::starved)};
  const auto add = [&](const char* name, double HostEvidence::*fact) {
    if (host.*fact >= 0) {
      const double before = c.one_run() ? -1 : c.base().host.*fact;
      evidence.push_back(c.observed(name, "", before < 0 ? Observation::Value() : before, host.*fact));
    }
  };
  add("throttled share of time", &HostEvidence::throttled_share);
  add("CPU quota", &HostEvidence::quota_cpus);
  add("CPUs allowed to workers", &HostEvidence::worker_affinity_cpus);
  const std::string text = fmt::format("data loading: workers wait for a CPU {} per batch ({}{}{})",
                                       stage_cost(c, &BatchCost::starved), c.amount(effect->ns),
                                       limits.empty() ? "" : "; ", limits);
  out->push_back(
      c.explanation(*effect,
                    {text, "give the workers more CPUs (quota, affinity) or use fewer workers and threads",
                     limits.empty() ? Confidence::kMedium : Confidence::kHigh, std::move(evidence)},
                    {{leaf::kFetchStarved}}));
}

}  // namespace stepscope::analysis::finding
