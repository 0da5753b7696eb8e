// SPDX-License-Identifier: Apache-2.0
#include "trace/append_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "trace/schema.hpp"
#include "trace/sqlite.hpp"
#include "trace/sqlite_api.hpp"

namespace stepscope::trace {
namespace {

constexpr int64_t kStoreApplicationId = 0x53545342;  // "STSB"
constexpr int64_t kStoreMajor = 1;
constexpr int64_t kStoreMinor = 0;
constexpr int kPatienceMs = 30000;  // for other writers

constexpr char kStoreSchema[] = R"sql(
CREATE TABLE record (             -- appended to, never changed; taken out by pruning only
  seq INTEGER PRIMARY KEY,        -- order of arrival in this file
  id TEXT NOT NULL UNIQUE,        -- hash of what makes the record itself; the same in every store
  kind TEXT NOT NULL,             -- run, accept, expire, prune, noise_model
  name TEXT NOT NULL,             -- name of the baseline
  key TEXT NOT NULL,              -- fingerprint of the conditions that a run was made under
  time_ns INTEGER NOT NULL,       -- when the record was made, ns since 1970 UTC
  expires_ns INTEGER NOT NULL,    -- the same clock; 0: never
  author TEXT NOT NULL,           -- who, where that was said
  digest INTEGER NOT NULL,        -- 64-bit FNV-1a over the other columns but seq (docs/FORMAT.md)
  text TEXT NOT NULL              -- JSON
);
CREATE INDEX record_by_name ON record(kind, name, key, time_ns, id);
CREATE TABLE removed (            -- records that were taken out here; a merge does not bring them back
  id TEXT PRIMARY KEY
) WITHOUT ROWID;
)sql";

constexpr char kRowColumns[] =
    "SELECT id, kind, name, key, time_ns, expires_ns, author, digest, text FROM record";

int64_t digest_of(const StoredRecord& record) {
  RowDigest digest;
  digest.add(record.id);
  digest.add(record.kind);
  digest.add(record.name);
  digest.add(record.key);
  digest.add(record.time_ns);
  digest.add(record.expires_ns);
  digest.add(record.author);
  digest.add(record.text);
  return digest.value();
}

enum class Content { kStore, kNothing, kForeign };

}  // namespace

struct AppendStore::State {
  State(std::string file, Database opened, Mode for_what)
      : path(std::move(file)), database(std::move(opened)), mode(for_what) {}

  // The message for what SQLite just said.
  [[nodiscard]] Status failure() const {
    switch (database.error_code() & 0xff) {
      case SQLITE_NOTADB:
        return unreadable(path, "it is no stepscope store", "name another file with --store");
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return unwritable(path,
                          "another process has held it for " + std::to_string(kPatienceMs / 1000) + " s",
                          "try again when that process is done");
      case SQLITE_CORRUPT:
      case SQLITE_ERROR:  // a table or column that is not there
        return unreadable(path, "the store is damaged: " + database.error(), "take an undamaged copy");
      case SQLITE_READONLY:
      case SQLITE_CANTOPEN:
        return unwritable(
            path, database.error(),
            "check the permissions of the file and of its directory, where SQLite keeps its journal");
      default:
        return mode == Mode::kRead
                   ? unreadable(path, database.error(), "check the disk or take another copy")
                   : unwritable(path, database.error(), "check that there is room and permission");
    }
  }

  [[nodiscard]] Result<int64_t> number(const char* sql) const {
    Statement row(database, sql);
    const bool there = row.next();
    return there ? Result<int64_t>(row.integer(0)) : failure();
  }

