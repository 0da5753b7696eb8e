// SPDX-License-Identifier: Apache-2.0
//
// Rows of a query as an aligned table, CSV (RFC 4180) or JSON (stepscope.sql/1).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/sql.hpp"

namespace stepscope::analysis::cli {

// Takes rows one by one, so that CSV and JSON of any size pass through in bounded memory.
class SqlOutput {
 public:
  virtual ~SqlOutput() = default;
  virtual void columns(std::span<const std::string> names) = 0;
  virtual void row(std::span<const SqlValue> values) = 0;
  virtual void end() = 0;
  // What is ready to be written; taking it empties it.
  [[nodiscard]] std::string take() { return std::exchange(ready_, {}); }
  [[nodiscard]] size_t pending() const { return ready_.size(); }

 protected:
  std::string ready_;
};

[[nodiscard]] std::unique_ptr<SqlOutput> make_table_output(const Terminal& terminal);
[[nodiscard]] std::unique_ptr<SqlOutput> make_csv_output();
[[nodiscard]] std::unique_ptr<SqlOutput> make_json_output();

}  // namespace stepscope::analysis::cli
