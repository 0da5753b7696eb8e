// SPDX-License-Identifier: Apache-2.0
//
// run_query: one SELECT over a run, as a table of texts for the window. Blocks until it is done or cancelled: called on a thread of
// the window's own (background.hpp). Read-only, as `stepscope sql` is.
#pragma once

#include <atomic>
#include <string>

#include "analyzer/run.hpp"
#include "viewer/model/table_text.hpp"

namespace stepscope::viewer {

struct QueryResult {
  TableText table;
  std::string error;     // a sentence; "" when it went well
  bool cut_off = false;  // there are more rows than kMostQueryRows
  double seconds = 0;
};

inline constexpr size_t kMostQueryRows = 100000;

[[nodiscard]] QueryResult run_query(const analysis::Run& run, const std::string& query,
                                    const std::atomic<bool>& cancelled);

}  // namespace stepscope::viewer
