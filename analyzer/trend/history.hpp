// SPDX-License-Identifier: Apache-2.0
//
// History: one value per run, in the order of the runs, from a baseline store or from a CSV file.
//
//   Result<History> history = history_of_store(store, "main", {}, now);
//   ChangePoints changes = find_change_points(values_of(history.value()), {});
//
// Errors: kUsage (no such name, fingerprint, metric or column, and which there are), kUnreadable (the file, or a cell that is no
// number, with its line). Pure but for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/baseline/baseline_store.hpp"

namespace stepscope::analysis {

inline constexpr std::string_view kMedianStep =
    "median_step_ns";  // what a history is of when nothing else is said

struct HistoryPoint {
  std::string time;    // for people: UTC from a store, as it stands in a CSV file; "" = not known
  std::string commit;  // "" = not known
  std::string run;     // path of the recording; "" in a CSV file
  double value = 0;
};

struct History {
  std::string source;       // the store or the CSV file
  std::string name;         // of the baseline; "" for a CSV file
  std::string fingerprint;  // key; "" for a CSV file
  std::string metric;
  std::vector<HistoryPoint> points;  // oldest first; of a CSV file in its order
  size_t left_out = 0;               // runs that are expired or lack the metric, rows without a value
  size_t elsewhere = 0;              // runs of the name with another fingerprint
};

struct StoreHistoryOptions {
  std::string metric;       // "" = kMedianStep
  std::string fingerprint;  // key or the beginning of one; "" = that of the latest run
};
// Current and superseded runs, by the time they started (by when they were added, where that is not known).
[[nodiscard]] Result<History> history_of_store(const BaselineStore& store, const std::string& name,
                                               const StoreHistoryOptions& options, int64_t now_ns);

struct CsvHistoryOptions {
  std::string value;   // column; "" = the only one that is left beside time and commit
  std::string time;    // column; "" = "time" where there is one
  std::string commit;  // column; "" = "commit" where there is one
};
// Comma or semicolon, whichever the first line has; the first line names the columns. Lines that begin with # are skipped.
[[nodiscard]] Result<History> history_of_csv(const std::string& path, const CsvHistoryOptions& options);

[[nodiscard]] std::vector<double> values_of(const History& history);
// Whether more is worse: for all metrics but those that end in _per_s.
[[nodiscard]] bool larger_is_worse(std::string_view metric);
// What people call a point: its commit, else its time, else its run, else "run 7".
[[nodiscard]] std::string name_of(const History& history, size_t index);

// "2026-11-27 16:13", UTC; "" for 0.
[[nodiscard]] std::string utc_minute(int64_t wall_ns);

}  // namespace stepscope::analysis
