// SPDX-License-Identifier: Apache-2.0
//
// The SQLite side of a recording: marks, version, tables, checksums. Byte-level description: docs/FORMAT.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "trace/status.hpp"

namespace stepscope::trace {

// "STSC" in the header of the SQLite file; `file` and we recognise a recording by it.
inline constexpr uint32_t kApplicationId = 0x53545343;

// user_version = major << 16 | minor. Minor: something was added that an older reader may ignore. Major: an older
// reader would misread it.
inline constexpr uint32_t kFormatMajor = 1;
inline constexpr uint32_t kFormatMinor = 1;

// CREATE statements of all tables; each column carries a comment, which SQLite keeps in the file.
[[nodiscard]] const char* schema_sql();

// A file that cannot be used: "cannot read 'PATH': CAUSE; REMEDY".
[[nodiscard]] Status unreadable(const std::string& path, std::string_view cause, std::string_view remedy);
// The same for damage: the remedy is another copy.
[[nodiscard]] Status damaged(const std::string& path, std::string_view cause);
// The machine refused: "cannot write 'PATH': CAUSE; REMEDY".
[[nodiscard]] Status unwritable(const std::string& path, std::string_view cause, std::string_view remedy);

// Checks the 100-byte SQLite header of `path` without SQLite: exists, is a file, is a recording, is whole, is not from a
// newer major version. The precise message for whatever is not so.
[[nodiscard]] Status check_header(const std::string& path);

// Checksum of the rows of a table, in the order of their key: 64-bit FNV-1a over each value (integers as 8 bytes little
// endian; texts as their length in that form, then the bytes). Not cryptographic: it finds damage, not malice.
class RowDigest {
 public:
  void add(int64_t value);
  void add(std::string_view text);
  [[nodiscard]] int64_t value() const { return static_cast<int64_t>(hash_); }

 private:
  uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace stepscope::trace
