// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

constexpr const char* kFewerLaunches =
    "use CUDA graphs or torch.compile, larger batches, or fuse small operations";

// Nodes of a graph have gaps between them, too: what is lost with the graph is the difference.
int64_t gaps_of_graphs(const Diff& diff) {
  const auto term = std::find_if(diff.terms.begin(), diff.terms.end(),
                                 [](const Term& one) { return one.name == leaf::kIdleGraph; });
  return term == diff.terms.end() ? 0 : term->delta_ns;
}

void launches_grew(const Case& c, std::vector<Finding>* out) {
  constexpr double kMore = 1.1;
  const GpuEvidence& a = c.base().gpu;
  const GpuEvidence& b = c.candidate().gpu;
  const std::optional<Effect> effect = c.grown(leaf::kIdleLaunch);
  // Launches that come late because of a wait for the GPU are that wait's.
  const bool waits = std::any_of(out->begin(), out->end(),
                                 [](const Finding& finding) { return finding.id == leaf::kIdleSync; });
  if (!effect.has_value() || waits || a.kernel_count == 0 || b.kernel_count == 0) {
    return;
  }
  const double before = kernels_per_step(a);
  const double now = kernels_per_step(b);
  const bool graphs_gone = per_step(static_cast<double>(a.graph_launches), a.steps) >= 0.5 &&
                           per_step(static_cast<double>(b.graph_launches), b.steps) < 0.25;
  if (now < kMore * before && mean_kernel_ns(b) > kShortKernelNs && !graphs_gone) {
    return;
  }
  const int64_t cost = effect->ns + (graphs_gone ? gaps_of_graphs(c.diff()) : 0);
  const std::string text = fmt::format(
      "launch-bound: the GPU waits for the host to launch kernels, {:.0f} -> {:.0f} per "
      "step of {} on average{} ({})",
      before, now, micro(mean_kernel_ns(b)), graphs_gone ? ", and CUDA graphs are no longer used" : "",
      c.amount(cost));
  Finding finding = c.make(
      std::string(leaf::kIdleLaunch), cost,
      {text,
       graphs_gone ? "find out why the graph is no longer captured" : kFewerLaunches,
       graphs_gone ? Confidence::kHigh : Confidence::kMedium,
       {c.observed("kernels per step", "", before, now),
        c.observed("mean kernel", "ns", mean_kernel_ns(a), mean_kernel_ns(b)),
        c.observed("graph launches per step", "", per_step(static_cast<double>(a.graph_launches), a.steps),
                   per_step(static_cast<double>(b.graph_launches), b.steps))}},
      {{leaf::kIdleLaunch}});
  if (graphs_gone) {
    finding.terms = {std::string(leaf::kIdleLaunch), std::string(leaf::kIdleGraph)};
  }
  out->push_back(std::move(finding));
}

void launches_short(const Case& c, std::vector<Finding>* out) {
  const GpuEvidence& gpu = c.candidate().gpu;
  const std::optional<Effect> effect = c.notable(leaf::kIdleLaunch);
  if (!effect.has_value() || gpu.kernel_count == 0 || mean_kernel_ns(gpu) >= kShortKernelNs) {
    return;
  }
  const std::string text = fmt::format(
      "launch-bound: {:.0f} kernels per step of {} on average, and the GPU waits for the next one ({})",
      kernels_per_step(gpu), micro(mean_kernel_ns(gpu)), c.amount(effect->ns));
  out->push_back(c.make(std::string(leaf::kIdleLaunch), effect->ns,
                        {text,
                         kFewerLaunches,
                         Confidence::kMedium,
                         {c.observed("kernels per step", "", {}, kernels_per_step(gpu)),
                          c.observed("mean kernel", "ns", {}, mean_kernel_ns(gpu))}},
                        {{leaf::kIdleLaunch}}));
}

}  // namespace

void find_launch_bound(const Case& c, std::vector<Finding>* out) {
  if (gpu_known(c)) {
    c.one_run() ? launches_short(c, out) : launches_grew(c, out);
  }
}

}  // namespace stepscope::analysis::finding
