// SPDX-License-Identifier: Apache-2.0
//
// export_run: a run in another tool's format, streaming.
//
//   Result<Exported> done = export_run(run, {.format = "chrome", .output = "run.json"});
//
// A file comes into being whole or not at all; "-" is standard output. Times are exact, the same run gives the same bytes.
// Errors: kUsage (unknown format, table or rank, a format that has no tables, an output that is a recording of the run),
// kUnreadable (the run is damaged), kUnavailable (the output cannot be written).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

struct ExportFormat {
  std::string_view name;
  std::string_view summary;
  bool tables = false;  // writes one table of export_tables()
  bool binary = false;  // not for a terminal
};

struct ExportOptions {
  std::string format;                          // a name of export_formats()
  std::string table = {};                      // a name of export_tables(); empty: the first
  std::optional<int32_t> rank = std::nullopt;  // processes of this rank only
  std::string output = "-";
  std::function<void(size_t done, size_t total)> progress = {};  // in events; from the calling thread
};

struct Exported {
  uint64_t items = 0;  // events or rows written
  // Not empty: the run has nothing for this format (what it lacks, and the remedy), and no output was left.
  std::string nothing;
};

// In the order of the help.
[[nodiscard]] std::vector<ExportFormat> export_formats();
// "step_ledger", then every event kind under the name it has in SQL.
[[nodiscard]] std::vector<std::string> export_tables();

[[nodiscard]] Result<Exported> export_run(const Run& run, const ExportOptions& options);

}  // namespace stepscope::analysis
