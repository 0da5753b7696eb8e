// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/gpu_facts.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"
#include "analyzer/work_words.hpp"

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

std::string_view source_of(const Evidence& evidence) {
  return evidence.work.said ? "said by the program" : "seen in the data loader";
}

// The amount is known: no bytes need to be asked.
void explain_amount(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.changed(term::kWork);
  if (!effect.has_value()) {
    return;
  }
  const Diff& diff = c.diff();
  const WorkChange& change = diff.work.change;
  std::vector<Observation> evidence = {
      c.observed(fmt::format("{} per step", work_unit_name(change.unit)),
                 std::string(work_unit_name(change.unit)), change.base_per_step, change.candidate_per_step),
      c.observed(fmt::format("step time per {}", change.unit == WorkUnit::kTokens ? "token" : "sample"), "ns",
                 diff.work.base_ns_per_unit, diff.work.candidate_ns_per_unit),
      c.observed("source of the amount", "", std::string(source_of(c.base())),
                 std::string(source_of(c.candidate())))};
  const bool grew = effect->ns > 0;
  const std::string verdict = work_verdict(diff);
  out->push_back(c.explanation(
      *effect,
      {fmt::format("a step is {} work ({}): {}; that explains {}", grew ? "more" : "less",
                   verdict.empty() ? work_cause(change) : verdict, work_amounts(diff), c.amount(effect->ns)),
       verdict.empty() ? "the other causes are what changed beyond the amount of work"
                       : "compare the time per unit of work instead of steps",
       Confidence::kHigh, std::move(evidence)},
      leaves_with_prefix(*c.run().ledger, leaf::kComputePrefix)));
}

}  // namespace

// Not a slowdown: the same machine was given more to do. Known amounts say so, or bytes; kernels that only run longer, or are other
// ones, do not.
void find_more_work(const Case& c, std::vector<Finding>* out) {
  constexpr double kMore = 1.1;
  if (!c.one_run() && c.diff().work.change.differs()) {
    explain_amount(c, out);
    return;
  }
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
