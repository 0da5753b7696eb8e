// SPDX-License-Identifier: Apache-2.0
//
// stepscope_sqlite.so: the event tables for any program that can load an SQLite extension.
//
//   sqlite3 run/main-r0.stepscope -cmd '.load ./stepscope_sqlite' 'SELECT name, count(*) FROM kernel GROUP BY 1'
//
// The tables (trace/sql_tables.hpp) show every recording that the connection has open: the main database and attached
// ones. They exist without CREATE; nothing is written.
#include <map>

#include "trace/schema.hpp"
#include "trace/sql_tables.hpp"
#include "trace/sqlite.hpp"
#include "trace/sqlite_api.hpp"

SQLITE_EXTENSION_INIT1

namespace stepscope::trace {
namespace {

// The recordings among the databases of a connection, opened again by us when a table is first used.
class AttachedRecordings : public RecordingSet {
 public:
  explicit AttachedRecordings(sqlite3* database) : database_(database) {}

  [[nodiscard]] Result<std::vector<const Member*>> members() override {
    std::vector<const Member*> result;
    for (const std::string& path : recording_paths()) {
      auto known = members_.find(path);
      if (known == members_.end()) {
        Result<Recording> recording = Recording::open(path);
        if (!recording.ok()) {
          return recording.status();
        }
        known = members_.try_emplace(path, Member{recording_label(path), std::move(recording).value()}).first;
      }
      result.push_back(&known->second);
    }
    if (result.empty()) {
      return Status(Code::kUsage,
                    "no database of this connection is a stepscope recording; open a *.stepscope file");
    }
    return result;
  }

 private:
  [[nodiscard]] std::vector<std::string> recording_paths() const {
    std::vector<std::string> paths;
    sqlite3_stmt* rows = nullptr;
    sqlite3_prepare_v2(database_, "PRAGMA database_list", -1, &rows, nullptr);
    while (rows != nullptr && sqlite3_step(rows) == SQLITE_ROW) {
      const void* file = sqlite3_column_text(rows, 2);
      const std::string path = file != nullptr ? static_cast<const char*>(file) : "";
      if (!path.empty() && check_header(path).ok()) {
        paths.push_back(path);
      }
    }
    sqlite3_finalize(rows);
    return paths;
  }

  sqlite3* database_;
  std::map<std::string, Member> members_;
};

}  // namespace
}  // namespace stepscope::trace

// The name follows from the file's: SQLite keeps its letters only.
extern "C" __attribute__((visibility("default"))) int sqlite3_stepscopesqlite_init(
    sqlite3* database, char** error, const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api);
  using stepscope::trace::AttachedRecordings;
  const auto set = std::make_shared<AttachedRecordings>(database);
  const auto members = set->members();
  const auto tables =
      members.ok() ? stepscope::trace::kind_tables(members.value()) : stepscope::trace::kind_tables({});
  const int rc =
      stepscope::trace::register_kind_tables(database, set, tables, stepscope::trace::TableUse::kEponymous);
  if (rc != SQLITE_OK) {
    *error = sqlite3_mprintf("stepscope: cannot register the event tables: %s", sqlite3_errmsg(database));
  }
  return rc;
}
