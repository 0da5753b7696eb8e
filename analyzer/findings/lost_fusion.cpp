// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {
namespace {

// Families that Triton's generated kernels are made of.
constexpr KernelFamily kFusible[] = {KernelFamily::kElementwise,   KernelFamily::kReduction,
                                     KernelFamily::kNormalisation, KernelFamily::kSoftmax,
                                     KernelFamily::kLayout,        KernelFamily::kRandom};

using PerFamily = std::array<double, kKernelFamilyCount>;

PerFamily launches_per_step(const GpuEvidence& gpu) {
  PerFamily out{};
  for (const KernelTotal& kernel : gpu.kernels) {
    out.at(static_cast<size_t>(kernel.family)) += per_step(static_cast<double>(kernel.count), gpu.steps);
  }
  return out;
}

}  // namespace

// The finding is named after the family that grew most; its effect is what the exchange costs: the fused kernels' time is gone.
void find_lost_fusion(const Case& c, std::vector<Finding>* out) {
  if (c.one_run() || !gpu_known(c)) {
    return;
  }
  const PerFamily before = launches_per_step(c.base().gpu);
  const PerFamily now = launches_per_step(c.candidate().gpu);
  constexpr auto kTriton = static_cast<size_t>(KernelFamily::kTriton);
  const double gone = before.at(kTriton) - now.at(kTriton);
  if (gone < 1 || gone < 0.1 * before.at(kTriton)) {
    return;
  }
  double more = 0;
  int64_t total = 0;
  const Term* most = nullptr;
  for (const Term& term : c.diff().terms) {
    total += term.name.starts_with(leaf::kTritonPrefix) ? term.delta_ns : 0;
    for (const KernelFamily family : kFusible) {
      const double grown = now.at(static_cast<size_t>(family)) - before.at(static_cast<size_t>(family));
      const std::string name = std::string(leaf::kComputePrefix) + std::string(kernel_family_name(family));
      if (term.name == name && grown >= 0.1 * before.at(static_cast<size_t>(family))) {
        more += grown;
        total += term.delta_ns;
        const bool larger = most == nullptr || term.delta_ns > most->delta_ns;
        most = c.grown(term.name).has_value() && larger ? &term : most;
      }
    }
  }
  if (most == nullptr || more < gone || total < c.diff().min_effect_ns) {
    return;
  }
  const std::string text = fmt::format(
      "fusion lost: {:.0f} kernels per step that Triton generated are gone, {:.0f} separate ones do their "
      "work ({})",
      gone, more, c.amount(total));
  out->push_back(c.make(most->name, total,
                        {text,
                         "find out what is no longer compiled: TORCH_LOGS=graph_breaks,recompiles",
                         Confidence::kMedium,
                         {c.observed("Triton kernels per step", "", before.at(kTriton), now.at(kTriton))}},
                        {{std::string_view(most->name)}}));
}

}  // namespace stepscope::analysis::finding
