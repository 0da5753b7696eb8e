// SPDX-License-Identifier: Apache-2.0
#include "viewer/query_runner.hpp"

#include <chrono>
#include <cstdio>
#include <span>

#include "analyzer/sql.hpp"

namespace stepscope::viewer {
namespace {

// What a cell shows of a text or blob of any size.
constexpr size_t kLongestText = 10000;

struct ToText {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    char text[40];
    std::snprintf(text, sizeof(text), "%.10g", value);
    return text;
  }
  std::string operator()(std::string_view value) const { return std::string(value.substr(0, kLongestText)); }
};

}  // namespace

QueryResult run_query(const analysis::Run& run, const std::string& query,
                      const std::atomic<bool>& cancelled) {
  QueryResult result;
  const auto start = std::chrono::steady_clock::now();
  analysis::SqlSink sink;
  sink.cancelled = [&] { return cancelled.load(std::memory_order_relaxed); };
  sink.columns = [&](std::span<const std::string> names) {
    result.table.columns.assign(names.begin(), names.end());
    result.table.numeric.assign(names.size(), true);
  };
  sink.row = [&](std::span<const analysis::SqlValue> values) {
    if (result.table.rows.size() == kMostQueryRows) {
      result.cut_off = true;
      return false;
    }
    std::vector<std::string>& row = result.table.rows.emplace_back();
    for (size_t c = 0; c < values.size(); ++c) {
      row.push_back(std::visit(ToText(), values[c]));
      if (std::holds_alternative<std::string_view>(values[c])) {
        result.table.numeric[c] = false;
      }
    }
    return !cancelled.load(std::memory_order_relaxed);
  };
  const analysis::Status status = analysis::query_run(run, query, sink);
  result.error = cancelled.load() ? "cancelled" : status.ok() ? "" : status.message();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace stepscope::viewer
