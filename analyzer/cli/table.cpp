// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/table.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <sstream>
#include <utility>

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kIndent = 2;
constexpr size_t kGap = 2;
constexpr size_t kNarrowest = 8;  // a column that gives way stops here

void trim_right(std::string& line) {
  while (!line.empty() && line.back() == ' ') {
    line.pop_back();
  }
}

std::string rule(const std::vector<size_t>& widths) {
  const size_t cells = std::accumulate(widths.begin(), widths.end(), size_t{0});
  return std::string(kIndent, ' ') + std::string(cells + kGap * (widths.size() - 1), '-') + "\n";
}

}  // namespace

TextTable::TextTable(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

void TextTable::add_row(std::vector<Cell> cells) {
  assert(cells.size() == columns_.size());
  for (Cell& cell : cells) {
    cell.text = printable(cell.text);
  }
  rows_.push_back(std::move(cells));
}

void TextTable::add_rule() {
  rows_.emplace_back();
}

std::vector<size_t> TextTable::fit(size_t width) const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    size_t widest = display_width(columns_[c].title);
    for (const Row& row : rows_) {
      widest = row.empty() ? widest : std::max(widest, display_width(row[c].text));
    }
    widths.push_back(widest);
  }
  size_t total = kIndent + kGap * (widths.size() - 1);
  for (const size_t w : widths) {
    total += w;
  }
  for (size_t c = 0; width != 0 && c < columns_.size() && total > width; ++c) {
    if (columns_[c].fit != Fit::kKeep && widths[c] > kNarrowest) {
      const size_t excess = std::min(total - width, widths[c] - kNarrowest);
      widths[c] -= excess;
      total -= excess;
    }
  }
  return widths;
}

std::vector<std::string> TextTable::lines_of_last(const Row& row, size_t width) const {
  std::vector<std::string> lines;
  if (columns_.back().fit != Fit::kWrap) {
    lines.push_back(row.back().text);
    return lines;
  }
  std::istringstream text(wrapped(row.back().text, width, 0));
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  if (lines.empty()) {
    lines.emplace_back();
  }
  return lines;
}

std::string TextTable::render(const Terminal& terminal) const {
  const std::vector<size_t> widths = fit(terminal.width);
  std::string out;
  const auto add_line = [&](const auto& text_of, const auto& style_of) {
    std::string line(kIndent, ' ');
    for (size_t c = 0; c < columns_.size(); ++c) {
      const std::string text = shortened(text_of(c), widths[c]);
      const std::string padding(widths[c] - display_width(text), ' ');
      const std::string shown = styled(text, style_of(c), terminal);
      line += columns_[c].align == Align::kRight ? padding + shown : shown + padding;
      line += c + 1 < columns_.size() ? std::string(kGap, ' ') : "";
    }
    trim_right(line);
    out += line + "\n";
  };

  const bool titled =
      std::any_of(columns_.begin(), columns_.end(), [](const TableColumn& c) { return !c.title.empty(); });
  if (titled) {
    add_line([&](size_t c) { return columns_[c].title; }, [](size_t) { return Style::kDim; });
  }
  for (const Row& row : rows_) {
    if (row.empty()) {
      out += rule(widths);
      continue;
    }
    std::vector<std::string> last = lines_of_last(row, widths.back());
    for (size_t line = 0; line < last.size(); ++line) {
      add_line(
          [&](size_t c) {
            const bool is_last = c + 1 == columns_.size();
            return is_last ? last[line] : line == 0 ? row[c].text : std::string();
          },
          [&](size_t c) { return row[c].style; });
    }
  }
  return out;
}

}  // namespace stepscope::analysis::cli
