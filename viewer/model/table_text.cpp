// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/table_text.hpp"

namespace stepscope::viewer {
namespace {

void append_csv(std::string& out, const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    out += i == 0 ? "" : ",";
    if (cells[i].find_first_of(",\"\r\n") == std::string::npos) {
      out += cells[i];
      continue;
    }
    out += '"';
    for (const char c : cells[i]) {
      out += c == '"' ? "\"\"" : std::string(1, c);
    }
    out += '"';
  }
  out += "\r\n";
}

void append_tabs(std::string& out, const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    out += i == 0 ? "" : "\t";
    for (const char c : cells[i]) {
      out += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
    }
  }
  out += '\n';
}

}  // namespace

std::string to_csv(const TableText& table) {
  std::string out;
  append_csv(out, table.columns);
  for (const std::vector<std::string>& row : table.rows) {
    append_csv(out, row);
  }
  return out;
}

std::string to_tabs(const TableText& table) {
  std::string out;
  append_tabs(out, table.columns);
  for (const std::vector<std::string>& row : table.rows) {
    append_tabs(out, row);
  }
  return out;
}

}  // namespace stepscope::viewer
