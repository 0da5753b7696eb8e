// SPDX-License-Identifier: Apache-2.0
//
// query_run: read-only SQL over the recordings of a run. Every event kind is a table, besides the row tables of the
// format (docs/FORMAT.md). Nothing can be written, attached or loaded through it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

using SqlValue =
    std::variant<std::monostate, int64_t, double, std::string>;  // NULL, INTEGER, REAL, TEXT or BLOB

struct SqlSink {
  std::function<void(const std::vector<std::string>& columns)> on_columns;  // once, before the rows
  std::function<Status(std::span<const SqlValue> row)> on_row;  // an error ends the query and is returned
};

// Errors: kUsage for a statement that does not work (with SQLite's reason), kUnreadable for damaged recordings.
[[nodiscard]] Status query_run(const Run& run, const std::string& statement, const SqlSink& sink);

}  // namespace stepscope::analysis
