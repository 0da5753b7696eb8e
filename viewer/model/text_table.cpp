// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/text_table.hpp"

namespace stepscope::viewer {
namespace {

void add_field(std::string& out, const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    out += c;
    if (c == '"') {
      out += c;
    }
  }
  out += '"';
}

void add_line(std::string& out, const std::vector<std::string>& fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) {
      out += ',';
    }
    add_field(out, fields[i]);
  }
  out += '\n';
}

}  // namespace

std::string to_csv(const TextTable& table) {
  std::string out;
  add_line(out, table.columns);
  for (const std::vector<std::string>& row : table.rows) {
    add_line(out, row);
  }
  return out;
}

}  // namespace stepscope::viewer
