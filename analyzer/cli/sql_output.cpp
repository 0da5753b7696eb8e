// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/sql_output.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

std::string text_of(const SqlValue& value) {
  if (const int64_t* integer = std::get_if<int64_t>(&value)) {
    return std::to_string(*integer);
  }
  if (const double* real = std::get_if<double>(&value)) {
    return fmt::format("{}", *real);  // the shortest text that reads back as the same number
  }
  const std::string_view* text = std::get_if<std::string_view>(&value);
  return text == nullptr ? "" : std::string(*text);
}

class TableOutput : public SqlOutput {
 public:
  explicit TableOutput(const Terminal& terminal) : terminal_(terminal) {}

  void columns(std::span<const std::string> names) override {
    for (const std::string& name : names) {
      columns_.push_back({printable(name), Align::kRight});
    }
  }
  void row(std::span<const SqlValue> values) override {
    std::vector<Cell> cells;
    for (size_t c = 0; c < values.size(); ++c) {
      cells.emplace_back(text_of(values[c]));
      if (std::holds_alternative<std::string_view>(values[c])) {
        // Numbers line up at the right, unless text stands between them.
        columns_[c].align = Align::kLeft;
        columns_[c].fit = Fit::kShorten;
      }
    }
    rows_.push_back(std::move(cells));
  }
  void end() override {
    TextTable table(columns_);
    for (std::vector<Cell>& row : rows_) {
      table.add_row(std::move(row));
    }
    ready_ = columns_.empty() ? "" : table.render(terminal_);
  }

 private:
  Terminal terminal_;
  std::vector<TableColumn> columns_;
  std::vector<std::vector<Cell>> rows_;
};

class CsvOutput : public SqlOutput {
 public:
  void columns(std::span<const std::string> names) override { add_line(names); }
  void row(std::span<const SqlValue> values) override {
    std::vector<std::string> fields(values.size());
    std::transform(values.begin(), values.end(), fields.begin(), text_of);
    add_line(fields);
  }
  void end() override {}

 private:
  void add_line(std::span<const std::string> fields) {
    bool first = true;
    for (const std::string& field : fields) {
      ready_ += first ? "" : ",";
      first = false;
      ready_ += field.find_first_of(",\"\r\n") == std::string::npos ? field : quoted(field);
    }
    ready_ += "\r\n";
  }
  static std::string quoted(const std::string& field) {
    std::string result = "\"";
    for (const char c : field) {
      result += c == '"' ? std::string("\"\"") : std::string(1, c);
    }
    return result + "\"";
  }
};

class JsonOutput : public SqlOutput {
 public:
  void columns(std::span<const std::string> names) override {
    ready_ += fmt::format("{{\n  \"schema\": \"stepscope.sql/1\",\n  \"columns\": {},\n  \"rows\": [",
                          dump(std::vector<std::string>(names.begin(), names.end())));
  }
  void row(std::span<const SqlValue> values) override {
    ordered_json list = ordered_json::array();
    for (const SqlValue& value : values) {
      std::visit(
          [&](const auto& v) {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>) {
              list.push_back(nullptr);
            } else {
              list.push_back(v);
            }
          },
          value);
    }
    ready_ += fmt::format("{}\n    {}", rows_++ == 0 ? "" : ",", dump(list));
  }
  void end() override { ready_ += rows_ == 0 ? "]\n}\n" : "\n  ]\n}\n"; }

 private:
  static std::string dump(const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }
  size_t rows_ = 0;
};

}  // namespace

std::unique_ptr<SqlOutput> make_table_output(const Terminal& terminal) {
  return std::make_unique<TableOutput>(terminal);
}

std::unique_ptr<SqlOutput> make_csv_output() {
  return std::make_unique<CsvOutput>();
}

std::unique_ptr<SqlOutput> make_json_output() {
  return std::make_unique<JsonOutput>();
}

}  // namespace stepscope::analysis::cli
