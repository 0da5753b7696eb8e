// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_view.hpp"

namespace stepscope::analysis::cli {
namespace {

std::string percent_or_na(bool known, double share) {
  return known ? fmt::format("{:.3f}", 100 * share) : std::string("na");
}

}  // namespace

std::string gate_last_line(const GateReport& report) {
  const GateResult none;
  const GateResult& r = report.result.has_value() ? *report.result : none;
  const bool any = r.step.base > 0;
  const MetricChange* mean = mean_step(report);
  return fmt::format(
      "stepscope-gate: verdict={} exit={} change_percent={} low_percent={} high_percent={} "
      "threshold_percent={:.3f} "
      "level={:.5f} visible_percent={} mean_percent={} base_runs={} candidate_runs={}\n",
      report.verdict, report.exit_code, percent_or_na(any, r.step.estimate),
      percent_or_na(r.step.known, r.step.low), percent_or_na(r.step.known, r.step.high),
      100 * report.policy.max_regression, report.result.has_value() ? r.level : report.policy.alpha,
      percent_or_na(report.visible >= 0, report.visible),
      percent_or_na(mean != nullptr, mean == nullptr ? 0.0 : mean->change.estimate), r.base_used,
      r.candidate_used);
}

std::string signed_share(double share) {
  return fmt::format("{:+.2f} %", 100 * share);
}

std::string plain_share(double share) {
  return share < 0 ? "not known" : fmt::format("{:.2f} %", 100 * share);
}

std::string bounds_text(const Change& change) {
  return change.known
             ? fmt::format("one-sided bounds {} .. {}", signed_share(change.low), signed_share(change.high))
             : std::string("bounds not known");
}

std::string_view same_work_text(const GateResult& result) {
  return result.work.has_value() ? "for the same work " : "";
}

std::string noise_text(NoiseSource source) {
  switch (source) {
    case NoiseSource::kWelch:
      return "from the runs of both sides";
    case NoiseSource::kPrediction:
      return "from the runs of one side";
    case NoiseSource::kModel:
      return "from the noise model";
    case NoiseSource::kNone:
      break;
  }
  return "not known";
}

std::string metric_value(const std::string& name, double value) {
  if (name.ends_with("_bytes")) {
    return bytes(static_cast<uint64_t>(std::max(0.0, value)));
  }
  return name.ends_with("_ns")      ? milliseconds(value) + " ms"
         : name.ends_with("_per_s") ? fmt::format("{:.1f}/s", value)
                                    : fmt::format("{:g}", value);
}

std::vector<GateTerm> shown_terms(const GateReport& report, size_t most) {
  constexpr double kShownNs = 5000;  // less shows as 0.00 ms
  std::vector<GateTerm> out;
  for (const GateTerm& term : report.causes.terms) {
    if (out.size() < most && (term.flagged || std::fabs(term.delta_ns) >= kShownNs)) {
      out.push_back(term);
    }
  }
  return out;
}

const MetricChange* mean_step(const GateReport& report) {
  if (report.result.has_value()) {
    for (const MetricChange& metric : report.result->metrics) {
      if (metric.name == "step_mean_ns") {
        return &metric;
      }
    }
  }
  return nullptr;
}

std::vector<const MetricChange*> noteworthy(const GateReport& report) {
  std::vector<const MetricChange*> out;
  if (!report.result.has_value()) {
    return out;
  }
  for (const MetricChange& metric : report.result->metrics) {
    if (metric.warned || (metric.verdict.has_value() && *metric.verdict != GateVerdict::kPass)) {
      out.push_back(&metric);
    }
  }
  return out;
}

}  // namespace stepscope::analysis::cli
