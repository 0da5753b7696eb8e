// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/fleet_view.hpp"
#include "analyzer/cli/open_run.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

// Six digits: what lies beyond depends on the machine's arithmetic, and documents of equal fleets are equal.
double six_digits(double value) {
  return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
}

ordered_json value_json(const FleetValue& value) {
  return {{"attribute", value.attribute}, {"value", value.value}};
}

ordered_json group_json(const FleetGroup& group) {
  ordered_json out = ordered_json::array();
  for (const FleetValue& value : group) {
    out.push_back(value_json(value));
  }
  return out;
}

ordered_json runs_json(const FleetRuns& runs) {
  return {{"count", runs.count}, {"names", runs.names}};
}

// Per run, or per hour where there are hours.
ordered_json side_json(size_t failed, size_t runs, double hours, Exposure exposure) {
  ordered_json out = {{"failed", failed}, {"runs", runs}};
  if (exposure == Exposure::kHours) {
    out["hours"] = six_digits(hours);
  }
  return out;
}

ordered_json finding_json(const FleetFinding& finding, Exposure exposure) {
  ordered_json out;
  out["factors"] = ordered_json::array();
  for (const FleetGroup& group : finding.factors) {
    out["factors"].push_back(group_json(group));
  }
  out["there"] = side_json(finding.failed_there, finding.runs_there, finding.hours_there, exposure);
  out["elsewhere"] =
      side_json(finding.failed_elsewhere, finding.runs_elsewhere, finding.hours_elsewhere, exposure);
  out["risk_ratio"] = {{"estimate", six_digits(finding.ratio.estimate)},
                       {"low", six_digits(finding.ratio.low)},
                       {"high", six_digits(finding.ratio.high)}};
  out["p"] = six_digits(finding.p);
  out["q"] = six_digits(finding.q);
  out["failures"] = runs_json(finding.failures);
  out["counter_examples"] = runs_json(finding.counter_examples);
  out["symptoms"] = ordered_json::array();
  for (const FleetSymptom& symptom : finding.symptoms) {
    ordered_json own = value_json(symptom.value);
    own["failures_there"] = symptom.there;
    own["failures_elsewhere"] = symptom.elsewhere;
    out["symptoms"].push_back(own);
  }
  out["separators"] = ordered_json::array();
  for (const FleetSeparators& separators : finding.separators) {
    out["separators"].push_back({{"with", value_json(separators.with)},
                                 {"without", value_json(separators.without)},
                                 {"runs", separators.runs},
                                 {"failed", separators.failed}});
  }
  out["shadows"] = ordered_json::array();
  for (const FleetShadow& shadow : finding.shadows) {
    out["shadows"].push_back(
        {{"group", group_json(shadow.group)},
         {"retest", shadow.retest == FleetRetest::kExplained ? "explained" : "too_few_left"}});
  }
  out["retried_elsewhere"] = {{"jobs", finding.retried_elsewhere}, {"passed", finding.passed_elsewhere}};
  out[exposure == Exposure::kHours ? "deciding_hours" : "deciding_runs"] = six_digits(finding.deciding_runs);
  return out;
}

ordered_json attribute_json(const FleetAttribute& attribute, Exposure exposure) {
  ordered_json out = {{"name", attribute.name},
                      {"values", attribute.values},
                      {"tested", attribute.tested},
                      {"median_runs", attribute.median_runs},
                      {"detectable", nullptr}};
  if (attribute.detectable.possible) {
    out["detectable"] = {
        {"failures", attribute.detectable.failures},
        {exposure == Exposure::kHours ? "rate_per_hour" : "risk", six_digits(attribute.detectable.risk)},
        {"risk_ratio", six_digits(attribute.detectable.ratio)}};
  }
  return out;
}

}  // namespace

ordered_json fleet_json(const FleetReport& report) {
  ordered_json document = json_head("fleet", 1);
  document["source"] = report.source;
  document["outcome"] = report.outcome == RunOutcome::kSlow ? "slow" : "failed";
  document["exposure"] = report.exposure == Exposure::kHours ? "hours" : "runs";
  document["runs"] = report.runs;
  document["failed"] = report.failed;
  if (report.exposure == Exposure::kHours) {
    document["hours"] = six_digits(report.hours);
  }
  document["strata"] = report.strata;
  document["left_out"] = {{"cancelled", report.cancelled},
                          {"unfinished", report.unfinished},
                          {"later_attempts", report.attempts},
                          {"without_exposure", report.without_hours}};
  document["hypotheses"] = report.hypotheses;
  document["false_discovery_rate"] = kFalseDiscovery;
  document["objection"] = report.objection.empty() ? ordered_json() : ordered_json(report.objection);
  document["findings"] = ordered_json::array();
  for (const FleetFinding& finding : report.findings) {
    document["findings"].push_back(finding_json(finding, report.exposure));
  }
  document["only_in_time"] = ordered_json::array();
  for (const FleetGroup& group : report.only_in_time) {
    document["only_in_time"].push_back(group_json(group));
  }
  document["symptoms"] = report.symptoms;
  document["attributes"] = ordered_json::array();
  for (const FleetAttribute& attribute : report.attributes) {
    document["attributes"].push_back(attribute_json(attribute, report.exposure));
  }
  return document;
}

}  // namespace stepscope::analysis::cli
