// SPDX-License-Identifier: Apache-2.0
#include "viewer/rank_reader.hpp"

#include <algorithm>
#include <map>

#include "viewer/model/format.hpp"

namespace stepscope::viewer {
namespace {

void add_waits(const analysis::RankLedger& ranks, const std::map<uint32_t, size_t>& row_of_process,
               const std::map<int64_t, size_t>& column_of, RankMatrix& matrix) {
  const auto steps = ranks.steps();
  for (size_t s = 0; s < steps.size(); ++s) {
    const auto column = column_of.find(steps[s].number);
    if (column == column_of.end()) {
      continue;
    }
    for (size_t r = 0; r < ranks.ranks(); ++r) {
      const auto row = row_of_process.find(ranks.processes[r]);
      if (row != row_of_process.end()) {
        const size_t at = matrix.at(row->second, column->second);
        matrix.ns[static_cast<size_t>(RankMetric::kWaited)][at] = static_cast<float>(ranks.waited(s)[r]);
        matrix.ns[static_cast<size_t>(RankMetric::kHeld)][at] = static_cast<float>(ranks.held(s)[r]);
      }
    }
  }
}

void add_skew(const analysis::RankLedger& ranks, RankMatrix& matrix) {
  for (const analysis::RankTransfer& transfer : ranks.transfers) {
    matrix.skew.push_back({transfer.op, transfer.members.size(), transfer.count, transfer.bytes,
                           transfer.arrival_ns, transfer.transfer_ns});
  }
  std::stable_sort(matrix.skew.begin(), matrix.skew.end(), [](const SkewRow& x, const SkewRow& y) {
    return x.arrival_ns * static_cast<double>(x.count) > y.arrival_ns * static_cast<double>(y.count);
  });
}

}  // namespace

RankMatrix rank_matrix(const analysis::Run& run, const RunModel& model, const analysis::Ledger& ledger,
                       const analysis::RankLedger& ranks) {
  RankMatrix matrix;
  // Where the steps of a process are looked at: the thread that drives them, or where that has nothing to draw its first lane.
  std::map<uint32_t, uint32_t> lane_of;   // of the analyzer's Run -> of the model
  std::map<uint32_t, uint32_t> first_of;  // process -> of the model
  for (uint32_t lane = 0; lane < model.lanes.size(); ++lane) {
    lane_of[model.lanes[lane].source_lane] = lane;
    first_of.emplace(model.lanes[lane].process, lane);
  }
  std::vector<const analysis::ProcessLedger*> rows;
  std::map<int64_t, size_t> column_of;
  for (const analysis::ProcessLedger& process : ledger.processes) {
    if (!process.steps.steps.empty()) {
      rows.push_back(&process);
    }
    for (const analysis::Step& step : process.steps.steps) {
      column_of[step.number] = 0;
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [&](const auto* x, const auto* y) {
    return run.processes()[x->steps.process].rank < run.processes()[y->steps.process].rank;
  });
  for (auto& [number, column] : column_of) {
    column = matrix.steps.size();
    matrix.steps.push_back(number);
  }
  std::map<uint32_t, size_t> row_of_process;
  for (const analysis::ProcessLedger* process : rows) {
    const analysis::Process& info = run.processes()[process->steps.process];
    row_of_process[process->steps.process] = matrix.ranks.size();
    RankRow row{info.rank, process->steps.process, RankRow().lane, info.host};
    if (const auto lane = lane_of.find(process->steps.lane); lane != lane_of.end()) {
      row.lane = lane->second;
    } else if (const auto first = first_of.find(process->steps.process); first != first_of.end()) {
      row.lane = first->second;
    }
    matrix.ranks.push_back(std::move(row));
  }
  matrix.resize();
  for (size_t r = 0; r < rows.size(); ++r) {
    for (const analysis::Step& step : rows[r]->steps.steps) {
      const size_t at = matrix.at(r, column_of[step.number]);
      matrix.begin_ns[at] = step.begin_ns;
      matrix.ns[static_cast<size_t>(RankMetric::kStep)][at] = static_cast<float>(step.duration_ns());
    }
  }
  matrix.waits_known = ranks.known;
  matrix.remark = ranks.why_not;
  if (ranks.known) {
    add_waits(ranks, row_of_process, column_of, matrix);
    add_skew(ranks, matrix);
    matrix.remark = format_count(ranks.collectives) + " collectives matched; clocks of the ranks agree to " +
                    format_duration(static_cast<double>(ranks.residual_ns));
  }
  return matrix;
}

}  // namespace stepscope::viewer
