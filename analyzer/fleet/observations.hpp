// SPDX-License-Identifier: Apache-2.0
//
// A table of runs as independent observations: what counts as a failure, one run per job, stretches of time, and per value of an
// attribute the set of observations that have it. Internal to analyzer/fleet.
//
// - Attempts of one job share its program, so they are no independent evidence, and there are more of them the more fail. The
//   first attempt that has an outcome stands for the job; by `started`, then by the order of the table.
// - A cancelled run neither failed nor passed. By runs it is left out; by hours its hours count, without a failure.
// - Strata: days, neighbouring ones joined until there are kLeastStratum of the observations that are compared; one stratum where
//   no run says when it started. Observations without a day are a stratum of their own.
// - A host is something that a run is exposed to: a run on four hosts is an observation of each of them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/fleet/excess.hpp"
#include "analyzer/fleet/run_set.hpp"
#include "analyzer/fleet/run_table.hpp"

namespace stepscope::analysis {

inline constexpr size_t kLeastStratum = 20;
inline constexpr double kLeastHours = 1.0 / 3600;  // a run that failed at once ran for a second, too

// A value of an attribute, and who has it.
struct AttributeValue {
  size_t attribute = 0;  // index into FleetTable::attributes
  std::string value;
  RunSet there;
};

struct Observations {
  std::vector<size_t> runs;  // indices into FleetTable::runs
  RunSet all;
  RunSet failed;
  RunSet passed;            // the others, but for cancelled ones (by hours)
  std::vector<size_t> day;  // of each observation, ascending: 0 = not known, 1 = the first one
  Exposure exposure = Exposure::kRuns;
  std::vector<double> hours;           // of each observation; by hours only
  std::vector<RunSet> known;           // per attribute: whose value is known
  std::vector<size_t> distinct;        // per attribute: how many values
  std::vector<AttributeValue> values;  // by attribute, then value, those of enough runs; symptoms apart
  std::vector<size_t> symptoms;  // attributes that say what a failure looked like, not where it comes from

  // Runs that are no observations, by why.
  size_t cancelled = 0;
  size_t unfinished = 0;     // no outcome yet; with outcome slow also those that failed
  size_t attempts = 0;       // of a job that has an observation already
  size_t without_hours = 0;  // by hours only

  [[nodiscard]] size_t size() const { return runs.size(); }
  // Of `among`, those in `there` and all, per stratum.
  [[nodiscard]] std::vector<Stratum> tally(const RunSet& there, const RunSet& among) const;
};

struct ObservationOptions {
  RunOutcome outcome = RunOutcome::kFailed;  // kFailed, or kSlow: slow against ok
  std::vector<size_t> attributes;            // which ones may be values
  bool asked_for = false;                    // by name: none of them is a symptom
  // Values of fewer runs are counted and not kept: a column with a name per run has as many as there are runs, a set each.
  size_t least_runs = 1;
};

// An attribute is a symptom when it is called signal, xid, error or exit_code, or when no run that passed has a value of it.
[[nodiscard]] Observations observe(const FleetTable& table, const ObservationOptions& options);

}  // namespace stepscope::analysis
