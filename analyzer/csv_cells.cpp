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

}  // namespace stepscope::analysis
