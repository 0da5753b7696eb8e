// SPDX-License-Identifier: Apache-2.0
//
// Checksums of a recording's row tables: written once by the builder, compared by the reader. They find damage that
// SQLite cannot see (it keeps no page checksums); blobs carry their own, inside zstd.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "trace/sqlite.hpp"

namespace stepscope::trace {

// A table and the query whose rows, in order, are its checksum's input. Later minor versions may add columns to a table;
// the query stays as it is.
struct DigestPart {
  const char* table;
  const char* query;
};

// Parts compared when a recording is opened, those compared when they are used, and those of an analyzer's cache.
[[nodiscard]] std::span<const DigestPart> eager_digest_parts();
[[nodiscard]] std::span<const DigestPart> lazy_digest_parts();
[[nodiscard]] std::span<const DigestPart> rollup_digest_parts();

using RowVisitor = std::function<void(const Statement& row)>;  // columns as in the part's query

// The checksum over the rows as they are now; nullopt when they cannot be read. `visit` may be empty.
[[nodiscard]] std::optional<int64_t> compute_digest(const Database& database, const DigestPart& part,
                                                    const RowVisitor& visit = {});

// All stored checksums by table; empty where they cannot be read. For a reader of many tables: one query instead of one each.
using StoredDigests = std::map<std::string, int64_t, std::less<>>;
[[nodiscard]] StoredDigests stored_digests(const Database& database);

// True when the stored checksum of `table` equals the computed one. With `visit` the same pass reads the table: what it
// was shown counts only when the answer is true.
[[nodiscard]] bool digest_matches(const Database& database, std::string_view table,
                                  const RowVisitor& visit = {});
[[nodiscard]] bool digest_matches(const Database& database, std::string_view table,
                                  const StoredDigests& stored, const RowVisitor& visit);

// Stores the checksum of a table, replacing an older one: the value given, which whoever wrote the rows has computed over
// them in the order of the part's query, or the one computed over the rows as they are now.
[[nodiscard]] bool write_digest(const Database& database, std::string_view table,
                                std::optional<int64_t> value = std::nullopt);

// The same for several.
[[nodiscard]] bool write_digests(const Database& database, std::span<const DigestPart> parts);

}  // namespace stepscope::trace