  // What the file is. One read transaction, so that a store in the making is seen whole or not at all.
  Result<Content> inspect() {
    const Result<int64_t> tables = number("SELECT count(*) FROM sqlite_master");
    const Result<int64_t> application = tables.ok() ? number("PRAGMA application_id") : tables;
    const Result<int64_t> version = application.ok() ? number("PRAGMA user_version") : application;
    if (!version.ok()) {
      return version.status();
    }
    if (application.value() == 0 && version.value() == 0 && tables.value() == 0) {
      return Content::kNothing;
    }
    if (application.value() != kStoreApplicationId) {
      return unreadable(
          path, application.value() == kApplicationId ? "it is a recording" : "it is no stepscope store",
          "name another file with --store");
    }
    if (version.value() >> 16 != kStoreMajor) {
      return version.value() >> 16 < kStoreMajor
                 ? unreadable(path, "the store is damaged: no format version", "take an undamaged copy")
                 : unreadable(path,
                              "it has format version " + std::to_string(version.value() >> 16) + "." +
                                  std::to_string(version.value() & 0xffff) + ", newer than the " +
                                  std::to_string(kStoreMajor) + ".x this stepscope reads",
                              "update stepscope");
    }
    return Content::kStore;
  }

  Status begin(const char* sql) { return database.exec(sql) ? Status() : failure(); }

  // Ends the transaction well, or not at all.
  Status commit() {
    if (database.exec("COMMIT")) {
      return Status();
    }
    return roll_back(failure());
  }
  Status roll_back(Status reason) {
    static_cast<void>(database.exec("ROLLBACK"));  // where SQLite has done so itself, there is nothing to do
    return reason;
  }

  // Makes the tables unless another process was faster.
  Status create() {
    if (Status begun = begin("BEGIN IMMEDIATE"); !begun.ok()) {
      return begun;
    }
    const Result<Content> content = inspect();
    if (!content.ok()) {
      return roll_back(content.status());
    }
    const std::string marks = "PRAGMA application_id=" + std::to_string(kStoreApplicationId) +
                              ";PRAGMA user_version=" + std::to_string(kStoreMajor << 16 | kStoreMinor);
    if (content.value() == Content::kNothing &&
        !(database.exec(kStoreSchema) && database.exec(marks.c_str()))) {
      return roll_back(failure());
    }
    return commit();
  }

  // Within a transaction. Whether the record is new.
  Result<bool> insert(Statement& statement, const StoredRecord& record) {
    statement.bind(1, record.id).bind(2, record.kind).bind(3, record.name).bind(4, record.key);
    statement.bind(5, record.time_ns).bind(6, record.expires_ns).bind(7, record.author);
    statement.bind(8, digest_of(record)).bind(9, record.text);
    return statement.run() ? Result<bool>(sqlite3_changes(database.handle()) != 0) : failure();
  }

  std::string path;
  Database database;
  Mode mode;
};

namespace {

constexpr char kInsertRecord[] =
    "INSERT INTO record (id, kind, name, key, time_ns, expires_ns, author, digest, text)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING";

// Makes an empty file where there is none. Never opens one that exists: closing it again would drop the locks that this
// process holds on it (POSIX).
Status make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) {
    return errno == EEXIST ? Status()
                           : unwritable(path, std::strerror(errno),
                                        "check that its directory exists and your permissions");
  }
  ::close(fd);
  return Status();
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat left {};
  struct stat right {};
  return stat(a.c_str(), &left) == 0 && stat(b.c_str(), &right) == 0 && left.st_dev == right.st_dev &&
         left.st_ino == right.st_ino;
}

}  // namespace

std::string content_id(std::initializer_list<std::string_view> parts) {
  __extension__ using Wide = unsigned __int128;
  constexpr Wide kPrime = (Wide{1} << 88) + 0x13b;
  Wide hash = (Wide{0x6c62272e07bb0142U} << 64) + 0x62b821756295c58dU;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * kPrime; };
  for (const std::string_view part : parts) {
    for (uint64_t length = part.size(), i = 0; i < 8; ++i, length >>= 8) {
      add(static_cast<unsigned char>(length & 0xff));
    }
    for (const char c : part) {
      add(static_cast<unsigned char>(c));
    }
  }
  for (int i = 0; i < 16; ++i) {  // FNV spreads its last bytes little, and people type the first digits
    add(0);
  }
  std::string out;
  for (int shift = 124; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[static_cast<unsigned>(hash >> shift) & 0xf];
  }
  return out;
}

