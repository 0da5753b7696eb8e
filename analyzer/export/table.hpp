// SPDX-License-Identifier: Apache-2.0
//
// Table: what exporters of rows write: the step ledger, or the events of one kind with names resolved.
//
// Every table begins with process (name of the recording), process_rank and pid; a kind's with lane (its name) too. What
// follows are the kind's own columns (docs/FORMAT.md), times on the run's timeline. One thread. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/export/exporter.hpp"

namespace stepscope::analysis::exporting {

enum class CellType : uint8_t { kInt, kUint, kReal, kText };

struct TableColumn {
  std::string name;
  CellType type = CellType::kInt;
};

// Rows, column by column; all columns have the same length. A cell is 64 bits: a number, the bits of a double, or an id for
// Table::text(). Valid during the visit only.
struct TableBatch {
  size_t rows = 0;
  std::span<const std::span<const int64_t>> columns;
};

using BatchVisitor = std::function<Status(const TableBatch&)>;  // an error ends the scan and is returned

class Table {
 public:
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  virtual ~Table() = default;

  [[nodiscard]] const std::vector<TableColumn>& columns() const { return columns_; }
  // The text of a cell of type kText. Equal texts may have different ids.
  [[nodiscard]] std::string_view text(int64_t id) const;
  // All rows, at most 65536 at a time, in an order that does not change.
  [[nodiscard]] virtual Status scan(const BatchVisitor& visit) = 0;

 protected:
  explicit Table(const ExportJob& job) : job_(job) {}
  // An id for a text that is none of the run's names.
  [[nodiscard]] int64_t add_text(std::string_view text);

  const ExportJob& job_;
  std::vector<TableColumn> columns_;

 private:
  std::vector<std::string> own_texts_;
};

// "step_ledger", then the event kinds under the names they have in SQL.
[[nodiscard]] std::vector<std::string> table_names();

// job.table must be one of them; the job must outlive the table. Errors: kUnreadable.
[[nodiscard]] Result<std::unique_ptr<Table>> make_table(const ExportJob& job);

// One row per step and leaf that has time in it: step, number, class, begin_ns, end_ns, leaf, exclusive_ns.
[[nodiscard]] Result<std::unique_ptr<Table>> make_ledger_table(const ExportJob& job);

}  // namespace stepscope::analysis::exporting
