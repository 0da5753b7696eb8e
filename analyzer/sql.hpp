// SPDX-License-Identifier: Apache-2.0
//
// query_run: one SELECT over the recordings of a run. Tables: trace/sql.hpp. Read-only.
#pragma once

#include <string>

#include "analyzer/run.hpp"
#include "trace/sql.hpp"

namespace stepscope::analysis {

using trace::SqlSink;
using trace::SqlValue;

// The computed tables `step` and `step_ledger` are brought up to date first when the query names them; on a medium that
// cannot be written they may be empty. Errors: kUsage for a query that is wrong or no SELECT, kUnreadable.
[[nodiscard]] Status query_run(const Run& run, const std::string& query, const SqlSink& sink);

}  // namespace stepscope::analysis
