// SPDX-License-Identifier: Apache-2.0
//
// One line of a CSV file as cells: RFC 4180 without line breaks inside cells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stepscope::analysis {

struct CsvLine {
  std::vector<std::string> cells;  // at least one
  bool closed = true;              // false: a quote is open at the end of the line
};

// A carriage return at the end is dropped.
[[nodiscard]] CsvLine split_csv_line(std::string_view line, char delimiter);

// Without blanks at both ends.
[[nodiscard]] std::string_view trimmed_cell(std::string_view cell);

}  // namespace stepscope::analysis
