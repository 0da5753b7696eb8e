// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

struct Growth {
  int64_t ns = 0;
  bool stands_out = false;
  std::vector<std::string_view> leaves;
};

Growth growth_of(const Case& c, std::initializer_list<std::string_view> names) {
  Growth out;
  out.leaves = names;
  for (const Term& term : c.diff().terms) {
    if (std::find(names.begin(), names.end(), term.name) != names.end()) {
      out.ns += term.delta_ns;
      out.stands_out = out.stands_out || c.grown(term.name).has_value();
    }
  }
  out.stands_out = out.stands_out && out.ns > 0;
  return out;
}

// Another GPU has other kernels: then the choice need not have been the program's.
Confidence how_sure(const Case& c) {
  const std::string& before = c.base().gpu.device;
  const std::string& now = c.candidate().gpu.device;
  return before.empty() || now.empty() || before == now ? Confidence::kHigh : Confidence::kMedium;
}

double tensor_share(const MathTime& time) {
  const int64_t told = time.tensor_ns + time.scalar_ns;
  return told == 0 ? -1 : static_cast<double>(time.tensor_ns) / static_cast<double>(told);
}

void left_tensor_cores(const Case& c, std::vector<Finding>* out) {
  const Growth growth = growth_of(c, {"compute/gemm", "compute/convolution"});
  const double before = tensor_share(c.base().gpu.math);
  const double now = tensor_share(c.candidate().gpu.math);
  if (!growth.stands_out || before < 0.5 || now < 0 || now > before / 2) {
    return;
  }
  const std::string text = fmt::format(
      "matrix products and convolutions left the tensor cores: {} of their time in the base, {} now ({})",
      percent(before), percent(now), c.amount(growth.ns));
  out->push_back(
      c.make("kernel.fallback", growth.ns,
             {text,
              "look at autocast and dtypes, torch.set_float32_matmul_precision, and sizes that are no "
              "multiple of 8",
              how_sure(c),
              {c.observed("share of time on tensor cores", "", before, now)}},
             growth.leaves));
}

double kernels_of_family(const GpuEvidence& gpu, KernelFamily family) {
  double count = 0;
  for (const KernelTotal& kernel : gpu.kernels) {
    count += kernel.family == family ? static_cast<double>(kernel.count) : 0;
  }
  return per_step(count, gpu.steps);
}

void lost_fused_attention(const Case& c, std::vector<Finding>* out) {
  constexpr double kGone = 0.1;
  const double before = kernels_of_family(c.base().gpu, KernelFamily::kAttention);
  const double now = kernels_of_family(c.candidate().gpu, KernelFamily::kAttention);
  const double softmax = kernels_of_family(c.candidate().gpu, KernelFamily::kSoftmax) -
                         kernels_of_family(c.base().gpu, KernelFamily::kSoftmax);
  const Growth growth =
      growth_of(c, {"compute/attention", "compute/softmax", "compute/gemm", "compute/elementwise"});
  // One softmax in the forward and one in the backward for each fused kernel of either.
  if (!growth.stands_out || before < 1 || now > kGone * before || softmax < before / 4) {
    return;
  }
  const std::string text = fmt::format(
      "attention is no longer a fused kernel: {:.0f} -> {:.0f} per step, and {:.0f} more softmax kernels "
      "({})",
      before, now, softmax, c.amount(growth.ns));
  out->push_back(c.make("kernel.fallback", growth.ns,
                        {text,
                         "look at dtype, mask and head size: torch.nn.attention.sdpa_kernel says which "
                         "implementation may be taken and why not",
                         how_sure(c),
                         {c.observed("attention kernels per step", "", before, now)}},
                        growth.leaves));
}

}  // namespace

void find_kernel_fallback(const Case& c, std::vector<Finding>* out) {
  if (!c.one_run() && gpu_known(c)) {
    left_tensor_cores(c, out);
    lost_fused_attention(c, out);
  }
}

}  // namespace stepscope::analysis::finding
