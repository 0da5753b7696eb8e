// SPDX-License-Identifier: Apache-2.0
//
// Aligned text tables for people.
//
//   TextTable table({{"term", Align::kLeft, true}, {"ms/step", Align::kRight}});
//   table.add_row({"data.fetch", "+21.3"});
//   out += table.render(terminal);
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/cli/terminal.hpp"

namespace stepscope::analysis::cli {

enum class Align { kLeft, kRight };

// What a column does when the terminal is too narrow.
enum class Fit {
  kKeep,
  kShorten,  // cells are cut
  kWrap,     // only for the last column: cells go on in the next line
};

struct TableColumn {
  std::string title;
  Align align = Align::kLeft;
  Fit fit = Fit::kKeep;
};

struct Cell {
  // NOLINTNEXTLINE(google-explicit-constructor): reads as text
  Cell(std::string cell_text, Style cell_style = Style::kPlain)
      : text(std::move(cell_text)), style(cell_style) {}
  Cell(const char* cell_text) : text(cell_text) {}  // NOLINT(google-explicit-constructor)

  std::string text;
  Style style = Style::kPlain;
};

class TextTable {
 public:
  explicit TextTable(std::vector<TableColumn> columns);

  // One cell per column.
  void add_row(std::vector<Cell> cells);
  // A line across the table: what follows is the sum of what stands above.
  void add_rule();
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] size_t size() const { return rows_.size(); }  // rules count as rows

  // Lines of two spaces, cells two spaces apart, no trailing blanks. Column titles are left out when all are empty.
  [[nodiscard]] std::string render(const Terminal& terminal) const;

 private:
  using Row = std::vector<Cell>;  // no cell = a rule

  [[nodiscard]] std::vector<size_t> fit(size_t width) const;
  [[nodiscard]] std::vector<std::string> lines_of_last(const Row& row, size_t width) const;

  std::vector<TableColumn> columns_;
  std::vector<Row> rows_;
};

}  // namespace stepscope::analysis::cli
