// SPDX-License-Identifier: Apache-2.0
//
// The analyzer's cache about the whole job inside one rank's recording: table job_rollup, made when it is first stored.
#include <unistd.h>

#include <string>
#include <string_view>

#include "trace/digest.hpp"
#include "trace/recording.hpp"
#include "trace/recording_state.hpp"
#include "trace/schema.hpp"

namespace stepscope::trace {
namespace {

constexpr std::string_view kPart = "job_rollup";

constexpr char kTable[] =
    R"sql(CREATE TABLE IF NOT EXISTS job_rollup (  -- cache of an analyzer about all ranks of the job together
  version INTEGER NOT NULL,     -- of the analyzer's ledger of a job; another version is computed anew
  inputs TEXT NOT NULL,         -- fingerprint of the recordings it was computed from
  data BLOB NOT NULL            -- in that version's own encoding
))sql";

std::string_view as_text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

int64_t digest_of(const JobRollup& rollup) {
  RowDigest digest;
  digest.add(int64_t{rollup.version});
  digest.add(rollup.inputs);
  digest.add(as_text(rollup.data));
  return digest.value();
}

}  // namespace

Result<std::optional<JobRollup>> Recording::load_job_rollup() const {
  const Database& database = state_->database;
  Statement table(database, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'job_rollup'");
  if (!table.next()) {
    return table.ok() ? Result<std::optional<JobRollup>>(std::nullopt) : damaged(path(), database.error());
  }
  Statement row(database, "SELECT version, inputs, data FROM job_rollup");
  if (!row.next()) {
    return std::optional<JobRollup>();  // not ours, or nothing in it: a cache that is not there
  }
  JobRollup rollup;
  rollup.version = static_cast<int32_t>(row.integer(0));
  rollup.inputs = row.text(1);
  const std::span<const uint8_t> data = row.blob(2);
  rollup.data.assign(data.begin(), data.end());
  Statement stored(database, "SELECT value FROM checksum WHERE part = ?");
  stored.bind(1, kPart);
  return stored.next() && stored.integer(0) == digest_of(rollup) ? std::optional<JobRollup>(std::move(rollup))
                                                                 : std::nullopt;
}

Status Recording::store_job_rollup(const JobRollup& rollup) const {
  constexpr char kRemedy[] = "make the file and its directory writable to keep the roll-up";
  // SQLite would silently open a file without write permission read-only.
  if (access(path().c_str(), W_OK) != 0) {
    return unwritable(path(), "the file is read-only", kRemedy);
  }
  Result<Database> opened = Database::open(path(), OpenMode::kReadWrite);
  if (!opened.ok()) {
    return unwritable(path(), opened.status().message(), kRemedy);
  }
  Database& writer = opened.value();
  const auto write = [&writer, &rollup] {
    if (!writer.exec("BEGIN IMMEDIATE") || !writer.exec(kTable) || !writer.exec("DELETE FROM job_rollup")) {
      return false;
    }
    Statement row(writer, "INSERT INTO job_rollup (version, inputs, data) VALUES (?, ?, ?)");
    return row.bind(1, int64_t{rollup.version})
               .bind(2, rollup.inputs)
               .bind(3, std::span<const uint8_t>(rollup.data))
               .run() &&
           write_digest(writer, kPart, digest_of(rollup));
  };
  if (!write() || !writer.exec("COMMIT")) {
    const std::string cause = writer.error();
    (void)writer.exec("ROLLBACK");
    return unwritable(path(), cause, kRemedy);
  }
  return {};
}

}  // namespace stepscope::trace
