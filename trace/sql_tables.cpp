// SPDX-License-Identifier: Apache-2.0
#include "trace/sql_tables.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "trace/segment_cursor.hpp"
#include "trace/sqlite_api.hpp"

namespace stepscope::trace {
namespace {

// What an SQL column shows.
enum class Show { kRecording, kLane, kInteger, kReal, kText, kId, kEnd };

struct SqlColumn {
  std::string name;
  Show show;
  size_t source = 0;  // column of the kind
  bool hidden = false;
};

// Belongs to a module; SQLite destroys it with the connection.
struct Module {
  std::shared_ptr<RecordingSet> set;
  KindTable table;
  std::vector<SqlColumn> columns;
};

struct Table : sqlite3_vtab {
  const Module* module = nullptr;
};

// Conditions that a query has put on one scan.
struct Conditions {
  std::optional<std::string> recording;
  ScanFilter filter;
  int64_t start_from = INT64_MIN;  // rows inside a segment
  int64_t start_to = INT64_MAX;    // inclusive
  bool nothing = false;
};

struct Cursor : sqlite3_vtab_cursor {
  Conditions conditions;
  std::vector<const RecordingSet::Member*> members;
  size_t next_member = 0;
  const RecordingSet::Member* member = nullptr;  // nullptr: at the end
  std::unique_ptr<SegmentCursor> segments;
  const SegmentView* view = nullptr;
  size_t row = 0;
  size_t row_end = 0;
  int64_t rowid = 0;
};

// ---- columns ----

std::vector<SqlColumn> sql_columns(const KindTable& table) {
  std::vector<SqlColumn> columns = {{"recording", Show::kRecording}, {"lane", Show::kLane}};
  std::vector<SqlColumn> hidden;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const ColumnInfo& column = table.columns[c];
    if (column.type == ColumnType::kString) {
      columns.push_back({column.name, Show::kText, c});
      hidden.push_back({column.name + "_id", Show::kId, c, true});
    } else {
      columns.push_back({column.name, column.type == ColumnType::kReal ? Show::kReal : Show::kInteger, c});
    }
  }
  if (table.columns.size() > 1 && table.columns[1].type == ColumnType::kDuration) {
    hidden.push_back({"end_ns", Show::kEnd, 0, true});
  }
  columns.insert(columns.end(), hidden.begin(), hidden.end());
  return columns;
}

std::string declaration(const std::vector<SqlColumn>& columns) {
  std::string sql;
  for (const SqlColumn& column : columns) {
    const bool text = column.show == Show::kText || column.show == Show::kRecording;
    sql += sql.empty() ? "CREATE TABLE x (" : ", ";
    sql += quoted(column.name) + (text ? " TEXT" : column.show == Show::kReal ? " REAL" : " INTEGER");
    sql += column.hidden ? " HIDDEN" : "";
  }
  return sql + ")";
}

// Which columns of the kind must be decoded to show the SQL columns in `used` (SQLite's colUsed).
uint32_t columns_to_decode(const Module& module, uint64_t used) {
  uint32_t mask = 0;
  for (size_t i = 0; i < module.columns.size(); ++i) {
    const bool is_used = (used >> std::min<size_t>(i, 63) & 1U) != 0;
    const SqlColumn& column = module.columns[i];
    if (is_used && column.show == Show::kEnd) {
      mask |= 3;  // start and duration
    } else if (is_used && column.show != Show::kRecording && column.show != Show::kLane) {
      mask |= 1U << column.source;
    }
  }
  return mask;
}

// ---- the plan: one letter per pushed condition, then ';' and the used columns in hex ----

char plan_letter(const SqlColumn& column, unsigned char op) {
  const bool equal = op == SQLITE_INDEX_CONSTRAINT_EQ;
  const bool from = op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_GT;
  const bool to = op == SQLITE_INDEX_CONSTRAINT_LE || op == SQLITE_INDEX_CONSTRAINT_LT;
  if (column.show == Show::kRecording) {
    return equal ? 'r' : '\0';
  }
  if (column.show == Show::kLane) {
    return equal ? 'l' : '\0';
  }
  if (column.show == Show::kEnd) {
    return from ? 'e' : '\0';
  }
  if (column.show == Show::kInteger && column.source == 0) {
    return equal ? '=' : from ? '>' : to ? '<' : '\0';
  }
  return '\0';
}

int best_index(sqlite3_vtab* vtab, sqlite3_index_info* info) {
  const Module& module = *static_cast<Table*>(vtab)->module;
  std::string plan;
  double cost = 1e7;
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.usable == 0 || constraint.iColumn < 0) {
      continue;
    }
    const char letter = plan_letter(module.columns[static_cast<size_t>(constraint.iColumn)], constraint.op);
    if (letter != '\0') {
      plan += letter;
      info->aConstraintUsage[i].argvIndex = static_cast<int>(plan.size());  // SQLite checks each row again
      cost /= letter == '=' ? 1000 : letter == 'l' ? 10 : 4;
    }
  }
  char hex[17] = {};
  std::to_chars(hex, hex + 16, info->colUsed, 16);
  info->idxStr = sqlite3_mprintf("%s;%s", plan.c_str(), hex);
  info->needToFreeIdxStr = 1;
  info->estimatedCost = cost;
  info->estimatedRows = static_cast<sqlite3_int64>(cost);
  return info->idxStr != nullptr ? SQLITE_OK : SQLITE_NOMEM;
}

