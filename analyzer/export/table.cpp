// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/table.hpp"

#include <algorithm>
#include <map>

#include "trace/kinds.hpp"

namespace stepscope::analysis::exporting {
namespace {

constexpr std::string_view kLedgerTable = "step_ledger";
constexpr size_t kLeadingColumns = 4;

// SQL has a table `step` of another meaning.
std::string_view table_of_kind(const trace::KindInfo& kind) {
  return kind.id == Kind::kStep ? "step_event" : kind.name;
}

CellType cell_type(trace::ColumnType type) {
  switch (type) {
    case trace::ColumnType::kString:
      return CellType::kText;
    case trace::ColumnType::kReal:
      return CellType::kReal;
    case trace::ColumnType::kUint:
      return CellType::kUint;
    case trace::ColumnType::kTime:
    case trace::ColumnType::kDuration:
    case trace::ColumnType::kInt:
    case trace::ColumnType::kBytes:
      break;
  }
  return CellType::kInt;
}

class KindRows : public Table {
 public:
  KindRows(const ExportJob& job, const trace::KindInfo& kind) : Table(job), kind_(kind) {
    columns_ = {{"process", CellType::kText},
                {"process_rank", CellType::kInt},
                {"pid", CellType::kUint},
                {"lane", CellType::kText}};
    for (size_t c = 0; c < kind.column_count; ++c) {
      columns_.push_back({kind.columns[c].name, cell_type(kind.columns[c].type)});
    }
    cells_.resize(columns_.size());
    spans_.resize(columns_.size());
  }

  Status scan(const BatchVisitor& visit) override {
    for (const uint32_t process : job_.processes) {
      process_text_ = add_text(job_.run.processes()[process].base);
      lane_texts_.clear();
      trace::ScanFilter filter;
      filter.kind = kind_.id;
      Status status = job_.run.scan(process, filter, [&](const trace::SegmentView& view) {
        fill(process, view);
        job_.progress(view.rows);
        return visit({view.rows, spans_});
      });
      if (!status.ok()) {
        return status;
      }
    }
    return {};
  }

 private:
  void fill(uint32_t index, const trace::SegmentView& view) {
    const Process& process = job_.run.processes()[index];
    const int64_t leading[kLeadingColumns] = {process_text_, process.rank, process.pid,
                                              lane_text(index, view.lane)};
    for (size_t c = 0; c < kLeadingColumns; ++c) {
      cells_[c].assign(view.rows, leading[c]);
    }
    for (size_t c = 0; c < kind_.column_count; ++c) {
      std::vector<int64_t>& cells = cells_[kLeadingColumns + c];
      if (c < view.columns.size() && !view.columns[c].empty()) {
        cells.assign(view.columns[c].begin(), view.columns[c].end());
      } else {
        cells.assign(view.rows, 0);  // an older recording without the column
      }
      translate(index, c, cells);
    }
    std::copy(cells_.begin(), cells_.end(), spans_.begin());
  }

  // Names to the run's ids, times to the run's timeline. A time of 0 other than the start is one that is not known.
  void translate(uint32_t index, size_t column, std::vector<int64_t>& cells) const {
    const int64_t shift = job_.run.processes()[index].clock_shift_ns;
    const trace::ColumnType type = kind_.columns[column].type;
    for (int64_t& cell : cells) {
      if (type == trace::ColumnType::kString) {
        cell = job_.run.global_name(index, cell);
      } else if (type == trace::ColumnType::kTime && (column == 0 || cell != 0)) {
        cell += shift;
      }
    }
  }

  int64_t lane_text(uint32_t process, uint32_t trace_lane) {
    const auto [found, fresh] = lane_texts_.try_emplace(trace_lane, 0);
    if (fresh) {
      const uint32_t lane = job_.run.global_lane(process, trace_lane);
      found->second = lane == kNoLane ? 0 : add_text(job_.run.lanes()[lane].name);
    }
    return found->second;
  }

  const trace::KindInfo& kind_;
  int64_t process_text_ = 0;
  std::map<uint32_t, int64_t> lane_texts_;  // of the process being read
  std::vector<std::vector<int64_t>> cells_;
  std::vector<std::span<const int64_t>> spans_;
};

}  // namespace

std::string_view Table::text(int64_t id) const {
  const int64_t names = job_.run.name_count();
  if (id < names) {
    return job_.run.name(static_cast<uint32_t>(id));
  }
  return own_texts_[static_cast<size_t>(id - names)];
}

int64_t Table::add_text(std::string_view text) {
  own_texts_.emplace_back(text);
  return static_cast<int64_t>(job_.run.name_count() + own_texts_.size() - 1);
}

std::vector<std::string> table_names() {
  std::vector<std::string> names = {std::string(kLedgerTable)};
  for (const trace::KindInfo* kind = trace::kinds_begin(); kind != trace::kinds_end(); ++kind) {
    names.emplace_back(table_of_kind(*kind));
  }
  return names;
}

Result<std::unique_ptr<Table>> make_table(const ExportJob& job) {
  if (job.table == kLedgerTable) {
    return make_ledger_table(job);
  }
  const trace::KindInfo* kind =
      std::find_if(trace::kinds_begin(), trace::kinds_end(),
                   [&](const trace::KindInfo& one) { return table_of_kind(one) == job.table; });
  if (kind == trace::kinds_end()) {
    return Status(Code::kUsage, "there is no kind " + job.table);
  }
  return std::unique_ptr<Table>(std::make_unique<KindRows>(job, *kind));
}

}  // namespace stepscope::analysis::exporting
