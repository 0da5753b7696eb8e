// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

double input_bytes(const GpuEvidence& gpu) {
  for (const CopyStats& copy : gpu.copies) {
    if (copy.kind == "h2d") {
      return per_step(static_cast<double>(copy.bytes), gpu.train_steps);
    }
  }
  return 0;
}

double collective_bytes(const GpuEvidence& gpu) {
  double sum = 0;
  for (const CollectiveStats& one : gpu.collectives) {
    sum += static_cast<double>(one.bytes);
  }
  return per_step(sum, gpu.train_steps);
}

std::string megabytes(const char* what, double before, double now) {
  return fmt::format("{} {:.1f} -> {:.1f} MB per step", what, before / 1e6, now / 1e6);
}

}  // namespace

// Not a slowdown: the same GPUs were given more to do. Bytes say so; kernels that only run longer, or are other ones, do not.
void find_more_work(const Case& c, std::vector<Finding>* out) {
  constexpr double kMore = 1.1;
  if (c.one_run() || !gpu_known(c)) {
    return;
  }
  int64_t total = 0;
  bool stands_out = c.diff().flagged;
  for (const Term& term : c.diff().terms) {
    if (term.name.starts_with(leaf::kComputePrefix)) {
      total += term.delta_ns;
      stands_out = stands_out || c.grown(term.name).has_value();
    }
  }
  std::string what;
  std::vector<Observation> evidence;
  const auto compare = [&](const char* name, double before, double now) {
    if (before > 0 && now >= kMore * before) {
      what += (what.empty() ? "" : ", ") + megabytes(name, before, now);
      evidence.push_back(c.observed(fmt::format("{} per step", name), "bytes", before, now));
    }
  };
  compare("input", input_bytes(c.base().gpu), input_bytes(c.candidate().gpu));
  compare("gradients and parameters exchanged", collective_bytes(c.base().gpu),
          collective_bytes(c.candidate().gpu));
  if (!stands_out || total < c.diff().min_effect_ns || what.empty()) {
    return;
  }
  out->push_back(c.make("work", total,
                        {fmt::format("a step is more work: {}; computing takes {}", what, c.amount(total)),
                         "compare throughput (samples or tokens per second) instead of steps",
                         Confidence::kMedium, std::move(evidence)},
                        leaves_with_prefix(*c.run().ledger, leaf::kComputePrefix)));
}

}  // namespace stepscope::analysis::finding
