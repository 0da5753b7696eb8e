// SPDX-License-Identifier: Apache-2.0
//
// Which hosts, images, drivers go with the runs that failed: findings with their size, or what these runs could have shown.
//
//   Result<FleetTable> table = read_run_table("runs.csv");
//   Result<FleetReport> report = analyse_fleet(table.value(), {});
//   for (const FleetFinding& finding : report.value().findings) { ... }
//
// How: docs/METRICS.md#fleets. In short: per value of an attribute, do runs that have it fail more often (one-sided, exact, mid-p,
// within stretches of days); values that lie on the same runs are one hypothesis; a pair of values takes the place of one where
// both together matter; then the runs of the top finding are set aside, and what is left is tested again, until nothing is
// found. Single values and pairs share a false discovery rate of 5 %. What goes with failures need not cause them.
//
// Errors: kUsage (an attribute that is not there). Deterministic, pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/fleet/power.hpp"
#include "analyzer/fleet/risk_ratio.hpp"
#include "analyzer/fleet/run_table.hpp"

namespace stepscope::analysis {

inline constexpr double kFalseDiscovery = 0.05;
// Single values, and pairs of values that do not stand out by themselves: each may find something falsely at half of that rate, so
// that both together do at no more than all of it.
inline constexpr double kFindingFamilies = 2;
inline constexpr size_t kLeastRuns = 5;      // that have a value, and that lack it, for it to be tested
inline constexpr size_t kLeastFailures = 3;  // of runs that have it, for it to be named
inline constexpr size_t kMostRunNames = 5;   // runs that are listed by name

struct FleetOptions {
  RunOutcome outcome = RunOutcome::kFailed;  // or kSlow: slow against ok, failed ones set aside
  std::vector<std::string> attributes;       // only these; empty = all
};

struct FleetValue {
  std::string attribute;
  std::string value;
};
// Values that these runs cannot tell apart.
using FleetGroup = std::vector<FleetValue>;

// Runs by name, the first few of them.
struct FleetRuns {
  size_t count = 0;
  std::vector<std::string> names;  // at most kMostRunNames
};

// A symptom of the failures there.
struct FleetSymptom {
  FleetValue value;
  size_t there = 0;      // failures there that have it
  size_t elsewhere = 0;  // failures elsewhere that have it
};

// Runs that have one of two values that are nearly inseparable, and not the other.
struct FleetSeparators {
  FleetValue with;
  FleetValue without;
  size_t runs = 0;
  size_t failed = 0;
};

enum class FleetRetest {
  kExplained,   // not beyond chance any more without the finding's runs
  kTooFewLeft,  // hardly any runs without the finding's: whether it matters for itself is not known
};
struct FleetShadow {
  FleetGroup group;
  FleetRetest retest = FleetRetest::kExplained;
};

struct FleetFinding {
  std::vector<FleetGroup> factors;  // one; two where runs fail that have both
  size_t failed_there = 0;
  size_t runs_there = 0;
  size_t failed_elsewhere = 0;
  size_t runs_elsewhere = 0;
  double hours_there = 0;  // by hours only
  double hours_elsewhere = 0;
  RiskRatio ratio;
  double p = 1;
  double q = 1;
  FleetRuns failures;                       // there
  FleetRuns counter_examples;               // that passed there
  std::vector<FleetSymptom> symptoms;       // the most frequent of each symptom's attribute
  std::vector<FleetSeparators> separators;  // of a group
  std::vector<FleetShadow> shadows;         // what was beyond chance only beside this
  size_t retried_elsewhere = 0;             // jobs that failed there and were tried again without it
  size_t passed_elsewhere = 0;              // of these, the next attempt passed
  double deciding_runs = 0;                 // runs (by hours: hours) there of which one fails with 95 %
};

// What the runs could show of an attribute.
struct FleetAttribute {
  std::string name;
  size_t values = 0;
  size_t tested = 0;       // values with enough runs
  size_t median_runs = 0;  // of the tested values
  Detectable detectable;   // of a value with so many runs
};

struct FleetReport {
  std::string source;
  RunOutcome outcome = RunOutcome::kFailed;
  Exposure exposure = Exposure::kRuns;
  size_t runs = 0;       // observations
  size_t failed = 0;     // of these
  double hours = 0;      // by hours only
  size_t strata = 1;     // stretches of days that runs are compared within
  size_t cancelled = 0;  // runs that are no observations, by why
  size_t unfinished = 0;
  size_t attempts = 0;
  size_t without_hours = 0;
  size_t hypotheses = 0;
  std::vector<FleetAttribute> attributes;
  std::vector<std::string> symptoms;   // attributes that are taken for these
  std::vector<FleetFinding> findings;  // the top one first
  std::vector<FleetGroup>
      only_in_time;  // beyond chance, but not within stretches of days: hardly any has runs with and without

  // Why nothing can be said of these runs; "" where it can.
  std::string objection;
};

[[nodiscard]] Result<FleetReport> analyse_fleet(const FleetTable& table, const FleetOptions& options);

}  // namespace stepscope::analysis
