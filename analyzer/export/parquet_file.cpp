// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/parquet_file.hpp"

#include <algorithm>
#include <unordered_map>

#include "analyzer/export/parquet_values.hpp"
#include "analyzer/export/text.hpp"
#include "analyzer/export/thrift_compact.hpp"

namespace stepscope::analysis::exporting {
namespace {

using Element = ThriftCompact::Element;

constexpr std::string_view kMagic = "PAR1";
constexpr size_t kMaxNumbers = 16384;  // distinct numbers in a dictionary; texts are always in one

// Numbers of parquet.thrift.
constexpr int32_t kFormatVersion = 2;
constexpr int32_t kTypeInt64 = 2, kTypeDouble = 5, kTypeByteArray = 6;
constexpr int32_t kRequired = 0;
constexpr int32_t kConvertedUtf8 = 0, kConvertedUint64 = 14;
constexpr int16_t kLogicalString = 1, kLogicalInteger = 10;
constexpr int32_t kPlain = 0, kRle = 3, kRleDictionary = 8;
constexpr int32_t kUncompressed = 0;
constexpr int32_t kDataPage = 0, kDictionaryPage = 2;

int32_t physical_type(CellType type) {
  return type == CellType::kText ? kTypeByteArray : type == CellType::kReal ? kTypeDouble : kTypeInt64;
}

bool has_order(CellType type) {
  return type == CellType::kInt || type == CellType::kUint;
}

bool less(CellType type, int64_t a, int64_t b) {
  return type == CellType::kUint ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}

}  // namespace

ParquetFile::ParquetFile(const Table& table, ByteSink& out) : table_(table), out_(out) {
  out_.buffer() += kMagic;
}

void ParquetFile::add_row_group(std::span<const std::vector<int64_t>> columns) {
  RowGroup group;
  group.rows = columns.front().size();
  for (size_t c = 0; c < columns.size(); ++c) {
    group.chunks.push_back(add_chunk(table_.columns()[c], columns[c]));
  }
  rows_ += group.rows;
  groups_.push_back(std::move(group));
}

ParquetFile::Chunk ParquetFile::add_chunk(const TableColumn& column, std::span<const int64_t> cells) {
  Chunk chunk;
  const uint64_t begin = out_.position();
  const bool indexed = build_dictionary(column, cells);
  if (indexed) {
    chunk.dictionary_at = begin;
    page_ = dictionary_;
    append_page(true, entries_, false);
    page_.clear();
    append_dictionary_indexes(page_, indexes_, entries_);
  } else {
    page_.clear();
    for (const int64_t cell : cells) {
      append_plain(page_, cell);
    }
  }
  chunk.data_at = out_.position();
  append_page(false, cells.size(), indexed);
  chunk.bytes = out_.position() - begin;
  if (has_order(column.type)) {
    const auto [least, greatest] = std::minmax_element(
        cells.begin(), cells.end(), [&](int64_t a, int64_t b) { return less(column.type, a, b); });
    chunk.least = *least;
    chunk.greatest = *greatest;
  }
  out_.spill();
  return chunk;
}

// False: there are too many distinct numbers. Fills dictionary_, entries_ and indexes_.
bool ParquetFile::build_dictionary(const TableColumn& column, std::span<const int64_t> cells) {
  std::unordered_map<int64_t, uint32_t> index_of;
  std::unordered_map<std::string_view, uint32_t> index_of_text;  // several ids may have the same text
  std::string text;
  dictionary_.clear();
  entries_ = 0;
  indexes_.clear();
  indexes_.reserve(cells.size());
  for (const int64_t cell : cells) {
    const auto [found, fresh] = index_of.try_emplace(cell, static_cast<uint32_t>(entries_));
    if (fresh && column.type == CellType::kText) {
      const std::string_view name = table_.text(cell);
      const auto [same, added] = index_of_text.try_emplace(name, static_cast<uint32_t>(entries_));
      found->second = same->second;
      if (added) {
        text.clear();
        append_utf8(text, name);
        append_plain(dictionary_, text);
        ++entries_;
      }
    } else if (fresh) {
      if (entries_ == kMaxNumbers) {
        return false;
      }
      append_plain(dictionary_, cell);
      ++entries_;
    }
    indexes_.push_back(found->second);
  }
  return true;
}

// The page in page_, with its header.
void ParquetFile::append_page(bool dictionary, size_t values, bool indexes) {
  ThriftCompact header(out_.buffer());
  header.i32(1, dictionary ? kDictionaryPage : kDataPage);
  header.i32(2, static_cast<int32_t>(page_.size()));
  header.i32(3, static_cast<int32_t>(page_.size()));
  header.begin_struct(dictionary ? 7 : 5);
  header.i32(1, static_cast<int32_t>(values));
  header.i32(2, indexes ? kRleDictionary : kPlain);
  if (!dictionary) {
    header.i32(3, kRle);  // of levels, which required columns do not have
    header.i32(4, kRle);
  }
  header.end_struct();
  header.end_struct();
  out_.buffer() += page_;
}

void ParquetFile::append_schema(ThriftCompact& meta) const {
  const std::vector<TableColumn>& columns = table_.columns();
  meta.begin_list(2, Element::kStruct, columns.size() + 1);
  meta.begin_element();
  meta.binary(4, "schema");
  meta.i32(5, static_cast<int32_t>(columns.size()));
  meta.end_struct();
  for (const TableColumn& column : columns) {
    meta.begin_element();
    meta.i32(1, physical_type(column.type));
    meta.i32(3, kRequired);
    meta.binary(4, column.name);
    if (column.type == CellType::kText) {
      meta.i32(6, kConvertedUtf8);
      meta.begin_struct(10);
      meta.begin_struct(kLogicalString);
      meta.end_struct();
      meta.end_struct();
    } else if (column.type == CellType::kUint) {
      meta.i32(6, kConvertedUint64);
      meta.begin_struct(10);
      meta.begin_struct(kLogicalInteger);
      meta.i8(1, 64);
      meta.boolean(2, false);
      meta.end_struct();
      meta.end_struct();
    }
    meta.end_struct();
  }
}

void ParquetFile::append_chunk(ThriftCompact& meta, const TableColumn& column, const Chunk& chunk,
                               uint64_t rows) const {
  meta.begin_element();
  meta.i64(2, 0);
  meta.begin_struct(3);
  meta.i32(1, physical_type(column.type));
  const bool indexed = chunk.dictionary_at != 0;
  meta.begin_list(2, Element::kI32, indexed ? 3 : 2);
  meta.element_i32(kPlain);
  meta.element_i32(kRle);
  if (indexed) {
    meta.element_i32(kRleDictionary);
  }
  meta.begin_list(3, Element::kBinary, 1);
  meta.element_binary(column.name);
  meta.i32(4, kUncompressed);
  meta.i64(5, static_cast<int64_t>(rows));
  meta.i64(6, static_cast<int64_t>(chunk.bytes));
  meta.i64(7, static_cast<int64_t>(chunk.bytes));
  meta.i64(9, static_cast<int64_t>(chunk.data_at));
  if (indexed) {
    meta.i64(11, static_cast<int64_t>(chunk.dictionary_at));
  }
  if (has_order(column.type)) {
    std::string least;
    std::string greatest;
    append_plain(least, chunk.least);
    append_plain(greatest, chunk.greatest);
    meta.begin_struct(12);
    meta.i64(3, 0);  // no nulls
    meta.binary(5, greatest);
    meta.binary(6, least);
    meta.end_struct();
  }
  meta.end_struct();
  meta.end_struct();
}

void ParquetFile::append_row_group(ThriftCompact& meta, const RowGroup& group) const {
  uint64_t bytes = 0;
  for (const Chunk& chunk : group.chunks) {
    bytes += chunk.bytes;
  }
  meta.begin_element();
  meta.begin_list(1, Element::kStruct, group.chunks.size());
  for (size_t c = 0; c < group.chunks.size(); ++c) {
    append_chunk(meta, table_.columns()[c], group.chunks[c], group.rows);
  }
  meta.i64(2, static_cast<int64_t>(bytes));
  meta.i64(3, static_cast<int64_t>(group.rows));
  meta.i64(6, static_cast<int64_t>(bytes));
  meta.end_struct();
}

void ParquetFile::finish() {
  std::string& out = out_.buffer();
  const uint64_t begin = out_.position();
  ThriftCompact meta(out);
  meta.i32(1, kFormatVersion);
  append_schema(meta);
  meta.i64(3, static_cast<int64_t>(rows_));
  meta.begin_list(4, Element::kStruct, groups_.size());
  for (const RowGroup& group : groups_) {
    append_row_group(meta, group);
  }
  meta.binary(6, "stepscope");
  meta.begin_list(7, Element::kStruct, table_.columns().size());
  for (size_t c = 0; c < table_.columns().size(); ++c) {
    meta.begin_element();  // ColumnOrder: the order of the type
    meta.begin_struct(1);
    meta.end_struct();
    meta.end_struct();
  }
  meta.end_struct();
  const auto length = static_cast<uint32_t>(out_.position() - begin);
  for (unsigned bit = 0; bit < 32; bit += 8) {
    out += static_cast<char>(length >> bit & 0xFFU);
  }
  out += kMagic;
}

}  // namespace stepscope::analysis::exporting