// An integer not above (or not below) the value, for a bound that may be a fraction; nullopt: not a number.
std::optional<int64_t> bound(sqlite3_value* value, bool round_up) {
  const int type = sqlite3_value_numeric_type(value);
  if (type == SQLITE_INTEGER) {
    return sqlite3_value_int64(value);
  }
  if (type != SQLITE_FLOAT) {
    return std::nullopt;
  }
  const double number =
      round_up ? std::ceil(sqlite3_value_double(value)) : std::floor(sqlite3_value_double(value));
  constexpr double kLimit = 9.2e18;
  return number >= kLimit ? INT64_MAX : number <= -kLimit ? INT64_MIN : static_cast<int64_t>(number);
}

void apply(char letter, sqlite3_value* value, Conditions& conditions) {
  if (letter == 'r') {
    const void* text = sqlite3_value_text(value);
    conditions.recording = text != nullptr ? static_cast<const char*>(text) : "";
    return;
  }
  const std::optional<int64_t> low = bound(value, false);
  const std::optional<int64_t> high = bound(value, true);
  if (!low.has_value() || !high.has_value()) {
    return;  // compared with something else: SQLite decides row by row
  }
  if (letter == 'l') {
    conditions.nothing = conditions.nothing || *low < 0 || *low > UINT32_MAX;
    conditions.filter.lane = static_cast<uint32_t>(*low);
  }
  if (letter == '=' || letter == '>') {
    conditions.start_from = std::max(conditions.start_from, *low);
  }
  if (letter == '=' || letter == '<') {
    conditions.start_to = std::min(conditions.start_to, *high);
  }
  if (letter == 'e') {
    conditions.filter.begin_ns = std::max(conditions.filter.begin_ns, *low);
  }
}

// ---- the scan ----

int fail(Cursor& cursor, const Status& status) {
  RecordingSet& set = *static_cast<Table*>(cursor.pVtab)->module->set;
  set.problem = set.problem.ok() ? status : set.problem;
  sqlite3_free(cursor.pVtab->zErrMsg);
  cursor.pVtab->zErrMsg = sqlite3_mprintf("%s", status.message().c_str());
  return SQLITE_ERROR;
}

