// SPDX-License-Identifier: Apache-2.0
//
// The exporter of Parquet: a table in row groups of at most 131072 rows, which is what analytical readers like to take at a
// time and what is held in memory.
#include <algorithm>

#include "analyzer/export/exporter.hpp"
#include "analyzer/export/parquet_file.hpp"
#include "analyzer/export/table.hpp"

namespace stepscope::analysis::exporting {
namespace {

constexpr size_t kRowGroupRows = 131072;

class RowGroups {
 public:
  RowGroups(ParquetFile& file, size_t columns) : file_(file), cells_(columns) {}

  void add(const TableBatch& batch) {
    for (size_t done = 0; done < batch.rows;) {
      const size_t rows = std::min(batch.rows - done, kRowGroupRows - cells_[0].size());
      for (size_t c = 0; c < cells_.size(); ++c) {
        const auto part = batch.columns[c].subspan(done, rows);
        cells_[c].insert(cells_[c].end(), part.begin(), part.end());
      }
      done += rows;
      if (cells_[0].size() == kRowGroupRows) {
        flush();
      }
    }
  }

  void flush() {
    if (!cells_[0].empty()) {
      file_.add_row_group(cells_);
    }
    for (std::vector<int64_t>& cells : cells_) {
      cells.clear();
    }
  }

 private:
  ParquetFile& file_;
  std::vector<std::vector<int64_t>> cells_;
};

}  // namespace

Result<uint64_t> write_parquet(const ExportJob& job, ByteSink& out) {
  Result<std::unique_ptr<Table>> made = make_table(job);
  if (!made.ok()) {
    return made.status();
  }
  Table& table = *made.value();
  ParquetFile file(table, out);
  RowGroups groups(file, table.columns().size());
  Status status = table.scan([&](const TableBatch& batch) {
    groups.add(batch);
    return out.status();
  });
  if (!status.ok()) {
    return status;
  }
  groups.flush();
  file.finish();
  return file.rows();
}

}  // namespace stepscope::analysis::exporting
