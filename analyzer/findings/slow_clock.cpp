// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

// "power_cap" as people say it.
std::string reason_words(std::string reason) {
  std::replace(reason.begin(), reason.end(), '_', ' ');
  return reason;
}

std::string advice_for(std::string_view reason) {
  return reason == "power_cap" || reason == "power_brake"
             ? "look at the power limit and at what shares the power budget"
         : reason.starts_with("thermal") ? "look at the cooling of this node"
         : reason == "app_clocks"        ? "reset the application clocks"
                                  : "compare power limits, cooling and clock settings of the two runs' GPUs";
}

// Share of the time per throttle reason, the largest over devices; an idle GPU lowers its clock rightly.
std::map<std::string, double> throttling(const GpuEvidence& gpu) {
  std::map<std::string, double> out;
  for (const DeviceHealth& device : gpu.health) {
    for (const auto& [reason, share] : device.throttled) {
      if (reason != "idle") {
        out[reason] = std::max(out[reason], share);
      }
    }
  }
  return out;
}

// The factor by which the kernels that both runs have became slower.
struct Slowdown {
  double factor = 0;   // median over kernel time; 0: too little in common to tell
  double uniform = 0;  // share of that time within a tenth of it
};

Slowdown common_slowdown(const GpuEvidence& base, const GpuEvidence& candidate) {
  constexpr double kNear = 0.1;
  std::map<std::string_view, const KernelTotal*> in_base;
  double all = 0;
  for (const KernelTotal& kernel : base.kernels) {
    if (kernel.family != KernelFamily::kCommunication) {
      in_base[kernel.normalised] = &kernel;
      all += static_cast<double>(kernel.total_ns);
    }
  }
  std::vector<std::pair<double, double>> factors;  // factor, weight
  double common = 0;
  for (const KernelTotal& kernel : candidate.kernels) {
    const auto at = in_base.find(kernel.normalised);
    if (at != in_base.end() && at->second->mean_ns() > 0 && kernel.mean_ns() > 0) {
      const auto weight = static_cast<double>(at->second->total_ns);
      factors.emplace_back(kernel.mean_ns() / at->second->mean_ns(), weight);
      common += weight;
    }
  }
  if (common < 0.5 * all || common <= 0) {
    return {};
  }
  std::sort(factors.begin(), factors.end());
  Slowdown out;
  double below = 0;
  for (const auto& [factor, weight] : factors) {
    below += weight;
    if (out.factor == 0 && below >= common / 2) {
      out.factor = factor;
    }
  }
  for (const auto& [factor, weight] : factors) {
    out.uniform += std::abs(factor / out.factor - 1) <= kNear ? weight / common : 0;
  }
  return out;
}

void clock_fell(const Case& c, std::vector<Finding>* out) {
  constexpr double kSlower = 1.03;
  constexpr double kMostly = 0.8;
  constexpr double kMoreThrottling = 0.1;
  const GpuEvidence& a = c.base().gpu;
  const GpuEvidence& b = c.candidate().gpu;
  int64_t total = 0;
  for (const Term& term : c.diff().terms) {
    total += term.name.starts_with(leaf::kComputePrefix) ? term.delta_ns : 0;
  }
  const double before = mean_sm_clock(a);
  const double now = mean_sm_clock(b);
  const Slowdown slowdown = common_slowdown(a, b);
  if (total < c.diff().min_effect_ns || before <= 0 || now <= 0 || before / now < kSlower ||
      slowdown.factor < kSlower || slowdown.uniform < kMostly) {
    return;
  }
  std::string reason;
  double most = kMoreThrottling;
  std::map<std::string, double> throttled_before = throttling(a);
  std::map<std::string, double> throttled_now = throttling(b);
  for (const auto& [name, share] : throttled_now) {
    if (share - throttled_before[name] > most) {
      most = share - throttled_before[name];
      reason = name;
    }
  }
  std::vector<Observation> evidence{c.observed("SM clock", "MHz", before, now),
                                    c.observed("kernel time", "", 1.0, slowdown.factor)};
  if (!reason.empty()) {
    evidence.push_back(c.observed("throttled share of time: " + reason_words(reason), "",
                                  throttled_before[reason], throttled_now[reason]));
  }
  const std::string why = reason.empty() ? ""
                                         : fmt::format(", {} {} of the time", reason_words(reason),
                                                       percent(throttled_now[reason]));
  out->push_back(c.make(
      "gpu.clock", total,
      {fmt::format("all kernels x{:.2f} slower, SM clock {:.0f} -> {:.0f} MHz{} ({})", slowdown.factor,
                   before, now, why, c.amount(total)),
       advice_for(reason), reason.empty() ? Confidence::kMedium : Confidence::kHigh, std::move(evidence)},
      leaves_with_prefix(*c.run().ledger, leaf::kComputePrefix)));
}

void clock_held_down(const Case& c, std::vector<Finding>* out) {
  constexpr double kOften = 0.1;
  for (const auto& [reason, share] : throttling(c.candidate().gpu)) {
    if (share > kOften) {
      out->push_back(
          c.make("gpu.clock", 0,
                 {fmt::format("the GPU's clock is held down: {} {} of the time, SM clock {:.0f} MHz",
                              reason_words(reason), percent(share), mean_sm_clock(c.candidate().gpu)),
                  advice_for(reason),
                  Confidence::kMedium,
                  {c.observed("throttled share of time: " + reason_words(reason), "", {}, share)}},
                 {}));
    }
  }
}

}  // namespace

void find_slow_clock(const Case& c, std::vector<Finding>* out) {
  if (gpu_known(c)) {
    c.one_run() ? clock_held_down(c, out) : clock_fell(c, out);
  }
}

}  // namespace stepscope::analysis::finding