// Moves to the first row of the next segment that has any; over all members.
int next_segment(Cursor& cursor) {
  const Conditions& conditions = cursor.conditions;
  for (;;) {
    if (cursor.segments == nullptr) {
      if (cursor.next_member == cursor.members.size()) {
        cursor.member = nullptr;
        return SQLITE_OK;
      }
      cursor.member = cursor.members[cursor.next_member++];
      if (!conditions.recording.has_value() || *conditions.recording == cursor.member->label) {
        cursor.segments = std::make_unique<SegmentCursor>(cursor.member->recording, conditions.filter);
      }
      continue;
    }
    const Result<const SegmentView*> next = cursor.segments->next();
    if (!next.ok()) {
      return fail(cursor, next.status());
    }
    cursor.view = next.value();
    if (cursor.view == nullptr) {
      cursor.segments.reset();
      continue;
    }
    cursor.row = 0;
    cursor.row_end = cursor.view->rows;
    if ((conditions.filter.columns & 1U) != 0) {
      const std::span<const int64_t> start = cursor.view->columns[0];
      const auto from = std::lower_bound(start.begin(), start.end(), conditions.start_from);
      const auto to = std::upper_bound(from, start.end(), conditions.start_to);
      cursor.row = static_cast<size_t>(from - start.begin());
      cursor.row_end = static_cast<size_t>(to - start.begin());
    }
    if (cursor.row < cursor.row_end) {
      return SQLITE_OK;
    }
  }
}

int filter(sqlite3_vtab_cursor* base, int, const char* plan, int argc, sqlite3_value** argv) {
  Cursor& cursor = *static_cast<Cursor*>(base);
  const Module& module = *static_cast<Table*>(cursor.pVtab)->module;
  cursor.conditions = {};
  cursor.segments.reset();
  cursor.next_member = 0;
  cursor.rowid = 0;
  Conditions& conditions = cursor.conditions;
  for (int i = 0; i < argc; ++i) {
    apply(plan[i], argv[i], conditions);
  }
  uint64_t used = 0;
  const char* hex = std::strchr(plan, ';') + 1;
  std::from_chars(hex, hex + std::strlen(hex), used, 16);
  conditions.filter.kind = static_cast<Kind>(module.table.kind);
  conditions.filter.columns = columns_to_decode(module, used);
  if (conditions.start_from != INT64_MIN || conditions.start_to != INT64_MAX) {
    conditions.filter.columns |= 1;
  }
  conditions.filter.begin_ns = std::max(conditions.filter.begin_ns, conditions.start_from);
  conditions.filter.end_ns = conditions.start_to == INT64_MAX ? INT64_MAX : conditions.start_to + 1;
  Result<std::vector<const RecordingSet::Member*>> members = module.set->members();
  if (!members.ok()) {
    return fail(cursor, members.status());
  }
  cursor.members = std::move(members).value();
  if (conditions.nothing) {
    cursor.members.clear();
  }
  return next_segment(cursor);
}

int next(sqlite3_vtab_cursor* base) {
  Cursor& cursor = *static_cast<Cursor*>(base);
  ++cursor.rowid;
  return ++cursor.row < cursor.row_end ? SQLITE_OK : next_segment(cursor);
}

int eof(sqlite3_vtab_cursor* base) {
  return static_cast<Cursor*>(base)->member == nullptr ? 1 : 0;
}

void result_text(sqlite3_context* context, std::string_view text) {
  // Texts live as long as the recording, hence longer than the statement.
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int index) {
  const Cursor& cursor = *static_cast<Cursor*>(base);
  const SqlColumn& shown = static_cast<Table*>(cursor.pVtab)->module->columns[static_cast<size_t>(index)];
  if (shown.show == Show::kRecording) {
    result_text(context, cursor.member->label);
    return SQLITE_OK;
  }
  if (shown.show == Show::kLane) {
    sqlite3_result_int64(context, cursor.view->lane);
    return SQLITE_OK;
  }
  // A column that another file of the set has and this one does not is 0 here.
  const bool there =
      shown.source < cursor.view->columns.size() && !cursor.view->columns[shown.source].empty();
  const int64_t value = there ? cursor.view->columns[shown.source][cursor.row] : 0;
  if (shown.show == Show::kText) {
    if (value == 0) {
      sqlite3_result_null(context);
    } else {
      result_text(context, cursor.member->recording.string(value));
    }
  } else if (shown.show == Show::kReal) {
    sqlite3_result_double(context, std::bit_cast<double>(value));
  } else if (shown.show == Show::kEnd) {
    sqlite3_result_int64(context, end_of(value, cursor.view->columns[1][cursor.row]));
  } else {
    sqlite3_result_int64(context, value);
  }
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* base, sqlite3_int64* id) {
  *id = static_cast<Cursor*>(base)->rowid;
  return SQLITE_OK;
}

