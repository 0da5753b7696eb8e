// SPDX-License-Identifier: Apache-2.0
//
// Exporter: one format that a run can be written in. To add one: write foo.cpp with its function, declare that below and
// give it a row in registry.cpp (docs/EXTENDING.md).
//
// An exporter streams: memory is bounded by segments and names, never by the number of events. Times are whole ns of the
// run's timeline (analyzer/run.hpp), written exactly. The same run gives the same bytes. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/export/byte_sink.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis::exporting {

struct ExportJob {
  const Run& run;
  std::vector<uint32_t> processes;              // of Run::processes(), those wanted, ascending
  std::string table;                            // for exporters of tables: one of table_names()
  std::function<void(uint64_t rows)> progress;  // so many more rows are done; never empty
};

struct Exporter {
  std::string_view name;     // of --format
  std::string_view summary;  // a few words for the help
  bool tables;               // writes one table, ExportJob::table
  bool binary;               // not for a terminal
  std::string_view
      nothing;  // what the run lacks, and the remedy, when there was nothing to write; empty: that is fine
  // Returns how many events or rows were written; 0 together with `nothing`: the output is dropped.
  Result<uint64_t> (*write)(const ExportJob& job, ByteSink& out);
};

// In the order of the help.
[[nodiscard]] std::span<const Exporter> exporters();

Result<uint64_t> write_chrome(const ExportJob& job, ByteSink& out);
Result<uint64_t> write_csv(const ExportJob& job, ByteSink& out);
Result<uint64_t> write_parquet(const ExportJob& job, ByteSink& out);
Result<uint64_t> write_folded(const ExportJob& job, ByteSink& out);
Result<uint64_t> write_speedscope(const ExportJob& job, ByteSink& out);

}  // namespace stepscope::analysis::exporting
