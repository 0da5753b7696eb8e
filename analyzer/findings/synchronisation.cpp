// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {
namespace {

constexpr const char* kLookFor =
    "look for .item(), .cpu(), print of a tensor, or a synchronise call in the loop";

// A wait for the GPU costs twice: the host waits, then the GPU, until the host has launched something again. So the effect
// is the growth of all idle time that a wait can turn into, once one kind of it stands out: a small rest of it, too.
void waits_added(const Case& c, std::vector<Finding>* out) {
  constexpr double kAdded = 0.5;
  constexpr std::string_view kIdle[] = {leaf::kIdleSync, leaf::kIdleLaunch, leaf::kIdleUnknown};
  const GpuEvidence& a = c.base().gpu;
  const GpuEvidence& b = c.candidate().gpu;
  int64_t total = 0;
  bool grown = false;
  for (const Term& term : c.diff().terms) {
    if (std::find(std::begin(kIdle), std::end(kIdle), term.name) != std::end(kIdle)) {
      total += term.delta_ns;
      grown = grown || c.grown(term.name).has_value();
    }
  }
  if (!grown || total <= 0 || !a.api || !b.api) {
    return;
  }
  std::string_view call;
  double most = kAdded;
  double before = 0;
  for (const auto& [name, count] : b.sync_calls) {
    const auto at = a.sync_calls.find(name);
    const double old = at == a.sync_calls.end() ? 0 : per_step(static_cast<double>(at->second), a.steps);
    if (const double more = per_step(static_cast<double>(count), b.steps) - old; more >= most) {
      most = more;
      call = name;
      before = old;
    }
  }
  if (call.empty()) {
    return;
  }
  const std::string text = fmt::format(
      "synchronisation: {} {:.1f} -> {:.1f} times per step; each empties the GPU's queue, and "
      "the GPU idles until the host has filled it again ({})",
      call, before, before + most, c.amount(total));
  out->push_back(c.make(std::string(leaf::kIdleSync), total,
                        {text,
                         kLookFor,
                         Confidence::kHigh,
                         {c.observed(fmt::format("{} per step", call), "", before, before + most)}},
                        kIdle));
}

void waits_alone(const Case& c, std::vector<Finding>* out) {
  const GpuEvidence& gpu = c.candidate().gpu;
  const std::optional<Effect> effect = c.notable(leaf::kIdleSync);
  uint64_t calls = 0;
  for (const auto& [name, count] : gpu.sync_calls) {
    calls += count;
  }
  if (!effect.has_value() || calls == 0) {
    return;
  }
  const std::string text =
      fmt::format("the GPU idles while the host waits for it: {:.1f} synchronising calls per step ({})",
                  per_step(static_cast<double>(calls), gpu.steps), c.amount(effect->ns));
  out->push_back(c.make(
      std::string(leaf::kIdleSync), effect->ns,
      {text,
       kLookFor,
       Confidence::kMedium,
       {c.observed("synchronising calls per step", "", {}, per_step(static_cast<double>(calls), gpu.steps))}},
      {{leaf::kIdleSync}}));
}

}  // namespace

void find_synchronisation(const Case& c, std::vector<Finding>* out) {
  if (gpu_known(c)) {
    c.one_run() ? waits_alone(c, out) : waits_added(c, out);
  }
}

}  // namespace stepscope::analysis::finding
