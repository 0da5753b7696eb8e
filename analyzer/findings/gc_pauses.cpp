// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

// Mean over train steps of the longest time that a rank spent collecting in that step, over the runs of a side.
double longest_per_step(std::span<const AnalyzedRun> runs) {
  double sum = 0;
  for (const AnalyzedRun& run : runs) {
    const Ledger& ledger = *run.ledger;
    const size_t gc = ledger.leaf_index(leaf::kGc);
    std::map<int64_t, int64_t> longest;  // by the number of the step
    for (const ProcessLedger& process : ledger.processes) {
      for (size_t s = 0; s < process.steps.steps.size(); ++s) {
        const Step& step = process.steps.steps[s];
        if (step.step_class == StepClass::kTrain) {
          int64_t& most = longest[step.number];
          most = gc < ledger.leaves.size() ? std::max(most, ledger.row(process, s)[gc]) : most;
        }
      }
    }
    double total = 0;
    for (const auto& [step, ns] : longest) {
      total += static_cast<double>(ns);
    }
    sum += longest.empty() ? 0 : total / static_cast<double>(longest.size());
  }
  return sum / static_cast<double>(runs.size());
}

double pauses_of(const GcEvidence& gc) {
  return static_cast<double>(gc.pauses[0] + gc.pauses[1] + gc.pauses[2]);
}

// Ranks that exchange data wait in each step for the one that pauses longest. A diff over ranks has that in its terms.
bool ranks_wait(const Case& c) {
  return !c.diff().by_ranks && c.candidate().train_processes > 1 && !c.candidate().gpu.collectives.empty();
}

}  // namespace

void find_gc_pauses(const Case& c, std::vector<Finding>* out) {
  const GcEvidence& gc = c.candidate().gc;
  const uint64_t pauses = gc.pauses[0] + gc.pauses[1] + gc.pauses[2];
  std::optional<Effect> effect = c.notable(leaf::kGc);
  std::string skew;
  if (!c.one_run() && ranks_wait(c)) {
    const auto skewed = static_cast<int64_t>(longest_per_step(c.runs()) - longest_per_step(c.base_runs()));
    const int64_t own = effect.has_value() ? effect->ns : 0;
    // Pauses of ranks in different steps add up for everybody, although each rank's own share is small.
    const bool same_way = (skewed > 0) == (own > 0) && std::abs(skewed) > std::abs(own);
    if (effect.has_value() ? same_way : skewed >= 2 * c.diff().min_effect_ns) {
      effect = Effect{leaf::kGc, skewed};
      skew = skewed >= 2 * std::max<int64_t>(0, own)
                 ? "; the ranks pause in different steps and wait for each other"
                 : "";
    }
  }
  if (!effect.has_value() || pauses == 0) {
    return;
  }
  const std::string text = fmt::format(
      "Python's garbage collector pauses training: {} pauses ({} of generation 2), longest {}{} ({})", pauses,
      gc.pauses[2], ms(static_cast<double>(gc.max_ns)), skew, c.amount(effect->ns));
  out->push_back(c.explanation(
      *effect,
      {text,
       "call gc.freeze() after start-up, or gc.disable() and collect at a time of your choice",
       Confidence::kHigh,
       {c.observed("pauses in train steps", "", c.one_run() ? 0 : pauses_of(c.base().gc), pauses_of(gc)),
        c.observed("longest", "ns", {}, static_cast<double>(gc.max_ns))}},
      {{leaf::kGc}}));
}

}  // namespace stepscope::analysis::finding
