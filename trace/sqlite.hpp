// SPDX-License-Identifier: Apache-2.0
//
// Database and Statement: SQLite handles with an owner, for this room only.
//
// Errors are sticky: a statement that fails at any point reports !ok() and produces no more rows, so that a loop
// needs one check after it. Strings and blobs handed out by a Statement live until its next next() or reset().
// Not thread-safe. Deliberately no SQL builder: queries are literals beside the code that reads their columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "trace/status.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace stepscope::trace {

enum class OpenMode { kReadOnly, kReadWrite };

class Database {
 public:
  // Opens an existing file (an empty one counts). Untrusted content: schema code is not run, cells are checked.
  [[nodiscard]] static Result<Database> open(const std::string& path, OpenMode mode);
  Database() = default;  // none is open
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  // False when any statement of `sql` failed; error() says why.
  [[nodiscard]] bool exec(const char* sql);
  [[nodiscard]] std::string error() const;
  [[nodiscard]] int error_code() const;
  [[nodiscard]] sqlite3* handle() const { return handle_; }
  // Closes now; false when the last writes could not be handed to the system.
  [[nodiscard]] bool close();

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  // `tail`, if given, is set to what follows the first statement of `sql`.
  Statement(const Database& database, const char* sql, const char** tail = nullptr);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Parameters count from 1. Text and blobs must stay valid until the next reset().
  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::span<const uint8_t> blob);

  [[nodiscard]] bool next();  // true: a row is there
  [[nodiscard]] bool run();   // executes a statement without rows, then resets it; false on failure
  void reset();
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] sqlite3_stmt* handle() const { return handle_; }

  [[nodiscard]] int columns() const;  // of the query

  // Columns count from 0.
  [[nodiscard]] int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::span<const uint8_t> blob(int column) const;

 private:
  sqlite3_stmt* handle_ = nullptr;
  bool ok_ = true;
};

}  // namespace stepscope::trace
