// SPDX-License-Identifier: Apache-2.0
//
// AppendStore: records that several processes append to one SQLite file. Nothing of SQLite shows, and what a record means is
// its owner's business (analyzer/baseline). Layout for other readers: docs/FORMAT.md.
//
//   AppendStore store = std::move(AppendStore::open("store.db", AppendStore::Mode::kAppend)).value();
//   StoredRecord record;
//   record.kind = "run", record.name = "main", record.time_ns = now, record.text = "{…}";
//   record.id = content_id({record.kind, record.name, record.text});
//   size_t added = store.append({&record, 1}).value();      // 0 when a record of that id is there already
//
// What append() has acknowledged is on disk and stays, however this or any other writer ends: one transaction each, rollback
// journal, synchronous = EXTRA. Writers wait for each other, at most 30 s. A writer that was killed leaves a journal
// that the next one to open the file rolls back. File mode is what the umask leaves of 0666.
//
// Errors: kUnreadable (missing, no such store, damaged, newer), kUnavailable (no permission, full, held by another
// process), messages naming file, cause and remedy. A record whose row was changed outside of us is reported as damage. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "trace/status.hpp"

namespace stepscope::trace {

inline constexpr size_t kMaxRecordBytes = 64 * 1024;  // of `text`

struct StoredRecord {
  std::string id;    // unique in a store and across those that are merged: content_id of what makes it itself
  std::string kind;  // what `text` is
  std::string name;  // the series that it belongs to, "" = none
  std::string key;   // what may be compared with what within a series
  int64_t time_ns = 0;     // when it was made, wall clock
  int64_t expires_ns = 0;  // wall clock, 0 = never
  std::string author;      // "" = not known
  std::string text;
};

// 32 hex digits, 128-bit FNV-1a over the parts with their lengths (docs/FORMAT.md). It finds sameness, it is no protection against malice.
[[nodiscard]] std::string content_id(std::initializer_list<std::string_view> parts);

struct RecordFilter {
  std::optional<std::string> kind = std::nullopt;
  std::optional<std::string> name = std::nullopt;
  std::optional<std::string> key = std::nullopt;
};

class AppendStore {
 public:
  enum class Mode {
    kRead,  // the file must exist and have something in it; it is not changed, a killed writer's journal aside
    kAppend,  // makes the file where there is none
  };
  [[nodiscard]] static Result<AppendStore> open(const std::string& path, Mode mode);
  AppendStore(AppendStore&&) noexcept;
  AppendStore& operator=(AppendStore&&) noexcept;
  ~AppendStore();

  [[nodiscard]] const std::string& path() const;

  // All or none, in one transaction. Returns how many are new; an id that is there already is left as it is.
  [[nodiscard]] Result<size_t> append(std::span<const StoredRecord> records);

  // The records that fit, newest first (time_ns, then id). `visit` returns false to end; a scan sees one moment of the store.
  [[nodiscard]] Status scan(const RecordFilter& filter,
                            const std::function<bool(const StoredRecord&)>& visit) const;

  // Takes records out and appends `reason` in the same transaction. Their ids are remembered: merge() does not bring them
  // back, append() may. Returns how many were there.
  [[nodiscard]] Result<size_t> remove(std::span<const std::string> ids, const StoredRecord& reason);

  struct Merged {
    size_t added = 0;
    size_t present = 0;  // were here already
    size_t removed = 0;  // were taken out here before
  };
  // Takes over what `other` has and this one lacks, in one transaction; repeating it changes nothing. kUsage when both are
  // the same file.
  [[nodiscard]] Result<Merged> merge(const AppendStore& other);

  // Reads the whole file: SQLite's integrity check and the digest of each record.
  [[nodiscard]] Status verify() const;

 private:
  struct State;
  explicit AppendStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::trace
