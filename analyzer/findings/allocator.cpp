// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/step_events.hpp"

namespace stepscope::analysis::finding {
namespace {

struct Allocations {
  double calls = 0;   // that allocate or free device memory, per train step
  double failed = 0;  // allocations that the driver refused, all in all
};

std::optional<Allocations> allocations_of(const AnalyzedRun& run) {
  constexpr size_t kName = 2;
  constexpr size_t kResult = 4;
  Allocations out;
  const auto count = [&](uint32_t process, const trace::SegmentView& view, size_t row) {
    const std::string_view name = run.run->name(run.run->global_name(process, view.columns[kName][row]));
    if (classify_call(name) == CallClass::kAlloc && name.find("Host") == std::string_view::npos) {
      ++out.calls;
      out.failed += !view.columns[kResult].empty() && view.columns[kResult][row] != 0 ? 1 : 0;
    }
  };
  if (!each_train_event(run, Kind::kCudaApi, 1U << kName | 1U << kResult, count)) {
    return std::nullopt;
  }
  out.calls = per_step(out.calls, train_steps(run));
  return out;
}

}  // namespace

// A caching allocator that finds no room gives its cache back (cudaFree waits for the GPU) and asks again.
void find_allocator_retries(const Case& c, std::vector<Finding>* out) {
  constexpr double kMoreCalls = 0.1;
  const std::optional<Effect> effect = c.one_run() ? c.notable(leaf::kIdleAlloc) : c.grown(leaf::kIdleAlloc);
  if (!effect.has_value() || !gpu_known(c) || !c.candidate().gpu.api || !(c.one_run() || c.base().gpu.api)) {
    return;
  }
  const std::optional<Allocations> now = allocations_of(c.run());
  const std::optional<Allocations> before = c.one_run() ? Allocations() : allocations_of(c.base_run());
  if (!now.has_value() || !before.has_value()) {
    return;
  }
  const bool retries = now->failed > before->failed;
  if (!retries && now->calls < before->calls + kMoreCalls) {
    return;
  }
  const std::string calls = c.one_run() ? fmt::format("{:.1f}", now->calls)
                                        : fmt::format("{:.1f} -> {:.1f}", before->calls, now->calls);
  const std::string text =
      retries
          ? fmt::format(
                "GPU memory is short: {:.0f} allocations failed in train steps, and the allocator gave its "
                "cache back and asked again ({})",
                now->failed, c.amount(effect->ns))
          : fmt::format(
                "GPU memory is allocated and freed inside the steps, {} calls per step; each can wait "
                "for the GPU ({})",
                calls, c.amount(effect->ns));
  out->push_back(
      c.explanation(*effect,
                    {text,
                     "use less memory (batch, activations), or PYTORCH_CUDA_ALLOC_CONF="
                     "expandable_segments:True against fragmentation; torch.cuda.memory_stats() counts "
                     "num_alloc_retries",
                     retries ? Confidence::kHigh : Confidence::kMedium,
                     {c.observed("calls per step", "", before->calls, now->calls),
                      c.observed("failed allocations", "", before->failed, now->failed)}},
                    {{leaf::kIdleAlloc}}));
}

}  // namespace stepscope::analysis::finding