// ---- life of tables, cursors and modules ----

int connect(sqlite3* database, void* aux, int, const char* const*, sqlite3_vtab** out, char** error) {
  const Module* module = static_cast<const Module*>(aux);
  const int rc = sqlite3_declare_vtab(database, declaration(module->columns).c_str());
  if (rc != SQLITE_OK) {
    *error = sqlite3_mprintf("%s", sqlite3_errmsg(database));
    return rc;
  }
  auto table = std::make_unique<Table>();
  table->module = module;
  *out = table.release();
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* vtab) {
  delete static_cast<Table*>(vtab);
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  *out = std::make_unique<Cursor>().release();
  return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

constexpr sqlite3_module make_methods(TableUse use) {
  sqlite3_module methods = {};
  methods.xCreate = use == TableUse::kCreated ? connect : nullptr;
  methods.xConnect = connect;
  methods.xBestIndex = best_index;
  methods.xDisconnect = disconnect;
  methods.xDestroy = disconnect;
  methods.xOpen = open_cursor;
  methods.xClose = close_cursor;
  methods.xFilter = filter;
  methods.xNext = next;
  methods.xEof = eof;
  methods.xColumn = column;
  methods.xRowid = rowid;
  return methods;
}

constexpr sqlite3_module kCreatedMethods = make_methods(TableUse::kCreated);
constexpr sqlite3_module kEponymousMethods = make_methods(TableUse::kEponymous);

}  // namespace

std::vector<KindTable> kind_tables(std::span<const RecordingSet::Member* const> members) {
  std::map<uint16_t, KindTable> tables;
  for (const KindInfo* kind = kinds_begin(); kind != kinds_end(); ++kind) {
    KindTable& table = tables[static_cast<uint16_t>(kind->id)];
    table.name = kind->name;
    for (size_t c = 0; c < kind->column_count; ++c) {
      table.columns.push_back({kind->columns[c].name, kind->columns[c].type});
    }
  }
  for (const RecordingSet::Member* member : members) {
    for (const KindSummary& kind : member->recording.kinds()) {
      KindTable& table = tables[kind.id];
      table.name = table.name.empty() ? kind.name : table.name;
      if (kind.columns.size() > table.columns.size()) {
        table.columns = kind.columns;
      }
    }
  }
  std::vector<KindTable> result;
  for (auto& [id, table] : tables) {
    table.kind = id;
    table.name = table.name == "step" ? "step_event" : table.name;
    if (!table.columns.empty()) {
      result.push_back(std::move(table));
    }
  }
  return result;
}

int register_kind_tables(sqlite3* database, const std::shared_ptr<RecordingSet>& set,
                         const std::vector<KindTable>& tables, TableUse use) {
  const sqlite3_module* methods = use == TableUse::kCreated ? &kCreatedMethods : &kEponymousMethods;
  for (const KindTable& table : tables) {
    auto module = std::make_unique<Module>(Module{set, table, sql_columns(table)});
    // SQLite owns the module from here on, also when registering fails.
    const int rc = sqlite3_create_module_v2(database, table.name.c_str(), methods, module.release(),
                                            [](void* aux) { delete static_cast<Module*>(aux); });
    if (rc != SQLITE_OK) {
      return rc;
    }
  }
  return SQLITE_OK;
}

std::string recording_label(const std::string& path) {
  constexpr std::string_view kSuffix = ".stepscope";
  const size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.ends_with(kSuffix)) {
    name.resize(name.size() - kSuffix.size());
  }
  return name;
}

std::string quoted(const std::string& identifier) {
  std::string result = "\"";
  for (const char c : identifier) {
    result += c == '"' ? "\"\"" : std::string(1, c);
  }
  return result + "\"";
}

}  // namespace stepscope::trace
