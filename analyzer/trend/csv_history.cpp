// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "analyzer/csv_cells.hpp"
#include "analyzer/trend/history.hpp"

namespace stepscope::analysis {
namespace {

using CsvCells = std::vector<std::string>;

// Without the blanks that people put after a comma.
CsvCells trimmed_cells(const std::string& line, char delimiter) {
  CsvCells cells = split_csv_line(line, delimiter).cells;
  for (std::string& cell : cells) {
    cell = std::string(trimmed_cell(cell));
  }
  return cells;
}

Status bad_csv(const std::string& path, const std::string& cause, const std::string& remedy) {
  return Status(Code::kUnreadable, "cannot read '" + path + "': " + cause + "; " + remedy);
}

struct CsvColumns {
  size_t value = 0;
  std::optional<size_t> time;
  std::optional<size_t> commit;
};

std::optional<size_t> column_named(const CsvCells& header, const std::string& name) {
  const auto found = std::find(header.begin(), header.end(), name);
  return found == header.end() ? std::nullopt : std::optional(static_cast<size_t>(found - header.begin()));
}

Result<CsvColumns> choose_columns(const std::string& path, const CsvCells& header,
                                  const CsvHistoryOptions& options) {
  std::string all;
  for (const std::string& name : header) {
    all += (all.empty() ? "" : ", ") + name;
  }
  for (const std::string* wanted : {&options.value, &options.time, &options.commit}) {
    if (!wanted->empty() && !column_named(header, *wanted).has_value()) {
      return Status(Code::kUsage, "'" + path + "' has no column " + *wanted + "; it has " + all);
    }
  }
  CsvColumns out;
  out.time = column_named(header, options.time.empty() ? "time" : options.time);
  out.commit = column_named(header, options.commit.empty() ? "commit" : options.commit);
  if (!options.value.empty()) {
    out.value = *column_named(header, options.value);
    return out;
  }
  std::vector<size_t> left;
  for (size_t i = 0; i < header.size(); ++i) {
    if (i != out.time && i != out.commit) {
      left.push_back(i);
    }
  }
  if (left.size() != 1) {
    return Status(Code::kUsage, "'" + path + "' has the columns " + all + "; say which one with --metric");
  }
  out.value = left.front();
  return out;
}

std::string cell_at(const CsvCells& row, const std::optional<size_t>& column) {
  return column.has_value() && *column < row.size() ? row[*column] : std::string();
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value)
             ? std::optional(value)
             : std::nullopt;
}

}  // namespace

Result<History> history_of_csv(const std::string& path, const CsvHistoryOptions& options) {
  std::ifstream in(path);
  if (!in) {
    return bad_csv(path, std::strerror(errno), "check the path and your permissions");
  }
  History out;
  out.source = path;
  std::optional<CsvColumns> columns;
  char delimiter = ',';
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // spreadsheets begin their files with it
    if (number == 1 && line.starts_with(kByteOrderMark)) {
      line.erase(0, kByteOrderMark.size());
    }
    if (line.empty() || line == "\r" || line.front() == '#') {
      continue;
    }
    if (!columns.has_value()) {
      delimiter = line.find(';') != std::string::npos ? ';' : ',';
      const CsvCells header = trimmed_cells(line, delimiter);
      const Result<CsvColumns> chosen = choose_columns(path, header, options);
      if (!chosen.ok()) {
        return chosen.status();
      }
      columns = chosen.value();
      out.metric = header[columns->value];
      continue;
    }
    const CsvCells row = trimmed_cells(line, delimiter);
    const std::string text = cell_at(row, columns->value);
    if (text.empty()) {
      ++out.left_out;
      continue;
    }
    const std::optional<double> value = number_of(text);
    if (!value.has_value()) {
      return bad_csv(path, "line " + std::to_string(number) + ": '" + text + "' is no number",
                     "leave the cell empty where there is no value");
    }
    out.points.push_back({cell_at(row, columns->time), cell_at(row, columns->commit), "", *value});
  }
  if (in.bad() || !columns.has_value()) {
    return bad_csv(path, "there is no line that names columns", "begin it with one like time,commit,step_ns");
  }
  return out;
}

}  // namespace stepscope::analysis