Result<AppendStore> AppendStore::open(const std::string& path, Mode mode) {
  if (Status made = mode == Mode::kAppend ? make_file(path) : Status(); !made.ok()) {
    return made;
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return unreadable(path, std::strerror(errno), "check the path and your permissions");
  }
  if (!S_ISREG(info.st_mode)) {
    return unreadable(path, "it is no file", "name another file with --store");
  }
  // Also a reader opens for writing where it may: only so can it roll back what a killed writer left half-done.
  Result<Database> opened = Database::open(path, OpenMode::kReadWrite);
  if (!opened.ok()) {
    return unreadable(path, opened.status().message(), "check the path and your permissions");
  }
  auto state = std::make_unique<State>(path, std::move(opened).value(), mode);
  sqlite3_busy_timeout(state->database.handle(), kPatienceMs);
  if (Status begun = state->begin("BEGIN"); !begun.ok()) {
    return begun;
  }
  const Result<Content> content = state->inspect();
  if (!content.ok()) {
    return state->roll_back(content.status());
  }
  if (Status ended = state->commit(); !ended.ok()) {
    return ended;
  }
  if (mode == Mode::kRead && content.value() == Content::kNothing) {
    return unreadable(path, "the store is empty", "take a complete copy, or append to it first");
  }
  if (mode == Mode::kRead) {
    return state->database.exec("PRAGMA query_only=ON") ? Result<AppendStore>(AppendStore(std::move(state)))
                                                        : state->failure();
  }
  if (sqlite3_db_readonly(state->database.handle(), "main") != 0) {
    return unwritable(path, "no permission to write it", "check its permissions");
  }
  if (!state->database.exec("PRAGMA journal_mode=DELETE;PRAGMA synchronous=EXTRA")) {
    return state->failure();
  }
  if (Status created = content.value() == Content::kNothing ? state->create() : Status(); !created.ok()) {
    return created;
  }
  return AppendStore(std::move(state));
}

AppendStore::AppendStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
AppendStore::AppendStore(AppendStore&&) noexcept = default;
AppendStore& AppendStore::operator=(AppendStore&&) noexcept = default;
AppendStore::~AppendStore() = default;

const std::string& AppendStore::path() const {
  return state_->path;
}

Result<size_t> AppendStore::append(std::span<const StoredRecord> records) {
  for (const StoredRecord& record : records) {
    if (record.text.size() > kMaxRecordBytes) {
      return Status(Code::kUsage, "a record of " + std::to_string(record.text.size()) +
                                      " bytes does not fit into a store; at most " +
                                      std::to_string(kMaxRecordBytes) + " do");
    }
  }
  if (Status begun = state_->begin("BEGIN IMMEDIATE"); !begun.ok()) {
    return begun;
  }
  size_t added = 0;
  {
    Statement insert(state_->database, kInsertRecord);
    Statement forget(state_->database, "DELETE FROM removed WHERE id = ?1");
    for (const StoredRecord& record : records) {
      const Result<bool> inserted = state_->insert(insert, record);
      if (!inserted.ok() || !forget.bind(1, record.id).run()) {
        return state_->roll_back(inserted.ok() ? state_->failure() : inserted.status());
      }
      added += inserted.value() ? 1U : 0U;
    }
  }
  const Status committed = state_->commit();
  return committed.ok() ? Result<size_t>(added) : committed;
}

