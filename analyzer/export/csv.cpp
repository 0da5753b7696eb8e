// SPDX-License-Identifier: Apache-2.0
//
// The exporter of CSV (RFC 4180): a header row, lines end with CR LF, texts are quoted where they have to be.
#include <bit>

#include "analyzer/export/exporter.hpp"
#include "analyzer/export/table.hpp"
#include "analyzer/export/text.hpp"

namespace stepscope::analysis::exporting {
namespace {

void append_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    append_utf8(out, text);
    return;
  }
  std::string doubled;
  for (const char c : text) {
    doubled.append(c == '"' ? 2U : 1U, c);
  }
  out += '"';
  append_utf8(out, doubled);
  out += '"';
}

void append_cell(std::string& out, const Table& table, CellType type, int64_t cell) {
  switch (type) {
    case CellType::kInt:
      return append_integer(out, cell);
    case CellType::kUint:
      return append_unsigned(out, static_cast<uint64_t>(cell));
    case CellType::kReal:
      return append_real(out, std::bit_cast<double>(cell));
    case CellType::kText:
      return append_field(out, table.text(cell));
  }
}

}  // namespace

Result<uint64_t> write_csv(const ExportJob& job, ByteSink& out) {
  Result<std::unique_ptr<Table>> made = make_table(job);
  if (!made.ok()) {
    return made.status();
  }
  Table& table = *made.value();
  const std::vector<TableColumn>& columns = table.columns();
  std::string& text = out.buffer();
  for (size_t c = 0; c < columns.size(); ++c) {
    text += c == 0 ? "" : ",";
    append_field(text, columns[c].name);
  }
  text += "\r\n";
  uint64_t rows = 0;
  Status status = table.scan([&](const TableBatch& batch) {
    for (size_t row = 0; row < batch.rows; ++row) {
      for (size_t c = 0; c < columns.size(); ++c) {
        text += c == 0 ? "" : ",";
        append_cell(text, table, columns[c].type, batch.columns[c][row]);
      }
      text += "\r\n";
      out.spill();
    }
    rows += batch.rows;
    return out.status();
  });
  if (!status.ok()) {
    return status;
  }
  return rows;
}

}  // namespace stepscope::analysis::exporting
