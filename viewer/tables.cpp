// SPDX-License-Identifier: Apache-2.0
#include "viewer/tables.hpp"

#include <array>

#include <fmt/format.h>

#include "viewer/model/area_table.hpp"

namespace stepscope::viewer {
namespace {

std::string side_text(Side side) {
  return side == Side::kA ? "A" : "B";
}

}  // namespace

TableText steps_table(const AppState& state) {
  TableText table{{"step", "class", "a_ns"}, {}};
  if (state.two_runs()) {
    table.columns.insert(table.columns.end(), {"b_ns", "delta_ns"});
  }
  for (const StepBar& bar : state.strip.bars) {
    std::vector<std::string> row{std::to_string(bar.number), std::string(bar.class_name),
                                 std::to_string(bar.a_ns)};
    if (state.two_runs()) {
      row.insert(row.end(), {std::to_string(bar.b_ns), std::to_string(bar.b_ns - bar.a_ns)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

TableText terms_table(const AppState& state) {
  if (!state.table.comparison) {
    TableText table{{"term", "ns", "share"}, {}};
    for (const TermRow& term : state.table.terms) {
      table.rows.push_back({term.name, std::to_string(term.a_ns), fmt::format("{}", term.share)});
    }
    return table;
  }
  TableText table{{"term", "rank", "a_ns", "b_ns", "delta_ns", "share", "low_ns", "high_ns", "flagged"}, {}};
  for (const TermRow& term : state.table.terms) {
    table.rows.push_back({term.name, term.rank < 0 ? "" : std::to_string(term.rank),
                          std::to_string(term.a_ns), std::to_string(term.b_ns), std::to_string(term.delta_ns),
                          fmt::format("{}", term.share), fmt::format("{}", term.low_ns),
                          fmt::format("{}", term.high_ns), term.flagged ? "yes" : "no"});
  }
  return table;
}

TableText findings_table(const AppState& state) {
  TableText table{{"finding", "effect_ns", "confidence", "text", "advice"}, {}};
  for (const FindingRow& finding : state.table.findings) {
    table.rows.push_back(
        {finding.id, std::to_string(finding.effect_ns), finding.confidence, finding.text, finding.advice});
  }
  return table;
}

TableText details_table(const AppState& state) {
  TableText table{{"key", "value"}, {}};
  if (!state.selection.event) {
    return table;
  }
  const EventRef& ref = *state.selection.event;
  const EventRow& row = state.row_of(ref);
  table.rows.push_back({"name", state.name_of(ref).text});
  table.rows.push_back({"duration_ns", std::to_string(row.duration(ref.index))});
  table.rows.push_back(
      {"since_start_ns", std::to_string(row.start(ref.index) - state.run(ref.side)->begin_ns)});
  for (const auto& [key, value] : state.details) {
    table.rows.push_back({key, value});
  }
  return table;
}

TableText area_table(const AppState& state) {
  std::array<const RunModel*, 2> runs{};
  std::array<const AreaStats*, 2> stats{};
  for (const Side side : {Side::kA, Side::kB}) {
    if (const auto& of_side = state.area[index_of(side)]) {
      runs[index_of(side)] = state.run(side);
      stats[index_of(side)] = &*of_side;
    }
  }
  return area_as_text(make_area_table(runs, stats));
}

TableText movers_table(const AppState& state) {
  TableText table{
      {"by", "what", "how", "match", "a_ns", "b_ns", "delta_ns", "a_count", "b_count", "operator"}, {}};
  const auto count = [](double value) { return value < 0 ? std::string() : std::to_string(value); };
  for (const MoverTable& movers : state.movers) {
    for (const Mover& row : movers.movers) {
      table.rows.push_back({movers.by, row.label, row.how, row.tier, std::to_string(row.a_ns),
                            std::to_string(row.b_ns), std::to_string(row.delta_ns), count(row.count_a),
                            count(row.count_b), row.op});
    }
  }
  return table;
}

TableText recording_table(const AppState& state) {
  TableText table{{"run", "severity", "text"}, {}};
  for (const Side side : {Side::kA, Side::kB}) {
    if (const RunModel* run = state.run(side)) {
      for (const Note& note : run->notes) {
        table.rows.push_back({side_text(side), note.severity, note.text});
      }
    }
  }
  return table;
}

TableText marks_table(const AppState& state) {
  TableText table{{"run", "since_start_ns", "length_ns", "note"}, {}};
  for (const Mark& mark : state.marks) {
    if (const RunModel* run = state.run(mark.side)) {
      table.rows.push_back({side_text(mark.side), std::to_string(mark.begin_ns - run->begin_ns),
                            std::to_string(mark.end_ns - mark.begin_ns), mark.text});
    }
  }
  return table;
}

}  // namespace stepscope::viewer
