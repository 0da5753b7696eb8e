// SPDX-License-Identifier: Apache-2.0
//
// run_sql: one SELECT over the recordings of a run.
//
//   Status status = run_sql(files, "SELECT name, sum(dur_ns) FROM range GROUP BY name", sink);
//
// Tables: one per event kind (trace/sql_tables.hpp) and the row tables of the recording (docs/FORMAT.md: meta, lane,
// loss, step, ...), all with a first column `recording` that says which file a row is from. Nothing can be changed:
// anything but SELECT is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "trace/status.hpp"

namespace stepscope::trace {

// NULL, integer, real, text. A blob comes as text of its bytes. Texts are valid during the call only.
using SqlValue = std::variant<std::monostate, int64_t, double, std::string_view>;

struct SqlSink {
  std::function<void(std::span<const std::string> names)> columns;  // once, before the rows
  std::function<bool(std::span<const SqlValue> row)> row;           // false: enough, stop without error
  std::function<bool()> cancelled;  // asked now and then, also while no row comes; true: kUsage "cancelled"
};

// Errors: kUsage (the query is wrong or not a SELECT), kUnreadable (a recording is).
[[nodiscard]] Status run_sql(std::span<const std::string> recordings, const std::string& query,
                             const SqlSink& sink);

}  // namespace stepscope::trace
