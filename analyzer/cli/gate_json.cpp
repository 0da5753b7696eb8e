// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <nlohmann/json.hpp>

#include "analyzer/cli/gate_view.hpp"
#include "analyzer/cli/open_run.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

// Nine digits: more is noise, and the last ones differ between compilers.
ordered_json rounded(double value) {
  if (!std::isfinite(value)) {
    return nullptr;
  }
  if (value == 0) {
    return 0.0;
  }
  const double scale = std::pow(10.0, 8 - std::floor(std::log10(std::fabs(value))));
  return std::isfinite(scale) ? std::round(value * scale) / scale : 0.0;
}

ordered_json known_or_null(bool known, double value) {
  return known ? rounded(value) : ordered_json(nullptr);
}

ordered_json runs_json(const std::vector<GateRun>& runs) {
  ordered_json list = ordered_json::array();
  for (const GateRun& run : runs) {
    list.push_back({{"run", run.run},
                    {"commit", run.commit.empty() ? ordered_json(nullptr) : ordered_json(run.commit)},
                    {"median_step_ns", std::llround(run.median_step_ns)},
                    {"train_steps", run.train_steps},
                    {"excluded_steps", run.excluded_steps},
                    {"left_out", run.left_out.empty() ? ordered_json(nullptr) : ordered_json(run.left_out)}});
  }
  return list;
}

ordered_json change_json(const Change& change) {
  return {{"base", rounded(change.base)},
          {"candidate", rounded(change.candidate)},
          {"change", rounded(change.estimate)},
          {"low", known_or_null(change.known, change.low)},
          {"high", known_or_null(change.known, change.high)},
          {"p", known_or_null(change.known, change.p)}};
}

ordered_json metrics_json(const GateResult& result) {
  ordered_json list = ordered_json::array();
  for (const MetricChange& metric : result.metrics) {
    ordered_json entry = {{"name", metric.name}};
    entry.update(change_json(metric.change));
    entry["threshold"] = rounded(metric.threshold);
    entry["warning"] = metric.warned;
    entry["verdict"] =
        metric.verdict.has_value() ? ordered_json(gate_verdict_name(*metric.verdict)) : ordered_json(nullptr);
    list.push_back(std::move(entry));
  }
  return list;
}

std::string_view noise_name(NoiseSource source) {
  return source == NoiseSource::kWelch        ? "runs"
         : source == NoiseSource::kPrediction ? "one_side"
         : source == NoiseSource::kModel      ? "model"
                                              : "none";
}

void add_causes(const GateCauses& causes, ordered_json* document) {
  (*document)["terms_from"] = causes.source;
  (*document)["terms"] = ordered_json::array();
  for (const GateTerm& term : causes.terms) {
    (*document)["terms"].push_back({{"leaf", term.name},
                                    {"baseline_ns", std::llround(term.base_ns)},
                                    {"candidate_ns", std::llround(term.candidate_ns)},
                                    {"delta_ns", std::llround(term.delta_ns)},
                                    {"flagged", term.flagged}});
  }
  (*document)["findings"] = ordered_json::array();
  for (const GateCauses::Sentence& finding : causes.findings) {
    (*document)["findings"].push_back({{"id", finding.id},
                                       {"sentence", finding.text},
                                       {"advice", finding.advice},
                                       {"effect_ns", std::llround(finding.effect_ns)}});
  }
}

}  // namespace

ordered_json gate_json(const GateReport& report) {
  ordered_json document = json_head("gate", 1);
  document["verdict"] = report.verdict;
  document["exit_code"] = report.exit_code;
  document["reasons"] = report.reasons;
  document["threshold"] = rounded(report.policy.max_regression);
  document["alpha"] = rounded(report.policy.alpha);
  if (!report.result.has_value()) {
    return document;
  }
  const GateResult& result = *report.result;
  document["notes"] = result.notes;
  document["level"] = rounded(result.level);
  document["step"] = change_json(result.step);
  if (result.work.has_value()) {
    document["work"] = {{"unit", work_unit_name(result.work->change.unit)},
                        {"base_per_step", rounded(result.work->change.base_per_step)},
                        {"candidate_per_step", rounded(result.work->change.candidate_per_step)},
                        {"explained_ns", rounded(result.work->explained_ns)}};
  }
  document["noise"] = {{"source", noise_name(result.noise)},
                       {"run_sd", known_or_null(result.noise != NoiseSource::kNone, result.run_sd)}};
  document["smallest_visible"] = known_or_null(report.visible >= 0, report.visible);
  document["power"] = rounded(report.policy.power);
  document["more_runs"] = {{"base", result.more_base}, {"candidate", result.more_candidates}};
  document["base"] = runs_json(result.base);
  document["candidate"] = runs_json(result.candidate);
  document["metrics"] = metrics_json(result);
  add_causes(report.causes, &document);
  return document;
}

}  // namespace stepscope::analysis::cli
