// SPDX-License-Identifier: Apache-2.0
//
// Inside of RecordingBuilder: what is in memory between create() and finish(). Private to this room.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trace/lane_merge.hpp"
#include "trace/output_file.hpp"
#include "trace/packed_segment.hpp"
#include "trace/recording_builder.hpp"
#include "trace/recording_tables.hpp"
#include "trace/schema.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {

// Rows of one kind and lane that are not in a segment yet.
struct PendingRows {
  const KindInfo* kind = nullptr;
  uint32_t lane = 0;
  std::array<std::vector<int64_t>, kMaxColumns> columns;

  [[nodiscard]] size_t rows() const { return columns[0].size(); }
};

// Names with a smaller id have their totals in an array, the others in a map: ids are dense, but may come from anywhere.
inline constexpr size_t kDenseNames = size_t{1} << 17;

// KindTotals of one kind by name.
struct KindTotals {
  std::vector<NameTotal> dense;
  std::map<uint32_t, NameTotal> sparse;

  NameTotal& of(uint32_t name) {
    if (name >= kDenseNames) {
      return sparse[name];
    }
    if (name >= dense.size()) {
      dense.resize(size_t{name} + 1);
    }
    return dense[name];
  }
};

struct RecordingBuilder::State {
  State(OutputFile file, Database db)
      : output(std::move(file)),
        database(std::move(db)),
        segment_row(std::in_place, database,
                    "INSERT INTO segment (id, kind, lane, first_ns, last_end_ns, rows, data)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)") {}

  [[nodiscard]] PendingRows& buffer(const KindInfo& kind, uint32_t lane);
  [[nodiscard]] Status make_room(size_t new_values);
  [[nodiscard]] Status flush(PendingRows& buffer);
  void sort_rows(PendingRows& buffer);
  void count_names(const PendingRows& buffer);
  [[nodiscard]] bool name_kernels_of_collectives();  // after collect_totals()
  [[nodiscard]] bool write_overviews();
  [[nodiscard]] bool write_overview(uint32_t lane, const std::vector<SegmentEntry>& segments);
  [[nodiscard]] bool write_strings();
  void collect_totals();
  [[nodiscard]] uint32_t label(const KindInfo& kind);
  [[nodiscard]] uint32_t intern(std::string_view text);
  [[nodiscard]] Status failure() const {
    return unwritable(output.path(), database.error(), "check free space of the directory");
  }

  OutputFile output;
  Database database;
  std::optional<Statement> segment_row;
  SegmentPacker packer;
  SegmentUnpacker unpacker;
  RecordingTables tables;
  std::map<std::pair<uint16_t, uint32_t>, PendingRows> buffers;
  PendingRows* last_buffer = nullptr;
  size_t pending_values = 0;
  std::vector<SegmentEntry> segments;
  std::deque<std::string> strings;  // stable addresses: string_ids points into it
  std::unordered_map<std::string_view, uint32_t> string_ids;
  std::map<uint16_t, KindTotals> totals;  // by kind
  std::vector<uint32_t> order;            // of sort_rows
  std::vector<int64_t> sorted;            // of sort_rows
};

}  // namespace stepscope::trace
