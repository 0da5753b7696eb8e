// SPDX-License-Identifier: Apache-2.0
//
// ForeignDatabase: read access to an SQLite file that another program wrote, for importers. Nothing of SQLite shows.
//
//   Result<ForeignDatabase> database = ForeignDatabase::open("report.sqlite");
//   database.value().scan("SELECT start, text FROM NVTX_EVENTS", [&](const ForeignRow& row) { ... });
//
// Untrusted content: code in the schema is not run. Errors: kUnreadable, message naming file, cause and remedy. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "trace/status.hpp"

namespace stepscope::trace {

// A row of a query; columns count from 0. Texts live until the visitor returns.
class ForeignRow {
 public:
  virtual ~ForeignRow() = default;
  [[nodiscard]] virtual bool null(int column) const = 0;
  [[nodiscard]] virtual int64_t integer(int column) const = 0;  // 0 for NULL
  [[nodiscard]] virtual std::string_view text(int column) const = 0;
};

class ForeignDatabase {
 public:
  [[nodiscard]] static Result<ForeignDatabase> open(const std::string& path);
  ForeignDatabase(ForeignDatabase&&) noexcept;
  ForeignDatabase& operator=(ForeignDatabase&&) noexcept;
  ~ForeignDatabase();

  [[nodiscard]] bool has_column(std::string_view table, std::string_view column) const;
  // Calls visit for each row of one SELECT; its error ends the scan.
  [[nodiscard]] Status scan(const std::string& sql,
                            const std::function<Status(const ForeignRow&)>& visit) const;

 private:
  struct State;
  explicit ForeignDatabase(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::trace
