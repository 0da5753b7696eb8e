// SPDX-License-Identifier: Apache-2.0
//
// ParquetFile: writes a table as a Parquet file, row group by row group.
//
// Columns are REQUIRED: INT64 (signed or unsigned), DOUBLE, or BYTE_ARRAY with the logical type STRING. A column chunk is one
// page, uncompressed, as a dictionary and indexes where that is smaller; integers have minimum and maximum, so that readers
// skip row groups. Memory: one row group. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analyzer/export/byte_sink.hpp"
#include "analyzer/export/table.hpp"

namespace stepscope::analysis::exporting {

class ThriftCompact;

class ParquetFile {
 public:
  // Both must outlive it.
  ParquetFile(const Table& table, ByteSink& out);

  // One vector of cells per column of the table, all of the same length, not empty.
  void add_row_group(std::span<const std::vector<int64_t>> columns);
  // Metadata and footer; nothing may follow.
  void finish();

  [[nodiscard]] uint64_t rows() const { return rows_; }

 private:
  struct Chunk {
    uint64_t dictionary_at = 0;  // 0: there is none
    uint64_t data_at = 0;
    uint64_t bytes = 0;
    int64_t least = 0;
    int64_t greatest = 0;
  };
  struct RowGroup {
    uint64_t rows = 0;
    std::vector<Chunk> chunks;
  };

  [[nodiscard]] Chunk add_chunk(const TableColumn& column, std::span<const int64_t> cells);
  [[nodiscard]] bool build_dictionary(const TableColumn& column, std::span<const int64_t> cells);
  void append_page(bool dictionary, size_t values, bool indexes);
  void append_schema(ThriftCompact& meta) const;
  void append_row_group(ThriftCompact& meta, const RowGroup& group) const;
  void append_chunk(ThriftCompact& meta, const TableColumn& column, const Chunk& chunk, uint64_t rows) const;

  const Table& table_;
  ByteSink& out_;
  uint64_t rows_ = 0;
  std::vector<RowGroup> groups_;
  // Of the chunk being written:
  std::string page_;
  std::string dictionary_;
  size_t entries_ = 0;
  std::vector<uint32_t> indexes_;
};

}  // namespace stepscope::analysis::exporting
