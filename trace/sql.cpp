// SPDX-License-Identifier: Apache-2.0
#include "trace/sql.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <set>
#include <string_view>

#include "trace/schema.hpp"
#include "trace/sql_tables.hpp"
#include "trace/sqlite.hpp"
#include "trace/sqlite_api.hpp"

namespace stepscope::trace {
namespace {

// Row tables that queries see; of segment and overview without the packed data.
struct RowTable {
  const char* name;
  const char* columns;
};
constexpr RowTable kRowTables[] = {
    {"meta", "key, value"},
    {"process",
     "pid, ppid, role, rank, local_rank, world_size, host, boot_id, start_ns, exe, cmdline, exit_code, "
     "exit_signal"},
    {"thread", "lane, tid, name, main"},
    {"device", "id, uuid, name"},
    {"lane", "id, type, name, tid"},
    {"string", "id, text"},
    {"kind", "id, name, summary"},
    {"kind_column", "kind, position, name, type, encoding"},
    {"segment", "id, kind, lane, first_ns, last_end_ns, rows"},
    {"name_total", "kind, name, count, total_ns, max_ns"},
    {"overview", "lane, level, origin_ns, bucket_ns, buckets"},
    {"rollup", "version, method"},
    {"step", "step, begin_ns, end_ns, class"},
    {"step_ledger", "step, leaf, exclusive_ns"},
    {"loss", "counter, count, severity, sentence"},
    {"clock_anchor", "monotonic_raw_ns, realtime_ns, monotonic_ns, boottime_ns, tsc, cupti_ns"},
    {"log", "time_ns, text"},
};

// SQLite asks only while it runs a statement; what is done around that asks here.
Status unless_cancelled(const SqlSink& sink) {
  return sink.cancelled && sink.cancelled() ? Status(Code::kUsage, "cancelled") : Status();
}

class OpenedRecordings : public RecordingSet {
 public:
  [[nodiscard]] Status open(std::span<const std::string> paths, const SqlSink& sink) {
    for (const std::string& path : paths) {
      if (Status stop = unless_cancelled(sink); !stop.ok()) {
        return stop;
      }
      Result<Recording> recording = Recording::open(path);
      if (!recording.ok()) {
        return recording.status();
      }
      members_.push_back(
          std::make_unique<Member>(Member{recording_label(path), std::move(recording).value()}));
    }
    return {};
  }

  [[nodiscard]] Result<std::vector<const Member*>> members() override {
    std::vector<const Member*> result;
    for (const std::unique_ptr<Member>& member : members_) {
      result.push_back(member.get());
    }
    return result;
  }

