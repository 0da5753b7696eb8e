// SPDX-License-Identifier: Apache-2.0
#include "analyzer/csv_cells.hpp"

namespace stepscope::analysis {

CsvLine split_csv_line(std::string_view line, char delimiter) {
  CsvLine out;
  out.cells.emplace_back();
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        out.cells.back() += line[++i];
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == delimiter && !quoted) {
      out.cells.emplace_back();
    } else if (line[i] != '\r') {
      out.cells.back() += line[i];
    }
  }
  out.closed = !quoted;
  return out;
}

std::string_view trimmed_cell(std::string_view cell) {
  const size_t first = cell.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view()
                                         : cell.substr(first, cell.find_last_not_of(" \t") - first + 1);
}

}  // namespace stepscope::analysis
