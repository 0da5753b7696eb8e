// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/run_table.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "analyzer/csv_cells.hpp"
#include "analyzer/fleet/host_list.hpp"

namespace stepscope::analysis {
namespace {

using trace::Code;
using trace::Status;

constexpr std::string_view kHostAttribute = "host";
constexpr double kMostHours = 1e9;  // of one run; more is a mistake, and sums stay finite

// Which column is what; the others are attributes.
struct TableColumns {
  std::vector<std::string> names;
  std::map<std::string, size_t, std::less<>> at;
  std::vector<size_t> attributes;

  [[nodiscard]] std::string cell(const std::vector<std::string>& row, std::string_view name) const {
    const auto found = at.find(name);
    return found == at.end() ? "" : row[found->second];
  }
};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// Reads line after line and says of each error where it is.
class RunTableReader {
 public:
  explicit RunTableReader(std::string path) : path_(std::move(path)) { table_.source = path_; }

  Result<FleetTable> read();

 private:
  [[nodiscard]] Status wrong(const std::string& cause, const std::string& remedy) const {
    return {Code::kUnreadable,
            fmt::format("cannot read '{}': {}{}; {}", path_,
                        number_ == 0 ? "" : fmt::format("line {}: ", number_), cause, remedy)};
  }
  Status take_header(const std::string& line);
  Status take_row(const std::vector<std::string>& row);
  Status take_times(const std::vector<std::string>& row, FleetRun* run) const;

