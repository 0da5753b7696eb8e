// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/verdict.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "analyzer/gate/metric_changes.hpp"
#include "analyzer/gate/same_work.hpp"
#include "analyzer/gate/spending.hpp"
#include "analyzer/gate/statistics.hpp"
#include "analyzer/gate/usable_run.hpp"

namespace stepscope::analysis {
namespace {

using CountedRuns = std::vector<const RunSummary*>;

constexpr size_t kMostRunsToAsk = 20;

std::string share(double value) {
  return fmt::format("{:+.2f} %", 100 * value);
}

std::string amount(double value) {
  return fmt::format("{:.2f} %", 100 * std::fabs(value));
}

GateRun described(const RunSummary& run, std::string left_out) {
  GateRun out{run.run,         run.commit, static_cast<double>(run.median_step_ns),
              run.train_steps, 0,          std::move(left_out)};
  for (size_t c = 0; c < kStepClassCount; ++c) {
    out.excluded_steps += c == static_cast<size_t>(StepClass::kTrain) ? 0 : run.class_steps.at(c);
  }
  return out;
}

Status check_sides(std::span<const RunSummary> base, std::span<const RunSummary> candidate) {
  if (base.empty() || candidate.empty()) {
    return {Code::kUsage,
            base.empty() ? "the baseline has no runs; add one first" : "there is no candidate run"};
  }
  for (const RunSummary& run : candidate) {
    const auto own = std::find_if(base.begin(), base.end(),
                                  [&run](const RunSummary& other) { return other.id == run.id; });
    if (own != base.end()) {
      return {Code::kUsage,
              fmt::format("{} and {} are the same run, and held against itself a run shows nothing; gate one "
                          "that is not in its baseline",
                          own->run, run.run)};
    }
  }
  CountedRuns all;
  for (const std::span<const RunSummary> side : {base, candidate}) {
    for (const RunSummary& run : side) {
      all.push_back(&run);
    }
  }
  if (const std::string repeated = repeated_run(all); !repeated.empty()) {
    return {Code::kUsage, repeated};
  }
  for (const RunSummary* run : all) {
    // Conditions that only a run without steps lacks are not held against it: what it lacks is said later.
    if (const std::string differs = what_differs(base.front(), *run); !differs.empty()) {
      return {
          Code::kNotComparable,
          fmt::format("{} and {}: not comparable: {}; gate runs of the same work on the same kind of machine",
                      base.front().run, run->run, differs)};
    }
  }
  return {};
}

CountedRuns counted_base(std::span<const RunSummary> base, const Policy& policy, GateResult* result) {
  CountedRuns used;
  for (const RunSummary& run : base) {
    const std::string why = why_unusable(run, policy);
    if (why.empty()) {
      used.push_back(&run);
    } else {
      result->notes.push_back(fmt::format("base run {} is left out: {}", run.run, why));
    }
    result->base.push_back(described(run, why));
  }
  result->base_used = used.size();
  if (used.empty()) {
    result->reasons.emplace_back("no base run can be counted: " + result->base.front().left_out);
  }
  return used;
}

CountedRuns counted_candidates(std::span<const RunSummary> candidates, const Policy& policy,
                               GateResult* result) {
  CountedRuns used;
  for (const RunSummary& run : candidates) {
    const std::string why = why_unusable(run, policy);
    if (why.empty()) {
      used.push_back(&run);
    } else {
      result->reasons.push_back(fmt::format("candidate run {} cannot be counted: {}", run.run, why));
    }
    result->candidate.push_back(described(run, why));
  }
  result->candidate_used = used.size();
  return used;
}

std::vector<double> logs(const CountedRuns& runs) {
  std::vector<double> out;
  for (const RunSummary* run : runs) {
    out.push_back(std::log(static_cast<double>(run->median_step_ns)));
  }
  return out;
}

double look_level(size_t base, size_t candidates, const Policy& policy, bool single_run_counts) {
  if (policy.max_runs == 0) {
    return policy.alpha;
  }
  return level_at(base, candidates, single_run_counts ? 1 : 2, policy.max_runs, policy.alpha);
}

void set_step(const Effect& effect, const std::vector<double>& base, const std::vector<double>& candidate,
              GateResult* result) {
  Change& step = result->step;
  step.base = std::exp(mean_of(base));
  step.candidate = std::exp(mean_of(candidate)) / (result->work.has_value() ? result->work->factor : 1.0);
  step.estimate = std::expm1(effect.estimate);
  step.known = effect.source != NoiseSource::kNone;
  result->noise = effect.source;
  if (!step.known) {
    return;
  }
  step.low = std::expm1(effect.lower(result->level));
  step.high = std::expm1(effect.upper(result->level));
  step.p = effect.p_greater;
  result->run_sd = effect.sd;
  result->noise_degrees = effect.source == NoiseSource::kWelch ? 0.0 : effect.degrees;
}

// How many runs more would decide, in words and numbers.
std::string ask_for_runs(const Effect& effect, const Policy& policy, GateResult* result) {
  const MoreRuns now{result->base_used, result->candidate_used};
  const double threshold = std::log1p(policy.max_regression);
  for (const bool both : {false, true}) {
    const size_t more =
        std::max<size_t>(1, runs_to_decide(effect, now, threshold, result->level, both, kMostRunsToAsk));
    if (more <= kMostRunsToAsk) {
      result->more_candidates = more;
      result->more_base = both ? more : 0;
      return fmt::format("{} more run{}{} would decide if the rest stays as it is", more,
                         more == 1 ? "" : "s", both ? " on each side" : " of the candidate");
    }
  }
  return fmt::format(
      "more than {} further runs on each side would be needed: the change is too close to the "
      "threshold, or runs differ too much",
      kMostRunsToAsk);
}

void decide_without_noise(const Effect& effect, GateResult* result) {
  result->more_base = 1;
  result->more_candidates = 1;
  result->reasons.push_back(
      fmt::format("one run per side does not show how much runs differ ({} is what these two differ by{}); "
                  "record a second "
                  "one of each, or calibrate",
                  share(std::expm1(effect.estimate)),
                  effect.model_refused ? ", and the noise model cannot be used" : ""));
}

std::string the_median_step(const GateResult& result) {
  return result.work.has_value() ? "for the same work, the median step" : "the median step";
}

void decide_step(const Effect& effect, const Policy& policy, double strict_level, GateResult* result) {
  const Change& step = result->step;
  const double threshold = policy.max_regression;
  if (effect.lower(strict_level) > 0 && step.estimate >= threshold) {
    result->verdict = GateVerdict::kRegression;
    result->reasons.push_back(fmt::format("{} is {} slower, at least {}; {} is allowed",
                                          the_median_step(*result), amount(step.estimate), amount(step.low),
                                          amount(threshold)));
    return;
  }
  if (step.high < threshold) {
    result->verdict = GateVerdict::kPass;
    result->reasons.push_back(
        step.high < 0 ? fmt::format("{} is at least {} faster", the_median_step(*result), amount(step.high))
                      : fmt::format("{} is at most {} slower; {} is allowed", the_median_step(*result),
                                    amount(step.high), amount(threshold)));
    return;
  }
  const std::string what = step.estimate >= threshold
                               ? fmt::format("{} is above the {} that is allowed, but may be chance",
                                             share(step.estimate), amount(threshold))
                               : fmt::format("{} may still be more than the {} that is allowed",
                                             share(step.estimate), amount(threshold));
  result->reasons.push_back(what + "; " + ask_for_runs(effect, policy, result));
}

std::string metric_sentence(const MetricChange& metric, const Change& step) {
  const bool worse = *metric.verdict == GateVerdict::kRegression;
  if (metric.name == "step_mean_ns") {
    const bool some_steps = metric.change.estimate > 2 * step.estimate;
    return fmt::format("the mean step is {} slower{}{}; {} is allowed", amount(metric.change.estimate),
                       worse ? "" : ", perhaps by chance",
                       some_steps ? ": some steps are much slower than the median" : "",
                       amount(metric.threshold));
  }
  return fmt::format("{} {}: {}, {} is allowed", metric.name, worse ? "got worse" : "cannot be told",
                     share(metric.change.estimate), amount(metric.threshold));
}

// The guard beside a median that is a regression itself, by about as much.
bool says_the_same(const MetricChange& metric, const GateResult& result, const Policy& policy) {
  const MetricPolicy* own = policy.metric(metric.name);
  return metric.name == "step_mean_ns" && (own == nullptr || !own->gate) &&
         result.verdict == GateVerdict::kRegression &&
         metric.change.estimate < result.step.estimate + metric.threshold;
}

void add_metrics(const CountedRuns& base, const CountedRuns& candidate, const Policy& policy,
                 double strict_level, GateResult* result) {
  result->metrics = compare_metrics(base, candidate, policy, result->level, strict_level);
  for (const MetricChange& metric : result->metrics) {
    if (!metric.verdict.has_value() || *metric.verdict == GateVerdict::kPass ||
        says_the_same(metric, *result, policy)) {
      continue;
    }
    const std::string sentence = metric_sentence(metric, result->step);
    const bool decides = *metric.verdict > result->verdict;
    result->verdict = std::max(result->verdict, *metric.verdict);
    result->reasons.insert(decides ? result->reasons.begin() : result->reasons.end(), sentence);
  }
}

void add_notes(const Effect& effect, const Policy& policy, GateResult* result) {
  if (result->work.has_value()) {
    const WorkChange& change = result->work->change;
    result->notes.push_back(
        fmt::format("a step has {:.3g} times the {} of a base step ({:.6g} -> {:.6g} per rank), which "
                    "explains {:+.2f} ms of it; the rest is compared",
                    change.ratio(), work_unit_name(change.unit), change.base_per_step,
                    change.candidate_per_step, result->work->explained_ns / 1e6));
  }
  if (effect.source == NoiseSource::kPrediction) {
    result->notes.emplace_back(
        "one or two runs on a side: they are taken to scatter as those of the other side do");
  }
  if (effect.model_refused) {
    result->notes.emplace_back(
        "the noise model is not used: the runs differ more than it allows; calibrate again");
  }
  if (policy.max_runs > 0) {
    result->notes.push_back(fmt::format("look at {} of at most {} candidate runs: level {:.4f} of {:g}",
                                        result->candidate_used, policy.max_runs, result->level,
                                        policy.alpha));
  }
  if (policy.max_runs > 0 && result->candidate_used > policy.max_runs) {
    result->notes.emplace_back(
        "there are more candidate runs than planned; the level is that of so many planned");
  }
}

}  // namespace

std::string_view gate_verdict_name(GateVerdict verdict) {
  return verdict == GateVerdict::kPass         ? "pass"
         : verdict == GateVerdict::kRegression ? "regression"
                                               : "inconclusive";
}

Result<GateResult> judge(std::span<const RunSummary> base, std::span<const RunSummary> candidate,
                         const Policy& policy, const std::optional<NoiseModel>& noise) {
  if (Status status = check_sides(base, candidate); !status.ok()) {
    return status;
  }
  GateResult result;
  result.threshold = policy.max_regression;
  result.level = policy.alpha;
  const CountedRuns old = counted_base(base, policy, &result);
  const CountedRuns now = counted_candidates(candidate, policy, &result);
  if (old.empty() || now.empty()) {
    return result;
  }
  std::optional<KnownNoise> known;
  if (noise.has_value() && noise->key == base.front().fingerprint.key && noise->runs.size() > 1) {
    known = KnownNoise{noise->run_sd, static_cast<double>(noise->runs.size() - 1)};
  } else if (noise.has_value()) {
    result.notes.emplace_back("the noise model is of other conditions and is not used");
  }
  // The candidate's runs as they are compared: with the base's amount of work.
  result.work = compare_step_work(old, now);
  std::vector<RunSummary> same_work;
  CountedRuns compared = now;
  if (result.work.has_value()) {
    same_work = with_work_of_base(old, now, *result.work);
    std::transform(same_work.begin(), same_work.end(), compared.begin(),
                   [](const RunSummary& run) { return &run; });
  }
  const std::vector<double> a = logs(old);
  const std::vector<double> b = logs(compared);
  const Effect effect = compare_runs(a, b, known, 1 / std::exp(mean_of(a)));
  constexpr size_t kEnoughForOne = 3;
  result.level = look_level(old.size(), now.size(), policy, old.size() >= kEnoughForOne || known.has_value());
  const double strict_level = result.level / static_cast<double>(1 + deciding_metrics(old, now, policy));
  result.regression_level = strict_level;
  set_step(effect, a, b, &result);
  const bool countable = result.reasons.empty();  // no candidate run was left out
  if (effect.source == NoiseSource::kNone) {
    decide_without_noise(effect, &result);
  } else {
    decide_step(effect, policy, strict_level, &result);
  }
  add_metrics(old, compared, policy, strict_level, &result);
  add_notes(effect, policy, &result);
  if (!countable) {
    // What the others say is told, but a run that crashed or lost data is not argued away by its neighbours.
    result.verdict =
        result.verdict == GateVerdict::kRegression ? GateVerdict::kRegression : GateVerdict::kInconclusive;
  }
  return result;
}

double smallest_visible(const GateResult& result, const Policy& policy) {
  if (result.noise == NoiseSource::kNone) {
    return -1;
  }
  const double change = detectable_change(result.base_used, result.candidate_used, result.run_sd,
                                          result.noise_degrees, result.regression_level, policy.power);
  return change < 0 ? -1 : std::expm1(change);
}

int gate_exit_code(GateVerdict verdict, const Policy& policy) {
  constexpr int kInconclusiveCode = 3;
  if (verdict != GateVerdict::kInconclusive) {
    return verdict == GateVerdict::kPass ? 0 : 1;
  }
  return policy.on_inconclusive == OnInconclusive::kPass   ? 0
         : policy.on_inconclusive == OnInconclusive::kFail ? 1
                                                           : kInconclusiveCode;
}

}  // namespace stepscope::analysis
