// SPDX-License-Identifier: Apache-2.0
#include "trace/digest.hpp"

#include <algorithm>
#include <array>

#include "trace/schema.hpp"
#include "trace/sqlite_api.hpp"

namespace stepscope::trace {
namespace {

constexpr std::array kEager = {
    DigestPart{"meta", "SELECT key, value FROM meta ORDER BY key"},
    DigestPart{"lane", "SELECT id, type, name, tid FROM lane ORDER BY id"},
    DigestPart{"string", "SELECT id, text FROM string ORDER BY id"},
    DigestPart{"kind", "SELECT id, name, summary FROM kind ORDER BY id"},
    DigestPart{"kind_column",
               "SELECT kind, position, name, type, encoding FROM kind_column ORDER BY kind, position"},
    DigestPart{"segment", "SELECT id, kind, lane, first_ns, last_end_ns, rows FROM segment ORDER BY id"},
    DigestPart{"loss", "SELECT counter, count, severity, sentence FROM loss ORDER BY counter"},
    DigestPart{"clock_anchor",
               "SELECT monotonic_raw_ns, realtime_ns, monotonic_ns, boottime_ns, tsc FROM clock_anchor ORDER "
               "BY rowid"},
    DigestPart{"log", "SELECT time_ns, text FROM log ORDER BY rowid"},
};

constexpr std::array kLazy = {
    DigestPart{"name_total",
               "SELECT kind, name, count, total_ns, max_ns FROM name_total ORDER BY kind, name"},
    DigestPart{"overview",
               "SELECT lane, level, origin_ns, bucket_ns, buckets FROM overview ORDER BY lane, level"},
};

constexpr std::array kRollup = {
    DigestPart{"rollup", "SELECT version, method FROM rollup ORDER BY rowid"},
    DigestPart{"step", "SELECT step, begin_ns, end_ns, class FROM step ORDER BY rowid"},
    DigestPart{"step_ledger", "SELECT step, leaf, exclusive_ns FROM step_ledger ORDER BY rowid"},
};

const DigestPart* find_part(std::string_view table) {
  for (const std::span<const DigestPart> parts :
       {eager_digest_parts(), lazy_digest_parts(), rollup_digest_parts()}) {
    for (const DigestPart& part : parts) {
      if (table == part.table) {
        return &part;
      }
    }
  }
  return nullptr;
}

}  // namespace

std::span<const DigestPart> eager_digest_parts() {
  return kEager;
}

std::span<const DigestPart> lazy_digest_parts() {
  return kLazy;
}

std::span<const DigestPart> rollup_digest_parts() {
  return kRollup;
}

std::optional<int64_t> compute_digest(const Database& database, const DigestPart& part,
                                      const RowVisitor& visit) {
  Statement rows(database, part.query);
  RowDigest digest;
  while (rows.next()) {
    const int columns = sqlite3_column_count(rows.handle());
    for (int c = 0; c < columns; ++c) {
      if (sqlite3_column_type(rows.handle(), c) == SQLITE_INTEGER) {
        digest.add(rows.integer(c));
      } else {
        digest.add(rows.text(c));
      }
    }
    if (visit) {
      visit(rows);
    }
  }
  return rows.ok() ? std::optional(digest.value()) : std::nullopt;
}

StoredDigests stored_digests(const Database& database) {
  StoredDigests stored;
  Statement rows(database, "SELECT part, value FROM checksum");
  while (rows.next()) {
    stored.emplace(rows.text(0), rows.integer(1));
  }
  return rows.ok() ? stored : StoredDigests();
}

bool digest_matches(const Database& database, std::string_view table, const StoredDigests& stored,
                    const RowVisitor& visit) {
  const DigestPart* part = find_part(table);
  const auto wanted = stored.find(table);
  if (part == nullptr || wanted == stored.end()) {
    return false;
  }
  const std::optional<int64_t> value = compute_digest(database, *part, visit);
  return value.has_value() && *value == wanted->second;
}

bool digest_matches(const Database& database, std::string_view table, const RowVisitor& visit) {
  const DigestPart* part = find_part(table);
  if (part == nullptr) {
    return false;
  }
  Statement stored(database, "SELECT value FROM checksum WHERE part = ?");
  stored.bind(1, table);
  const std::optional<int64_t> value = compute_digest(database, *part, visit);
  return stored.next() && value.has_value() && stored.integer(0) == *value;
}

bool write_digest(const Database& database, std::string_view table, std::optional<int64_t> value) {
  if (!value.has_value()) {
    const DigestPart* part = find_part(table);
    value = part != nullptr ? compute_digest(database, *part) : std::nullopt;
  }
  Statement row(database, "INSERT OR REPLACE INTO checksum (part, value) VALUES (?, ?)");
  return value.has_value() && row.bind(1, table).bind(2, *value).run();
}

bool write_digests(const Database& database, std::span<const DigestPart> parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const DigestPart& part) { return write_digest(database, part.table); });
}

}  // namespace stepscope::trace
