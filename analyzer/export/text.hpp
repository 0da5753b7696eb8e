// SPDX-License-Identifier: Apache-2.0
//
// Texts and numbers as the exported formats want them. Recorded names are bytes of other people's programs: what is no
// UTF-8 becomes U+FFFD, since readers of JSON and Parquet refuse the whole file otherwise. Pure functions, any thread.
// Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stepscope::analysis::exporting {

// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD.
void append_utf8(std::string& out, std::string_view text);

// The same, in quotes and escaped for JSON.
void append_json(std::string& out, std::string_view text);

void append_integer(std::string& out, int64_t value);
void append_unsigned(std::string& out, uint64_t value);
// The shortest decimal that reads back as the same double; "nan", "inf" or "-inf" for those.
void append_real(std::string& out, double value);
// ns as us with three decimals: exact.
void append_microseconds(std::string& out, int64_t ns);

}  // namespace stepscope::analysis::exporting
