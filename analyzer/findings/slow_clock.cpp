// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <span>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"
#include "analyzer/rank_steps.hpp"

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
std::map<std::string, double> throttling(std::span<const DeviceHealth> devices) {
  std::map<std::string, double> out;
  for (const DeviceHealth& device : devices) {
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

Slowdown common_slowdown(std::span<const KernelTotal> base, std::span<const KernelTotal> candidate) {
  constexpr double kNear = 0.1;
  std::map<std::string_view, const KernelTotal*> in_base;
  double all = 0;
  for (const KernelTotal& kernel : base) {
    if (kernel.family != KernelFamily::kCommunication) {
      in_base[kernel.normalised] = &kernel;
      all += static_cast<double>(kernel.total_ns);
    }
  }
  std::vector<std::pair<double, double>> factors;  // factor, weight
  double common = 0;
  for (const KernelTotal& kernel : candidate) {
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

constexpr double kSlower = 1.03;

// The GPUs whose clock counts: of a job whose ranks are known those of the ranks it waits for, else all. By side, base first.
struct JobClocks {
  std::vector<uint32_t> processes[2];
  std::vector<DeviceHealth> health[2];
  std::vector<int32_t> ranks;  // which; empty when it is no matter of single ranks

  [[nodiscard]] double sm_clock(size_t side) const { return mean_sm_clock(health[side]); }
};

std::vector<DeviceHealth> health_of(const GpuEvidence& gpu, std::span<const uint32_t> processes) {
  std::vector<DeviceHealth> out;
  std::copy_if(gpu.health.begin(), gpu.health.end(), std::back_inserter(out),
               [processes](const DeviceHealth& device) {
                 return std::find(processes.begin(), processes.end(), device.process) != processes.end();
               });
  return out;
}

// Those that the job waits for at least half as long as for the one that it waits for longest. Indices.
std::vector<size_t> waited_for(const RankLedger& job) {
  std::vector<int64_t> held(job.ranks(), 0);
  for (size_t s = 0; s < job.steps().size(); ++s) {
    for (size_t r = 0; job.steps()[s].step_class == StepClass::kTrain && r < held.size(); ++r) {
      held[r] += job.held(s)[r];
    }
  }
  const int64_t most = *std::max_element(held.begin(), held.end());
  std::vector<size_t> out;
  for (size_t r = 0; r < held.size(); ++r) {
    if (2 * held[r] >= most) {
      out.push_back(r);
    }
  }
  return out;
}

JobClocks job_clocks(const Case& c) {
  const AnalyzedRun* const runs[2] = {&c.base_run(), &c.run()};
  JobClocks out;
  if (!c.diff().by_ranks) {
    out.health[0] = c.base().gpu.health;
    out.health[1] = c.candidate().gpu.health;
    return out;
  }
  const auto of_rank = [&runs](size_t side, size_t rank) {
    return mean_sm_clock(health_of(runs[side]->evidence->gpu, {&runs[side]->ranks->processes[rank], 1}));
  };
  size_t fell = 0;
  const size_t all = runs[1]->ranks->ranks();
  for (size_t r = 0; r < all; ++r) {
    const double now = of_rank(1, r);
    fell += now > 0 && of_rank(0, r) >= kSlower * now ? 1U : 0U;
  }
  for (const size_t r : waited_for(*runs[1]->ranks)) {
    for (const size_t side : {0U, 1U}) {
      out.processes[side].push_back(runs[side]->ranks->processes[r]);
    }
    if (fell < all) {
      out.ranks.push_back(c.run().run->processes()[runs[1]->ranks->processes[r]].rank);
    }
  }
  for (const size_t side : {0U, 1U}) {
    out.health[side] = health_of(runs[side]->evidence->gpu, out.processes[side]);
  }
  return out;
}

Slowdown slowdown_of(const Case& c, const JobClocks& clocks) {
  if (!c.diff().by_ranks) {
    return common_slowdown(c.base().gpu.kernels, c.candidate().gpu.kernels);
  }
  const Result<std::vector<KernelTotal>> before = kernel_totals(*c.base_run().run, clocks.processes[0]);
  const Result<std::vector<KernelTotal>> now = kernel_totals(*c.run().run, clocks.processes[1]);
  return before.ok() && now.ok() ? common_slowdown(before.value(), now.value()) : Slowdown();
}

// " on rank 3"
std::string on_ranks(std::span<const int32_t> ranks) {
  return ranks.empty() ? "" : fmt::format(" on rank{} {}", ranks.size() == 1 ? "" : "s", rank_list(ranks));
}

void clock_fell(const Case& c, std::vector<Finding>* out) {
  constexpr double kMostly = 0.8;
  constexpr double kMoreThrottling = 0.1;
  int64_t total = 0;
  for (const Term& term : c.diff().terms) {
    total += term.name.starts_with(leaf::kComputePrefix) ? term.delta_ns : 0;
  }
  if (total < c.diff().min_effect_ns) {
    return;
  }
  const JobClocks clocks = job_clocks(c);
  const double before = clocks.sm_clock(0);
  const double now = clocks.sm_clock(1);
  if (before <= 0 || now <= 0 || before / now < kSlower) {
    return;
  }
  const Slowdown slowdown = slowdown_of(c, clocks);
  if (slowdown.factor < kSlower || slowdown.uniform < kMostly) {
    return;
  }
  std::string reason;
  double most = kMoreThrottling;
  std::map<std::string, double> throttled_before = throttling(clocks.health[0]);
  std::map<std::string, double> throttled_now = throttling(clocks.health[1]);
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
      {fmt::format("all kernels x{:.2f} slower{}, SM clock {:.0f} -> {:.0f} MHz{} ({})", slowdown.factor,
                   on_ranks(clocks.ranks), before, now, why, c.amount(total)),
       advice_for(reason), reason.empty() ? Confidence::kMedium : Confidence::kHigh, std::move(evidence)},
      leaves_with_prefix(*c.run().ledger, leaf::kComputePrefix)));
  if (clocks.ranks.size() == 1) {
    out->back().rank = clocks.ranks[0];
  }
}

void clock_held_down(const Case& c, std::vector<Finding>* out) {
  constexpr double kOften = 0.1;
  for (const auto& [reason, share] : throttling(c.candidate().gpu.health)) {
    if (share > kOften) {
      out->push_back(
          c.make("gpu.clock", 0,
                 {fmt::format("the GPU's clock is held down: {} {} of the time, SM clock {:.0f} MHz",
                              reason_words(reason), percent(share), mean_sm_clock(c.candidate().gpu.health)),
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
