// SPDX-License-Identifier: Apache-2.0
//
// judge: may this change go in? Runs of how it was against runs of how it is now, one observation each.
//
//   GateResult result = judge(base, candidate, policy, std::nullopt).value();
//   result.verdict, result.reasons, smallest_visible(result, policy)
//
// The headline is the logarithm of RunSummary::median_step_ns, compared as effect.hpp says, one-sided, in non-inferiority form:
//   regression    the lower bound of the change is above 0 and the estimate at or above the threshold
//   pass          the upper bound is below the threshold
//   inconclusive  else, with the reason and how many runs more would decide; also when a candidate run cannot be counted
// Bounds are one-sided at `level`: Policy::alpha for one look, less with Policy::max_runs (spending.hpp).
// Base runs that cannot be counted are left out and named; a candidate run that cannot be counted is never left out silently.
// Metrics are compared by the same test on their plain values and warn under a false discovery rate (Benjamini-Hochberg); one
// that the policy lets decide (`gate`) is judged like the step time, and levels for a regression are divided by their number.
// The mean step stands guard beside the median, which does not see a slowdown of a minority of the steps: where the mean is slower by
// the threshold or more, it is a regression (beyond chance at a tenth of `level`) or inconclusive.
// Longer sequences are no regression: where all runs know how much work a step is, and the sides differ in it, the candidate's times are
// compared without what the work explains (explained_of_sum in work_change.hpp): what can grow with the work, up to in proportion.
// Nothing passes by accident: what is missing, doubled, incomplete or of other conditions is no pass.
//
// Errors: kUsage when a side is empty or a run is given twice (also as its own base); kNotComparable when conditions differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/gate/effect.hpp"
#include "analyzer/gate/noise_model.hpp"
#include "analyzer/gate/policy.hpp"
#include "analyzer/gate/run_summary.hpp"
#include "analyzer/work_change.hpp"

namespace stepscope::analysis {

enum class GateVerdict : uint8_t { kPass, kInconclusive, kRegression };  // in order of gravity
[[nodiscard]] std::string_view gate_verdict_name(
    GateVerdict verdict);  // "pass", "inconclusive", "regression"

struct GateRun {
  std::string run;
  std::string commit;
  double median_step_ns = 0;
  size_t train_steps = 0;
  size_t excluded_steps = 0;  // of other classes
  std::string left_out;       // why it is not counted; empty: it is
};

// The change of one quantity, as shares of the base.
struct Change {
  bool known = false;  // false: only `estimate` says anything
  double base = 0;     // mean over runs, in the metric's unit (of step time: geometric)
  double candidate = 0;
  double estimate = 0;  // share of the base; negative: less
  double low = 0;       // one-sided bounds at the level of the look
  double high = 0;
  double p = 1;  // one-sided, that it did not get worse
};

struct MetricChange {
  std::string name;
  bool less_is_worse = false;
  Change change;
  double threshold = 0;                // share of the base
  bool warned = false;                 // worse, and more than chance, among all metrics
  std::optional<GateVerdict> verdict;  // of a metric that decides
};

// The candidate's steps are more work, or less, than the base's.
struct StepWork {
  WorkChange change;
  double explained_ns = 0;  // growth of the mean step that is the work's; negative where it does less
  double factor = 1;  // what the candidate's step times are multiplied with to be held against the base's
};

struct GateResult {
  GateVerdict verdict = GateVerdict::kInconclusive;
  std::vector<std::string> reasons;  // sentences, the deciding one first
  std::vector<std::string> notes;    // what else to know
  std::vector<GateRun> base, candidate;
  size_t base_used = 0, candidate_used = 0;
  NoiseSource noise = NoiseSource::kNone;
  double run_sd = 0;            // run to run, as a share; of the data or the model
  double noise_degrees = 0;     // of freedom of run_sd where it is not the runs' own (Welch): 0
  double level = 0;             // one-sided, of this look
  double regression_level = 0;  // the same, divided by the number of quantities that decide
  double threshold = 0;
  Change step;                   // `estimate` and bounds for the same work, `candidate` as it was
  std::optional<StepWork> work;  // where it differs
  // Runs that would decide, when inconclusive for lack of them: 0 = not a matter of runs, or too many to ask for.
  size_t more_base = 0, more_candidates = 0;
  std::vector<MetricChange> metrics;  // by name
};

[[nodiscard]] Result<GateResult> judge(std::span<const RunSummary> base,
                                       std::span<const RunSummary> candidate, const Policy& policy,
                                       const std::optional<NoiseModel>& noise);

// The smallest slowdown that this comparison shows with probability Policy::power, as a share; negative: not known. Takes a
// millisecond or two.
[[nodiscard]] double smallest_visible(const GateResult& result, const Policy& policy);

// The exit code that the policy gives a verdict: 0, 1 or 3.
[[nodiscard]] int gate_exit_code(GateVerdict verdict, const Policy& policy);

}  // namespace stepscope::analysis
