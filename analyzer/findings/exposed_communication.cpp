// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

// Kernels of one collective, all together.
KernelTotal kernels_of(const GpuEvidence& gpu, std::string_view op) {
  KernelTotal sum;
  for (const KernelTotal& kernel : gpu.kernels) {
    if (kernel.family == KernelFamily::kCommunication && kernel.detail == op) {
      sum.count += kernel.count;
      sum.total_ns += kernel.total_ns;
    }
  }
  return sum;
}

// Of the communicator on which the collective takes most time; -1 when not known.
double bus_bandwidth(const GpuEvidence& gpu, std::string_view op) {
  const auto at = std::find_if(gpu.collectives.begin(), gpu.collectives.end(),
                               [op](const CollectiveStats& one) { return one.op == op; });
  return at == gpu.collectives.end() ? -1 : at->bus_bandwidth;
}

Sentence why_exposed(const Case& c, std::string_view op, const KernelTotal& before, const KernelTotal& now) {
  constexpr double kLonger = 1.1;
  const double calls_before = per_step(static_cast<double>(before.count), c.base().gpu.steps);
  const double calls = per_step(static_cast<double>(now.count), c.candidate().gpu.steps);
  if (before.count == 0) {
    return {fmt::format("not there in the base, {:.1f} per step of {} each", calls, ms(now.mean_ns())),
            "start it earlier, or give it more work to hide behind"};
  }
  if (now.mean_ns() >= kLonger * before.mean_ns()) {
    const double bus_before = bus_bandwidth(c.base().gpu, op);
    const double bus = bus_bandwidth(c.candidate().gpu, op);
    return {from_to(before.mean_ns(), now.mean_ns()) + " each" +
                (bus_before > 0 && bus > 0
                     ? fmt::format(", bus bandwidth {} -> {}", gigabytes(bus_before), gigabytes(bus))
                     : ""),
            "a rank that comes late or a slow link: compare the ranks, then the network"};
  }
  if (calls >= kLonger * calls_before) {
    return {fmt::format("{:.1f} -> {:.1f} per step", calls_before, calls),
            "look at bucket sizes and at what is gathered or reduced more often"};
  }
  return {
      fmt::format("as fast as before ({} each), but less of it is hidden behind compute", ms(now.mean_ns())),
      "start it earlier, or give it more work to hide behind"};
}

}  // namespace

void find_exposed_communication(const Case& c, std::vector<Finding>* out) {
  const bool sockets = std::any_of(out->begin(), out->end(),
                                   [](const Finding& finding) { return finding.id == "nccl.socket"; });
  if (c.one_run() || sockets || !gpu_known(c)) {
    return;
  }
  for (const Term& term : c.diff().terms) {
    const std::optional<Effect> effect =
        term.name.starts_with(leaf::kCommPrefix) ? c.grown(term.name) : std::nullopt;
    if (!effect.has_value() || accounted_for(*out, term.name)) {
      continue;
    }
    const std::string_view op = std::string_view(term.name).substr(leaf::kCommPrefix.size());
    const KernelTotal now = kernels_of(c.candidate().gpu, op);
    if (now.count == 0) {
      continue;
    }
    const KernelTotal before = kernels_of(c.base().gpu, op);
    Sentence sentence = why_exposed(c, op, before, now);
    sentence.evidence = {
        c.observed("each", "ns", before.mean_ns(), now.mean_ns()),
        c.observed("per step", "", per_step(static_cast<double>(before.count), c.base().gpu.steps),
                   per_step(static_cast<double>(now.count), c.candidate().gpu.steps))};
    sentence.text =
        fmt::format("communication: {} is exposed longer: {} ({})", op, sentence.text, c.amount(effect->ns));
    out->push_back(c.make(term.name, effect->ns, std::move(sentence), {{effect->name}}));
  }
}

}  // namespace stepscope::analysis::finding