Status AppendStore::scan(const RecordFilter& filter,
                         const std::function<bool(const StoredRecord&)>& visit) const {
  std::string sql = kRowColumns;
  const std::array<std::pair<const char*, const std::optional<std::string>*>, 3> conditions{
      {{"kind = ?1", &filter.kind}, {"name = ?2", &filter.name}, {"key = ?3", &filter.key}}};
  const char* word = " WHERE ";
  for (const auto& [condition, wanted] : conditions) {
    if (wanted->has_value()) {
      sql.append(word).append(condition);
      word = " AND ";
    }
  }
  sql += " ORDER BY time_ns DESC, id DESC";
  Statement row(state_->database, sql.c_str());
  int index = 1;
  for (const auto& [condition, wanted] : conditions) {
    if (wanted->has_value()) {
      row.bind(index, std::string_view(**wanted));
    }
    ++index;
  }
  while (row.next()) {
    const StoredRecord record{std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                              std::string(row.text(3)), row.integer(4),           row.integer(5),
                              std::string(row.text(6)), std::string(row.text(8))};
    if (digest_of(record) != row.integer(7)) {
      return unreadable(state_->path, "record " + record.id + " of the store is damaged",
                        "take an undamaged copy");
    }
    if (!visit(record)) {
      return Status();
    }
  }
  return row.ok() ? Status() : state_->failure();
}

Result<size_t> AppendStore::remove(std::span<const std::string> ids, const StoredRecord& reason) {
  if (Status begun = state_->begin("BEGIN IMMEDIATE"); !begun.ok()) {
    return begun;
  }
  size_t removed = 0;
  {
    Statement take(state_->database, "DELETE FROM record WHERE id = ?1");
    Statement remember(state_->database, "INSERT OR IGNORE INTO removed (id) VALUES (?1)");
    for (const std::string& id : ids) {
      const bool taken = take.bind(1, id).run();
      removed += taken && sqlite3_changes(state_->database.handle()) != 0 ? 1U : 0U;
      if (!taken || !remember.bind(1, id).run()) {
        return state_->roll_back(state_->failure());
      }
    }
    Statement insert(state_->database, kInsertRecord);
    if (const Result<bool> inserted = state_->insert(insert, reason); !inserted.ok()) {
      return state_->roll_back(inserted.status());
    }
  }
  if (Status committed = state_->commit(); !committed.ok()) {
    return committed;
  }
  // Gives the room back. Where another process is at work it stays in the file and is used again.
  static_cast<void>(state_->database.exec("VACUUM"));
  return removed;
}

Result<AppendStore::Merged> AppendStore::merge(const AppendStore& other) {
  if (same_file(path(), other.path())) {
    return Status(Code::kUsage, "'" + other.path() + "' is the store itself; name another one to merge");
  }
  if (Status begun = state_->begin("BEGIN IMMEDIATE"); !begun.ok()) {
    return begun;
  }
  Merged merged;
  Status failed;
  Status scanned;
  {
    Statement insert(state_->database, kInsertRecord);
    Statement gone(state_->database, "SELECT 1 FROM removed WHERE id = ?1");
    scanned = other.scan({}, [&](const StoredRecord& record) {
      const bool was_removed = gone.bind(1, record.id).next();
      gone.reset();
      if (was_removed) {
        ++merged.removed;
        return true;
      }
      const Result<bool> inserted = state_->insert(insert, record);
      failed = inserted.status();
      merged.added += inserted.ok() && inserted.value() ? 1U : 0U;
      merged.present += inserted.ok() && !inserted.value() ? 1U : 0U;
      return inserted.ok();
    });
    failed = failed.ok() && !gone.ok() ? state_->failure() : failed;
  }
  if (!scanned.ok() || !failed.ok()) {
    return state_->roll_back(scanned.ok() ? failed : scanned);
  }
  const Status committed = state_->commit();
  return committed.ok() ? Result<Merged>(merged) : committed;
}

Status AppendStore::verify() const {
  {
    Statement check(state_->database, "PRAGMA integrity_check(1)");
    if (!check.next()) {
      return state_->failure();
    }
    if (check.text(0) != "ok") {
      return unreadable(path(), "the store is damaged: " + std::string(check.text(0)),
                        "take an undamaged copy");
    }
  }
  return scan({}, [](const StoredRecord&) { return true; });
}

}  // namespace stepscope::trace
