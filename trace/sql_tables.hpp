// SPDX-License-Identifier: Apache-2.0
//
// Every event kind as a read-only SQL table over the segments of one or several recordings.
//
// Columns of a table: recording (file name without .stepscope), lane, then the kind's columns in order. Texts appear as
// text; their ids are in hidden columns <name>_id. Hidden column end_ns is start_ns + dur_ns. `SELECT *` leaves hidden
// columns out.
//
// Conditions on recording (=), lane (=), start_ns (=, <, <=, >, >=) and end_ns (>, >=) are pushed down: segments outside
// are not decoded, and only the columns that a query names are.
//
// The table of kind `step` is called step_event, since `step` is the table of computed steps. Used by run_sql() and by
// the loadable extension; the thread rules are SQLite's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "trace/recording.hpp"

struct sqlite3;

namespace stepscope::trace {

// The recordings that the tables of one connection show.
class RecordingSet {
 public:
  struct Member {
    std::string label;  // column `recording`
    Recording recording;
  };
  virtual ~RecordingSet() = default;
  // Opens what is not open yet. Members stay valid as long as the set.
  [[nodiscard]] virtual Result<std::vector<const Member*>> members() = 0;
  // The first error that a table met while reading; SQLite passes on only its text.
  Status problem;
};

// A table to be: its name and the kind behind it, with the columns that this build or any of the files knows.
struct KindTable {
  std::string name;
  uint16_t kind = 0;
  std::vector<ColumnInfo> columns;
};

// Tables of all kinds that this build or one of the recordings knows.
[[nodiscard]] std::vector<KindTable> kind_tables(std::span<const RecordingSet::Member* const> members);

enum class TableUse {
  kCreated,    // appear after CREATE VIRTUAL TABLE name USING name
  kEponymous,  // exist in every database of the connection without being created
};

// Registers one SQLite module per table. Returns SQLite's result code.
[[nodiscard]] int register_kind_tables(sqlite3* database, const std::shared_ptr<RecordingSet>& set,
                                       const std::vector<KindTable>& tables, TableUse use);

// File name without directory and without .stepscope.
[[nodiscard]] std::string recording_label(const std::string& path);

// An SQL identifier in quotes.
[[nodiscard]] std::string quoted(const std::string& identifier);

}  // namespace stepscope::trace
