// SPDX-License-Identifier: Apache-2.0
#include "trace/sqlite.hpp"

#include <utility>

#include "trace/sqlite_api.hpp"

namespace stepscope::trace {
namespace {

// SQLite counts its memory under one lock for the whole process, which nobody here asks for: two threads that each open recordings
// would mostly wait for it. Only before its first use, so where another part of the process was first, it counts.
void switch_off_memory_statistics() {
#if !defined(STEPSCOPE_SQLITE_EXTENSION)
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)done;
#endif
}

}  // namespace

Result<Database> Database::open(const std::string& path, OpenMode mode) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == OpenMode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  sqlite3* handle = nullptr;
  switch_off_memory_statistics();
  const int rc = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle);
  if (rc != SQLITE_OK) {
    return Status(Code::kUnreadable, handle != nullptr ? database.error() : sqlite3_errstr(rc));
  }
  // A recording may come from anywhere: no code hidden in its schema is run, and cell sizes are checked before use.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (mode == OpenMode::kReadOnly) {  // when writing it would refuse to go without a journal
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_busy_timeout(handle, 5000);
  if (!database.exec("PRAGMA cell_size_check=ON")) {
    return Status(Code::kUnreadable, database.error());
  }
  return database;
}

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    sqlite3_close_v2(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

bool Database::exec(const char* sql) {
  return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::string Database::error() const {
  return sqlite3_errmsg(handle_);
}

int Database::error_code() const {
  return sqlite3_extended_errcode(handle_);
}

bool Database::close() {
  return sqlite3_close(std::exchange(handle_, nullptr)) == SQLITE_OK;
}

Statement::Statement(const Database& database, const char* sql, const char** tail) {
  ok_ = sqlite3_prepare_v2(database.handle(), sql, -1, &handle_, tail) == SQLITE_OK && handle_ != nullptr;
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement& Statement::bind(int index, int64_t value) {
  ok_ = ok_ && sqlite3_bind_int64(handle_, index, value) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() != nullptr ? text.data() : "";
  ok_ =
      ok_ && sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int index, std::span<const uint8_t> blob) {
  ok_ = ok_ && sqlite3_bind_blob64(handle_, index, blob.data(), blob.size(), SQLITE_STATIC) == SQLITE_OK;
  return *this;
}

bool Statement::next() {
  if (!ok_) {
    return false;
  }
  const int rc = sqlite3_step(handle_);
  ok_ = rc == SQLITE_ROW || rc == SQLITE_DONE;
  return rc == SQLITE_ROW;
}

bool Statement::run() {
  (void)next();
  reset();
  return ok_;
}

void Statement::reset() {
  if (handle_ != nullptr) {
    sqlite3_reset(handle_);
  }
}

int Statement::columns() const {
  return ok_ ? sqlite3_column_count(handle_) : 0;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::string_view Statement::text(int column) const {
  // _text first: it may convert, and _bytes then counts the converted form.
  const unsigned char* data = sqlite3_column_text(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(static_cast<const void*>(data)),
                                            static_cast<size_t>(size));
}

std::span<const uint8_t> Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  return data == nullptr
             ? std::span<const uint8_t>()
             : std::span<const uint8_t>(static_cast<const uint8_t*>(data), static_cast<size_t>(size));
}

}  // namespace stepscope::trace