 private:
  std::vector<std::unique_ptr<Member>> members_;
};

// The columns of `table` as a query on `from`, a recording of any minor version: those it does not have yet are NULL.
std::string select_columns(const Database& from, const RowTable& table) {
  const std::string known = "SELECT name FROM pragma_table_info('" + std::string(table.name) + "')";
  std::set<std::string, std::less<>> present;
  for (Statement names(from, known.c_str()); names.next();) {
    present.emplace(names.text(0));
  }
  std::string select;
  for (std::string_view rest = table.columns; !rest.empty();) {
    const size_t comma = std::min(rest.find(", "), rest.size());
    const std::string_view column = rest.substr(0, comma);
    rest.remove_prefix(std::min(rest.size(), comma + 2));
    select += (select.empty() ? "" : ", ") + std::string(present.contains(column) ? column : "NULL");
  }
  return "SELECT " + select + " FROM " + table.name;
}

constexpr size_t kRowsPerLook = 10000;

// Copies a row table of one recording. Values keep their types.
Status copy_rows(const Database& into, const RowTable& table, const std::string& path, const SqlSink& sink) {
  if (Status stop = unless_cancelled(sink); !stop.ok()) {
    return stop;
  }
  const Result<Database> from = Database::open(path, OpenMode::kReadOnly);
  if (!from.ok()) {
    return unreadable(path, from.status().message(), "check the path and your permissions");
  }
  const std::string label = recording_label(path);
  const std::string select = select_columns(from.value(), table);
  Statement rows(from.value(), select.c_str());
  const int count = rows.columns();
  std::string insert = "INSERT INTO " + std::string(table.name) + " VALUES (?";
  for (int i = 0; i < count; ++i) {
    insert += ", ?";
  }
  insert += ")";
  Statement row(into, insert.c_str());
  for (size_t copied = 1; rows.next(); ++copied) {
    if (copied % kRowsPerLook == 0) {
      if (Status stop = unless_cancelled(sink); !stop.ok()) {
        return stop;
      }
    }
    row.bind(1, label);
    for (int i = 0; i < count; ++i) {
      sqlite3_bind_value(row.handle(), i + 2, sqlite3_column_value(rows.handle(), i));
    }
    if (!row.run()) {
      return {Code::kUnavailable, "cannot copy table " + std::string(table.name) + ": " + into.error() +
                                      "; free some memory and repeat"};
    }
  }
  return rows.ok() ? Status() : damaged(path, from.value().error());
}

bool mentions(const std::string& query, const char* word) {
  return std::search(query.begin(), query.end(), word, word + std::strlen(word), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         }) != query.end();
}

// Row tables exist always and are filled when the query could name them.
Status make_row_tables(Database& database, std::span<const std::string> paths, const std::string& query,
                       const SqlSink& sink) {
  for (const RowTable& table : kRowTables) {
    const std::string create =
        "CREATE TABLE " + std::string(table.name) + " (recording, " + table.columns + ")";
    if (!database.exec(create.c_str())) {
      return {Code::kUnavailable, "cannot make table " + std::string(table.name) + ": " + database.error() +
                                      "; free some memory and repeat"};
    }
    for (const std::string& path : paths) {
      const Status copied = mentions(query, table.name) ? copy_rows(database, table, path, sink) : Status();
      if (!copied.ok()) {
        return copied;
      }
    }
  }
  return {};
}

Status make_kind_tables(Database& database, const std::shared_ptr<OpenedRecordings>& set) {
  const Result<std::vector<const RecordingSet::Member*>> members = set->members();
  const std::vector<KindTable> tables = kind_tables(members.value());
  bool ok = register_kind_tables(database.handle(), set, tables, TableUse::kCreated) == SQLITE_OK;
  for (const KindTable& table : tables) {
    const std::string create = "CREATE VIRTUAL TABLE " + quoted(table.name) + " USING " + quoted(table.name);
    ok = ok && database.exec(create.c_str());
  }
  return ok ? Status()
            : Status(Code::kUnreadable,
                     "cannot make the tables of the events: " + database.error() + "; update stepscope");
}

// Reading is all that a query may do, on these tables only.
int authorize(void*, int action, const char* first, const char* second, const char*, const char*) {
  if (action == SQLITE_FUNCTION) {
    return std::strcmp(second, "load_extension") != 0 ? SQLITE_OK : SQLITE_DENY;
  }
  if (action == SQLITE_PRAGMA) {
    const bool harmless = std::strcmp(first, "table_info") == 0 || std::strcmp(first, "table_xinfo") == 0 ||
                          std::strcmp(first, "table_list") == 0;
    return harmless ? SQLITE_OK : SQLITE_DENY;
  }
  return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ? SQLITE_OK
                                                                                        : SQLITE_DENY;
}

// SQLite asks between steps of its machine; a sort or an aggregation is many of them before its first row.
constexpr int kStepsPerLook = 10000;
int is_cancelled(void* sink) {
  return static_cast<const SqlSink*>(sink)->cancelled() ? 1 : 0;
}

Status query_error(const Database& database, const RecordingSet& set) {
  if (database.error_code() == SQLITE_INTERRUPT) {
    return {Code::kUsage, "cancelled"};
  }
  if (!set.problem.ok()) {
    return set.problem;
  }
  if (database.error_code() == SQLITE_AUTH) {
    return {Code::kUsage,
            "the query is refused: only SELECT is allowed on recordings; copy the file to change it"};
  }
  return {Code::kUsage,
          "the query failed: " + database.error() +
              "; `SELECT name FROM sqlite_schema` lists the tables, `PRAGMA table_xinfo(range)` columns"};
}

SqlValue value_of(const Statement& statement, int column) {
  switch (sqlite3_column_type(statement.handle(), column)) {
    case SQLITE_NULL:
      return std::monostate();
    case SQLITE_INTEGER:
      return statement.integer(column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement.handle(), column);
    default:
      return statement.text(column);
  }
}

Status run_query(const Database& database, const std::string& query, const SqlSink& sink,
                 const RecordingSet& set) {
  sqlite3_stmt* extra = nullptr;
  const char* tail = query.c_str();
  Statement statement(database, query.c_str(), &tail);
  if (!statement.ok()) {
    return sqlite3_errcode(database.handle()) == SQLITE_OK
               ? Status(Code::kUsage, "the query is empty; give a SELECT statement")
               : query_error(database, set);
  }
  const bool alone =
      sqlite3_prepare_v2(database.handle(), tail, -1, &extra, nullptr) == SQLITE_OK && extra == nullptr;
  sqlite3_finalize(extra);
  if (!alone) {
    return {Code::kUsage, "the query has more than one statement; run them one by one"};
  }
  const int count = sqlite3_column_count(statement.handle());
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(count));
  for (int c = 0; c < count; ++c) {
    names.emplace_back(sqlite3_column_name(statement.handle(), c));
  }
  if (sink.columns) {
    sink.columns(names);
  }
  std::vector<SqlValue> row(names.size());
  while (statement.next()) {
    for (size_t c = 0; c < row.size(); ++c) {
      row[c] = value_of(statement, static_cast<int>(c));
    }
    if (!sink.row(row)) {
      return {};
    }
  }
  return statement.ok() ? Status() : query_error(database, set);
}

}  // namespace

Status run_sql(std::span<const std::string> recordings, const std::string& query, const SqlSink& sink) {
  const auto set = std::make_shared<OpenedRecordings>();
  if (Status opened = set->open(recordings, sink); !opened.ok()) {
    return opened;
  }
  Result<Database> memory = Database::open(":memory:", OpenMode::kReadWrite);
  if (!memory.ok()) {
    return memory.status();
  }
  Database& database = memory.value();
  SqlSink asked = sink;  // the handler wants a pointer that it may write through
  if (asked.cancelled) {
    sqlite3_progress_handler(database.handle(), kStepsPerLook, &is_cancelled, &asked);
  }
  if (Status made = make_kind_tables(database, set); !made.ok()) {
    return made;
  }
  if (Status made = make_row_tables(database, recordings, query, asked); !made.ok()) {
    return made;
  }
  sqlite3_set_authorizer(database.handle(), authorize, nullptr);
  return run_query(database, query, sink, *set);
}

}  // namespace stepscope::trace
