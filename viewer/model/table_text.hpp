// SPDX-License-Identifier: Apache-2.0
//
// A table as text, to copy out of the window and as a query returns it: numbers in full, without the rounding of what is drawn. Pure.
#pragma once

#include <string>
#include <vector>

namespace stepscope::viewer {

struct TableText {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // as long as columns
  std::vector<bool> numeric =
      {};  // by column: every value is a number (or none); may be shorter than columns

  [[nodiscard]] bool empty() const { return rows.empty(); }
};

// RFC 4180 with the columns' names first, lines end with \r\n.
[[nodiscard]] std::string to_csv(const TableText& table);
// What spreadsheets take from the clipboard: cells apart by tabs; tabs and line ends in a cell become blanks.
[[nodiscard]] std::string to_tabs(const TableText& table);

}  // namespace stepscope::viewer
