// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/analyse_fleet.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "analyzer/fleet/attribute_groups.hpp"
#include "analyzer/fleet/describe_finding.hpp"
#include "analyzer/fleet/search.hpp"

namespace stepscope::analysis {
namespace {

Result<std::vector<size_t>> chosen_attributes(const FleetTable& table, const FleetOptions& options) {
  std::vector<size_t> out;
  for (const std::string& name : options.attributes) {
    const auto found = std::find(table.attributes.begin(), table.attributes.end(), name);
    if (found == table.attributes.end()) {
      return trace::Status(
          trace::Code::kUsage,
          fmt::format(
              "'{}' has no attribute {}; it has {}", table.source, name,
              table.attributes.empty() ? "none" : fmt::format("{}", fmt::join(table.attributes, ", "))));
    }
    out.push_back(static_cast<size_t>(found - table.attributes.begin()));
  }
  if (options.attributes.empty()) {
    out.resize(table.attributes.size());
    std::iota(out.begin(), out.end(), size_t{0});
  }
  return out;
}

// A tested value's observations, and their hours.
struct TestedValue {
  size_t runs = 0;
  double hours = 0;
  bool operator<(const TestedValue& other) const {
    return runs != other.runs ? runs < other.runs : hours < other.hours;
  }
};

// What these runs could show of an attribute.
FleetAttribute show_attribute(const FleetTable& table, const Observations& observations, size_t attribute,
                              const FleetReport& report) {
  FleetAttribute out;
  out.name = table.attributes[attribute];
  out.values = observations.distinct[attribute];
  std::vector<TestedValue> tested;
  for (const AttributeValue& value : observations.values) {
    if (value.attribute != attribute) {
      continue;
    }
    TestedValue own{value.there.count(), 0};
    if (own.runs < kLeastRuns || own.runs + kLeastRuns > observations.size()) {
      continue;
    }
    if (observations.exposure == Exposure::kHours) {
      value.there.for_each([&](size_t i) { own.hours += observations.hours[i]; });
    }
    tested.push_back(own);
  }
  out.tested = tested.size();
  if (!tested.empty()) {
    std::sort(tested.begin(), tested.end());
    const TestedValue& median = tested[tested.size() / 2];
    const double alpha =
        kFalseDiscovery / kFindingFamilies / static_cast<double>(std::max<size_t>(1, report.hypotheses));
    out.median_runs = median.runs;
    out.detectable = detectable({0, median.runs, report.failed, report.runs, median.hours, report.hours},
                                report.exposure, alpha, kLeastFailures);
  }
  return out;
}

std::string objection_to(const FleetReport& report, bool anything_tested) {
  const std::string word = report.outcome == RunOutcome::kSlow ? "slow" : "failed";
  if (report.runs == 0) {
    return "no run has an outcome";
  }
  if (report.failed == 0) {
    return fmt::format("none of {} runs {}: there is nothing to explain", report.runs,
                       report.outcome == RunOutcome::kSlow ? "was slow" : "failed");
  }
  if (report.failed == report.runs) {
    return fmt::format("all {} runs {}: without one that passed there is nothing to compare them with",
                       report.runs, report.outcome == RunOutcome::kSlow ? "were slow" : "failed");
  }
  if (!anything_tested) {
    return fmt::format(
        "of {} runs ({} {}) no value of an attribute has {} runs with it and {} without: there is nothing "
        "to compare",
        report.runs, report.failed, word, kLeastRuns, kLeastRuns);
  }
  return "";
}

}  // namespace

Result<FleetReport> analyse_fleet(const FleetTable& table, const FleetOptions& options) {
  const Result<std::vector<size_t>> attributes = chosen_attributes(table, options);
  if (!attributes.ok()) {
    return attributes.status();
  }
  const Observations observations =
      observe(table, {options.outcome, attributes.value(), !options.attributes.empty(), kLeastRuns});
  FleetReport report;
  report.source = table.source;
  report.outcome = options.outcome;
  report.exposure = observations.exposure;
  report.runs = observations.size();
  report.failed = observations.failed.count();
  report.hours = std::accumulate(observations.hours.begin(), observations.hours.end(), 0.0);
  report.strata = observations.tally(observations.failed, observations.all).size();
  report.cancelled = observations.cancelled;
  report.unfinished = observations.unfinished;
  report.attempts = observations.attempts;
  report.without_hours = observations.without_hours;
  for (const size_t attribute : observations.symptoms) {
    report.symptoms.push_back(table.attributes[attribute]);
  }
  const std::vector<std::vector<size_t>> groups = group_values(observations, kLeastRuns);
  report.hypotheses = groups.size();
  for (const size_t attribute : attributes.value()) {
    if (std::find(observations.symptoms.begin(), observations.symptoms.end(), attribute) ==
        observations.symptoms.end()) {
      report.attributes.push_back(show_attribute(table, observations, attribute, report));
    }
  }
  report.objection = objection_to(report, !groups.empty());
  if (!report.objection.empty()) {
    return report;
  }
  const FleetSearch search = search_fleet(observations, groups);
  const ObservedFleet fleet{table, observations, groups};
  for (const FleetPick& pick : search.picks) {
    report.findings.push_back(describe_finding(fleet, pick));
  }
  for (const size_t group : search.only_in_time) {
    report.only_in_time.push_back(describe_group(fleet, group));
  }
  return report;
}

}  // namespace stepscope::analysis
