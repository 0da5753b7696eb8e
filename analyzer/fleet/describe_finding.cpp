// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/describe_finding.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace stepscope::analysis {
namespace {

FleetValue named(const ObservedFleet& fleet, size_t value) {
  const AttributeValue& own = fleet.observations.values[value];
  return {fleet.table.attributes[own.attribute], own.value};
}

FleetRuns listed(const ObservedFleet& fleet, const RunSet& set) {
  FleetRuns out;
  set.for_each([&](size_t i) {
    ++out.count;
    if (out.names.size() < kMostRunNames) {
      out.names.push_back(fleet.table.runs[fleet.observations.runs[i]].run);
    }
  });
  return out;
}

void count(const ObservedFleet& fleet, const FleetPick& pick, FleetFinding* out) {
  const std::vector<Stratum> strata = fleet.observations.tally(pick.there, pick.among);
  for (const Stratum& stratum : strata) {
    out->failed_there += stratum.failed_there;
    out->runs_there += stratum.runs_there;
    out->failed_elsewhere += stratum.failed - stratum.failed_there;
    out->runs_elsewhere += stratum.runs - stratum.runs_there;
    out->hours_there += stratum.hours_there;
    out->hours_elsewhere += stratum.hours - stratum.hours_there;
  }
  out->ratio = risk_ratio(strata, fleet.observations.exposure);
  // So many runs that all of them pass, although the risk is what it was there, has a probability of 5 %.
  constexpr double kUnlikely = 0.05;
  if (fleet.observations.exposure == Exposure::kHours) {
    out->deciding_runs = -std::log(kUnlikely) * out->hours_there / static_cast<double>(out->failed_there);
  } else {
    const double passing = 1 - static_cast<double>(out->failed_there) / static_cast<double>(out->runs_there);
    out->deciding_runs = passing <= kUnlikely ? 1 : std::ceil(std::log(kUnlikely) / std::log(passing));
  }
}

std::vector<FleetSymptom> symptoms_of(const ObservedFleet& fleet, const FleetPick& pick) {
  std::vector<FleetSymptom> out;
  for (const size_t attribute : fleet.observations.symptoms) {
    std::map<std::string, FleetSymptom> counts;
    fleet.observations.failed.common(pick.among).for_each([&](size_t i) {
      for (const std::string& value : fleet.table.runs[fleet.observations.runs[i]].values[attribute]) {
        FleetSymptom& own = counts[value];
        own.value = {fleet.table.attributes[attribute], value};
        ++(pick.there.has(i) ? own.there : own.elsewhere);
      }
    });
    const auto most = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
      return a.second.there < b.second.there;
    });
    if (most != counts.end() && most->second.there >= 2) {
      out.push_back(most->second);
    }
  }
  return out;
}

std::vector<FleetSeparators> separators_of(const ObservedFleet& fleet, size_t group) {
  const std::vector<size_t>& members = fleet.groups[group];
  const auto& values = fleet.observations.values;
  std::vector<FleetSeparators> out;
  const auto add = [&](size_t with, size_t without) {
    const RunSet runs = values[with].there.without(values[without].there);
    out.push_back({named(fleet, with), named(fleet, without), runs.count(),
                   runs.count_common(fleet.observations.failed)});
  };
  for (size_t i = 1; i < members.size(); ++i) {
    add(members.front(), members[i]);
    add(members[i], members.front());
  }
  return out;
}

// Whether a run has the leading values of all that was picked.
bool runs_there(const ObservedFleet& fleet, const FleetPick& pick, const FleetRun& run) {
  return std::all_of(pick.groups.begin(), pick.groups.end(), [&](size_t group) {
    const AttributeValue& leader = fleet.observations.values[fleet.groups[group].front()];
    const std::vector<std::string>& own = run.values[leader.attribute];
    return std::find(own.begin(), own.end(), leader.value) != own.end();
  });
}

// Jobs that failed there, and what became of their next attempt elsewhere.
void follow_retries(const ObservedFleet& fleet, const FleetPick& pick, FleetFinding* out) {
  std::map<std::string, const FleetRun*> failed;
  pick.there.common(fleet.observations.failed).for_each([&](size_t i) {
    const FleetRun& run = fleet.table.runs[fleet.observations.runs[i]];
    if (!run.job.empty()) {
      failed[run.job] = &run;
    }
  });
  std::map<std::string, const FleetRun*> next;
  for (const FleetRun& run : fleet.table.runs) {
    const auto first = failed.find(run.job);
    const bool ended = run.outcome != RunOutcome::kUnknown && run.outcome != RunOutcome::kCancelled;
    if (first == failed.end() || &run == first->second || !ended || run.started < first->second->started ||
        runs_there(fleet, pick, run)) {
      continue;
    }
    const FleetRun*& known = next[run.job];
    known = known == nullptr || run.started < known->started ? &run : known;
  }
  for (const auto& [job, run] : next) {
    ++out->retried_elsewhere;
    out->passed_elsewhere += run->outcome == RunOutcome::kOk ? 1 : 0;
  }
}

}  // namespace

FleetGroup describe_group(const ObservedFleet& fleet, size_t group) {
  FleetGroup out;
  for (const size_t value : fleet.groups[group]) {
    out.push_back(named(fleet, value));
  }
  return out;
}

FleetFinding describe_finding(const ObservedFleet& fleet, const FleetPick& pick) {
  FleetFinding out;
  out.p = pick.p;
  out.q = pick.q;
  count(fleet, pick, &out);
  const RunSet& failed = fleet.observations.failed;
  out.failures = listed(fleet, pick.there.common(failed));
  out.counter_examples = listed(fleet, pick.there.common(fleet.observations.passed));
  out.symptoms = symptoms_of(fleet, pick);
  for (const size_t group : pick.groups) {
    out.factors.push_back(describe_group(fleet, group));
    const std::vector<FleetSeparators> own = separators_of(fleet, group);
    out.separators.insert(out.separators.end(), own.begin(), own.end());
  }
  for (const FleetPick::Shadow& shadow : pick.shadows) {
    out.shadows.push_back({describe_group(fleet, shadow.group), shadow.retest});
  }
  follow_retries(fleet, pick, &out);
  return out;
}

}  // namespace stepscope::analysis
