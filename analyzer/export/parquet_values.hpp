// SPDX-License-Identifier: Apache-2.0
//
// The bytes of Parquet's values: https://parquet.apache.org/docs/file-format/data-pages/encodings/. Pure functions, any
// thread. Internal to analyzer/export.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stepscope::analysis::exporting {

// PLAIN: INT64 and DOUBLE are 8 bytes, little endian; a BYTE_ARRAY is its length in 4 bytes and its bytes.
void append_plain(std::string& out, int64_t bits);
void append_plain(std::string& out, std::string_view text);

// RLE_DICTIONARY: one byte for the width in bits, then runs of equal indexes and groups of 8 packed ones. `entries`: of the
// dictionary; every index is less.
void append_dictionary_indexes(std::string& out, std::span<const uint32_t> indexes, size_t entries);

}  // namespace stepscope::analysis::exporting