  std::string path_;
  size_t number_ = 0;  // of the line at hand; 0 = the file as a whole
  char delimiter_ = ',';
  TableColumns columns_;
  FleetTable table_;
  std::map<std::string, size_t> line_of_run_;
};

Status RunTableReader::take_header(const std::string& line) {
  delimiter_ = line.find(',') == std::string::npos && line.find(';') != std::string::npos ? ';' : ',';
  columns_.names = split_csv_line(line, delimiter_).cells;
  for (size_t i = 0; i < columns_.names.size(); ++i) {
    std::string& name = columns_.names[i];
    name = std::string(trimmed_cell(name));
    const std::string key = lower_case(name) == "hosts" ? std::string(kHostAttribute) : lower_case(name);
    if (name.empty()) {
      return wrong(fmt::format("column {} has no name", i + 1), "name every column in the first line");
    }
    if (!columns_.at.emplace(key, i).second) {
      return wrong(fmt::format("two columns are called {}", key), "keep one of them");
    }
    constexpr std::string_view kOthers[] = {"run", "outcome", "job", "started", "exposure"};
    if (std::find(std::begin(kOthers), std::end(kOthers), key) == std::end(kOthers)) {
      columns_.attributes.push_back(i);
      table_.attributes.push_back(key == kHostAttribute ? key : name);
    }
  }
  if (columns_.at.count("outcome") == 0) {
    return wrong("there is no column outcome",
                 "add one that says ok, failed or cancelled of each run; the columns are " +
                     fmt::format("{}", fmt::join(columns_.names, ", ")));
  }
  return {};
}

Status RunTableReader::take_times(const std::vector<std::string>& row, FleetRun* run) const {
  run->started = trimmed_cell(columns_.cell(row, "started"));
  constexpr std::string_view kForm = "dddd-dd-dd";
  bool date = run->started.size() >= kForm.size();
  for (size_t i = 0; date && i < kForm.size(); ++i) {
    date = kForm[i] == 'd' ? run->started[i] >= '0' && run->started[i] <= '9' : run->started[i] == '-';
  }
  if (!run->started.empty() && !date) {
    return wrong(fmt::format("started is '{}', which is no date", run->started),
                 "write it as 2026-11-27 or 2026-11-27T16:13, or leave it empty");
  }
  const std::string text(trimmed_cell(columns_.cell(row, "exposure")));
  if (text.empty()) {
    return {};
  }
  double hours = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hours);
  if (error != std::errc() || end != text.data() + text.size() || !(hours >= 0 && hours <= kMostHours)) {
    return wrong(fmt::format("exposure is '{}', which is no number of GPU hours", text),
                 "write a number of 0 or more, or leave it empty");
  }
  run->hours = hours;
  return {};
}

Status RunTableReader::take_row(const std::vector<std::string>& row) {
  if (row.size() != columns_.names.size()) {
    return wrong(
        fmt::format("it has {} cells, the first line names {} columns", row.size(), columns_.names.size()),
        "put cells that contain the separator in quotes");
  }
  FleetRun run;
  run.run = trimmed_cell(columns_.cell(row, "run"));
  run.run = run.run.empty() ? fmt::format("row {}", table_.runs.size() + 1) : run.run;
  if (const auto [seen, added] = line_of_run_.emplace(run.run, number_); !added) {
    return wrong(fmt::format("run {} stands in line {} already", run.run, seen->second),
                 "give every run one line, and attempts of one job the same job");
  }
  const std::string word(trimmed_cell(columns_.cell(row, "outcome")));
  const std::optional<RunOutcome> outcome = outcome_of(word);
  if (!outcome.has_value()) {
    return wrong(fmt::format("outcome is '{}'", word), "write ok, failed, slow or cancelled");
  }
  run.outcome = *outcome;
  run.job = trimmed_cell(columns_.cell(row, "job"));
  if (Status status = take_times(row, &run); !status.ok()) {
    return status;
  }
  table_.has_exposure = table_.has_exposure || run.hours.has_value();
  for (size_t i = 0; i < columns_.attributes.size(); ++i) {
    const std::string cell(trimmed_cell(row[columns_.attributes[i]]));
    if (table_.attributes[i] != kHostAttribute) {
      run.values.push_back(cell.empty() ? std::vector<std::string>() : std::vector{cell});
      continue;
    }
    std::optional<std::vector<std::string>> hosts = hosts_of(cell);
    if (!hosts.has_value()) {
      return wrong(fmt::format("hosts is '{}', which is no list of hosts", cell),
                   "separate them by ; or write ranges as h[1-4]");
    }
    run.values.push_back(std::move(*hosts));
  }
  table_.runs.push_back(std::move(run));
  return {};
}

Result<FleetTable> RunTableReader::read() {
  std::ifstream in(path_);
  if (!in) {
    return wrong(std::strerror(errno), "check the path and your permissions");
  }
  bool named = false;
  size_t line_number = 0;
  for (std::string line; std::getline(in, line);) {
    number_ = ++line_number;
    if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) {
      line.erase(0, 3);  // what spreadsheets put in front
    }
    if (line.empty() || line == "\r" || line.front() == '#') {
      continue;
    }
    if (line.find('\0') != std::string::npos) {
      return wrong("it is no text", "give a table of runs as CSV");
    }
    const CsvLine cells = split_csv_line(line, delimiter_);
    if (!cells.closed) {
      return wrong("a quote is not closed", "close it in the same line");
    }
    if (Status status = named ? take_row(cells.cells) : take_header(line); !status.ok()) {
      return status;
    }
    named = true;
  }
  number_ = 0;
  if (in.bad()) {
    return wrong("reading failed", "check the disk");
  }
  if (!named) {
    return wrong("there is no line that names columns", "begin it with one like run,outcome,hosts,image");
  }
  if (table_.runs.empty()) {
    return wrong("there is no run in it", "write one line per run below the names of the columns");
  }
  return std::move(table_);
}

}  // namespace

std::optional<RunOutcome> outcome_of(std::string_view word) {
  constexpr std::pair<std::string_view, RunOutcome> kWords[] = {{"", RunOutcome::kUnknown},
                                                                {"running", RunOutcome::kUnknown},
                                                                {"pending", RunOutcome::kUnknown},
                                                                {"ok", RunOutcome::kOk},
                                                                {"completed", RunOutcome::kOk},
                                                                {"failed", RunOutcome::kFailed},
                                                                {"node_fail", RunOutcome::kFailed},
                                                                {"boot_fail", RunOutcome::kFailed},
                                                                {"slow", RunOutcome::kSlow},
                                                                {"out_of_memory", RunOutcome::kFailed},
                                                                {"cancelled", RunOutcome::kCancelled},
                                                                {"preempted", RunOutcome::kCancelled}};
  const std::string name = lower_case(std::string(word));
  if (name.starts_with("cancelled by ")) {
    return RunOutcome::kCancelled;
  }
  const auto* found = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&](const auto& entry) { return entry.first == name; });
  return found == std::end(kWords) ? std::nullopt : std::optional(found->second);
}

Result<FleetTable> read_run_table(const std::string& path) {
  return RunTableReader(path).read();
}

}  // namespace stepscope::analysis
