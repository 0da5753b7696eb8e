// SPDX-License-Identifier: Apache-2.0
#include "trace/foreign_database.hpp"

#include <set>
#include <utility>

#include "trace/schema.hpp"
#include "trace/sqlite.hpp"
#include "trace/sqlite_api.hpp"

namespace stepscope::trace {
namespace {

class StatementRow : public ForeignRow {
 public:
  explicit StatementRow(const Statement& statement) : statement_(statement) {}
  [[nodiscard]] bool null(int column) const override {
    return sqlite3_column_type(statement_.handle(), column) == SQLITE_NULL;
  }
  [[nodiscard]] int64_t integer(int column) const override { return statement_.integer(column); }
  [[nodiscard]] std::string_view text(int column) const override { return statement_.text(column); }

 private:
  const Statement& statement_;
};

}  // namespace

struct ForeignDatabase::State {
  State(std::string file, Database opened) : path(std::move(file)), database(std::move(opened)) {}

  std::string path;
  Database database;
  std::set<std::pair<std::string, std::string>, std::less<>> columns;  // table, column
};

Result<ForeignDatabase> ForeignDatabase::open(const std::string& path) {
  constexpr char kRemedy[] = "take an undamaged copy";
  Result<Database> opened = Database::open(path, OpenMode::kReadOnly);
  if (!opened.ok()) {
    return unreadable(path, opened.status().message(), kRemedy);
  }
  auto state = std::make_unique<State>(path, std::move(opened).value());
  Statement row(state->database,
                "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
                " WHERE m.type = 'table'");
  while (row.next()) {
    state->columns.emplace(row.text(0), row.text(1));
  }
  if (!row.ok()) {
    return unreadable(path, state->database.error(), kRemedy);
  }
  return ForeignDatabase(std::move(state));
}

ForeignDatabase::ForeignDatabase(std::unique_ptr<State> state) : state_(std::move(state)) {}
ForeignDatabase::ForeignDatabase(ForeignDatabase&&) noexcept = default;
ForeignDatabase& ForeignDatabase::operator=(ForeignDatabase&&) noexcept = default;
ForeignDatabase::~ForeignDatabase() = default;

bool ForeignDatabase::has_column(std::string_view table, std::string_view column) const {
  return state_->columns.contains(std::pair(std::string(table), std::string(column)));
}

Status ForeignDatabase::scan(const std::string& sql,
                             const std::function<Status(const ForeignRow&)>& visit) const {
  Statement statement(state_->database, sql.c_str());
  const StatementRow row(statement);
  while (statement.next()) {
    if (Status status = visit(row); !status.ok()) {
      return status;
    }
  }
  return statement.ok() ? Status()
                        : unreadable(state_->path, state_->database.error(), "take an undamaged copy");
}

}  // namespace stepscope::trace
