// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/observations.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string_view>

namespace stepscope::analysis {
namespace {

constexpr size_t kDateLength = 10;  // YYYY-MM-DD

// Whether a run is an observation, and what it is otherwise.
bool is_usable(const FleetRun& run, RunOutcome wanted, Observations* out) {
  const bool set_aside = run.outcome == RunOutcome::kUnknown ||
                         (wanted == RunOutcome::kSlow && run.outcome == RunOutcome::kFailed);
  if (set_aside) {
    ++out->unfinished;
    return false;
  }
  if (run.outcome == RunOutcome::kCancelled && out->exposure == Exposure::kRuns) {
    ++out->cancelled;
    return false;
  }
  if (out->exposure == Exposure::kHours && !run.hours.has_value()) {
    ++out->without_hours;
    return false;
  }
  return true;
}

void choose_runs(const FleetTable& table, RunOutcome wanted, Observations* out) {
  std::vector<size_t> order(table.runs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return table.runs[a].started < table.runs[b].started; });
  std::set<std::string> jobs;
  for (const size_t index : order) {
    const FleetRun& run = table.runs[index];
    if (!is_usable(run, wanted, out)) {
      continue;
    }
    if (!run.job.empty() && !jobs.insert(run.job).second) {
      ++out->attempts;
      continue;
    }
    out->runs.push_back(index);
  }
}

// Observations come in the order of their days, those without one first.
void number_days(const FleetTable& table, Observations* out) {
  size_t number = 0;
  std::string day;
  for (const size_t run : out->runs) {
    const std::string own = table.runs[run].started.substr(0, kDateLength);
    number += own == day ? 0U : 1U;
    day = own;
    out->day.push_back(number);
  }
}

void add_stratum(const Stratum& part, Stratum* sum) {
  sum->failed_there += part.failed_there;
  sum->runs_there += part.runs_there;
  sum->failed += part.failed;
  sum->runs += part.runs;
  sum->hours_there += part.hours_there;
  sum->hours += part.hours;
}

// Neighbours together until there are enough runs; what is left at the end joins the last.
std::vector<Stratum> join_days(const std::vector<Stratum>& days) {
  std::vector<Stratum> out;
  bool open = false;  // the last of `out` has too few runs yet
  for (const Stratum& day : days) {
    if (day.runs == 0) {
      continue;
    }
    if (!open) {
      out.emplace_back();
    }
    add_stratum(day, &out.back());
    open = out.back().runs < kLeastStratum;
  }
  if (open && out.size() > 1) {
    add_stratum(out.back(), &out[out.size() - 2]);
    out.pop_back();
  }
  return out;
}

bool is_symptom(const FleetTable& table, const Observations& observations, size_t attribute) {
  constexpr std::string_view kNames[] = {"signal", "xid", "error", "exit_code"};
  if (std::find(std::begin(kNames), std::end(kNames), table.attributes[attribute]) != std::end(kNames)) {
    return true;
  }
  bool passed_has = false;
  bool failed_has = false;
  for (size_t i = 0; i < observations.size(); ++i) {
    const FleetRun& run = table.runs[observations.runs[i]];
    const bool has = !run.values[attribute].empty();
    passed_has = passed_has || (has && observations.passed.has(i));
    failed_has = failed_has || (has && observations.failed.has(i));
  }
  return failed_has && !passed_has;
}

void collect_values(const FleetTable& table, size_t attribute, size_t least_runs, Observations* out) {
  std::map<std::string_view, std::vector<size_t>> runs_of;
  for (size_t i = 0; i < out->size(); ++i) {
    for (const std::string& value : table.runs[out->runs[i]].values[attribute]) {
      std::vector<size_t>& runs = runs_of[value];
      if (runs.empty() || runs.back() != i) {
        runs.push_back(i);
      }
      out->known[attribute].add(i);
    }
  }
  out->distinct[attribute] = runs_of.size();
  for (const auto& [value, runs] : runs_of) {
    if (runs.size() < least_runs) {
      continue;
    }
    RunSet there(out->size());
    for (const size_t i : runs) {
      there.add(i);
    }
    out->values.push_back({attribute, std::string(value), std::move(there)});
  }
}

}  // namespace

std::vector<Stratum> Observations::tally(const RunSet& there, const RunSet& among) const {
  std::vector<Stratum> days(day.empty() ? 0 : day.back() + 1);
  const bool by_hours = exposure == Exposure::kHours;
  among.for_each([&](size_t i) {
    const size_t is_failure = failed.has(i) ? 1 : 0;
    const double own_hours = by_hours ? hours[i] : 0;
    const bool is_there = there.has(i);
    add_stratum(
        {is_there ? is_failure : 0, is_there ? 1U : 0U, is_failure, 1, is_there ? own_hours : 0, own_hours},
        &days[day[i]]);
  });
  if (days.empty()) {
    return {};
  }
  const Stratum undated = days.front();
  days.front() = {};
  std::vector<Stratum> out = join_days(days);
  if (undated.runs != 0) {
    out.insert(out.begin(), undated);
  }
  return out;
}

Observations observe(const FleetTable& table, const ObservationOptions& options) {
  Observations out;
  out.exposure = table.has_exposure ? Exposure::kHours : Exposure::kRuns;
  choose_runs(table, options.outcome, &out);
  out.all = RunSet(out.size());
  out.failed = RunSet(out.size());
  out.passed = RunSet(out.size());
  for (size_t i = 0; i < out.size(); ++i) {
    const FleetRun& run = table.runs[out.runs[i]];
    out.all.add(i);
    if (run.outcome == options.outcome) {
      out.failed.add(i);
    } else if (run.outcome != RunOutcome::kCancelled) {
      out.passed.add(i);
    }
    if (out.exposure == Exposure::kHours) {
      out.hours.push_back(std::max(*run.hours, kLeastHours));
    }
  }
  number_days(table, &out);
  out.known.assign(table.attributes.size(), RunSet(out.size()));
  out.distinct.assign(table.attributes.size(), 0);
  for (size_t attribute = 0; attribute < table.attributes.size(); ++attribute) {
    const bool wanted = std::find(options.attributes.begin(), options.attributes.end(), attribute) !=
                        options.attributes.end();
    if (!(wanted && options.asked_for) && is_symptom(table, out, attribute)) {
      out.symptoms.push_back(attribute);
    } else if (wanted) {
      collect_values(table, attribute, options.least_runs, &out);
    }
  }
  return out;
}

}  // namespace stepscope::analysis
