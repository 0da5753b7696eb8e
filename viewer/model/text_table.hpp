// SPDX-License-Identifier: Apache-2.0
//
// TextTable: a table of texts as it goes to the clipboard, and as a query returns it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace stepscope::viewer {

struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<bool> numeric;  // by column: every value is a number (or none); may be shorter than columns
};

// RFC 4180: fields with commas, quotes or line ends in quotes; lines end with "\n".
[[nodiscard]] std::string to_csv(const TextTable& table);

}  // namespace stepscope::viewer
