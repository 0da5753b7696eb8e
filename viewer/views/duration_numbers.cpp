// SPDX-License-Identifier: Apache-2.0
#include "viewer/views/duration_numbers.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <imgui.h>

#include "viewer/model/format.hpp"
#include "viewer/ui.hpp"

namespace stepscope::viewer {
namespace {

struct DurationNumber {
  const char* heading;
  double (*of)(const DurationStats& stats);
  bool is_count = false;
};
// In the order of what is looked at first: what finds no room is left out.
constexpr DurationNumber kDurationNumbers[] = {
    {"count", [](const DurationStats& s) { return static_cast<double>(s.count); }, true},
    {"mean", [](const DurationStats& s) { return s.mean_ns(); }},
    {"median", [](const DurationStats& s) { return static_cast<double>(s.median_ns); }},
    {"p99", [](const DurationStats& s) { return static_cast<double>(s.p99_ns); }},
    {"longest", [](const DurationStats& s) { return static_cast<double>(s.max_ns); }},
    {"total", [](const DurationStats& s) { return static_cast<double>(s.total_ns); }},
    {"shortest", [](const DurationStats& s) { return static_cast<double>(s.min_ns); }}};

void draw_change_of(const Palette& colors, const DurationNumber& number, const DurationReport& report) {
  const double before = number.of(report.stats[0]);
  const double change = before > 0 ? number.of(report.stats[1]) / before - 1 : 0;
  const Color ink = std::abs(change) < 0.005 ? colors.text_faint : change > 0 ? colors.more : colors.less;
  ui::text_right(ink, before > 0 ? format_signed_percent(change) : "-");
}

void draw_change(const Palette& colors, const DurationReport& report,
                 std::span<const DurationNumber> numbers) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  for (const DurationNumber& number : numbers) {
    ImGui::TableNextColumn();
    draw_change_of(colors, number, report);
  }
}

}  // namespace

Color run_color(const AppState& state, Side side) {
  const Palette& colors = state.colors();
  return state.two_runs() && side == Side::kA ? colors.run_a : colors.run_b;
}

void draw_duration_numbers(const AppState& state, const DurationReport& report, float unit) {
  const Palette& colors = state.colors();
  const float width = 64 * unit;
  const float label = 16 * unit;
  const float room = ImGui::GetContentRegionAvail().x - label;
  const auto shown = std::clamp<size_t>(static_cast<size_t>(std::max(0.0F, room / (width + 8 * unit))), 1,
                                        std::size(kDurationNumbers));
  const std::span<const DurationNumber> numbers(kDurationNumbers, shown);
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoPadOuterX;
  if (!ImGui::BeginTable("numbers", static_cast<int>(shown) + 1, kFlags)) {
    return;
  }
  ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, label);
  for (const DurationNumber& number : numbers) {
    ImGui::TableSetupColumn(number.heading, ImGuiTableColumnFlags_WidthFixed, width);
  }
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  for (const DurationNumber& number : numbers) {
    ImGui::TableNextColumn();
    ui::text_right(colors.text_faint, number.heading);
  }
  for (const Side side : {Side::kA, Side::kB}) {
    const DurationStats& stats = report.stats[index_of(side)];
    if (!state.shows(side)) {
      continue;
    }
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ui::text(run_color(state, side), !state.two_runs() ? "" : side == Side::kA ? "A" : "B");
    for (const DurationNumber& number : numbers) {
      ImGui::TableNextColumn();
      ui::text_right(colors.text, number.is_count    ? format_count(stats.count)
                                  : stats.count == 0 ? "-"
                                                     : format_duration(number.of(stats)));
    }
  }
  if (report.stats[0].count > 0 && report.stats[1].count > 0) {
    draw_change(colors, report, numbers);
  }
  ImGui::EndTable();
}

// The same beside a wide plot: a number a line, A and B and the change in columns.
void draw_duration_column(const AppState& state, const DurationReport& report, float unit) {
  const Palette& colors = state.colors();
  const bool both = report.stats[0].count > 0 && report.stats[1].count > 0;
  constexpr size_t kLines = 5;
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoPadOuterX;
  if (!ImGui::BeginTable("number column", both ? 4 : 2, kFlags)) {
    return;
  }
  ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, 52 * unit);
  for (int column = 0; column < (both ? 3 : 1); ++column) {
    ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, 52 * unit);
  }
  for (size_t i = 0; i < kLines; ++i) {
    const DurationNumber& number = kDurationNumbers[i];
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ui::text(colors.text_faint, number.heading);
    for (const Side side : {Side::kA, Side::kB}) {
      const DurationStats& stats = report.stats[index_of(side)];
      if (stats.count > 0) {
        ImGui::TableNextColumn();
        ui::text_right(run_color(state, side),
                       number.is_count ? format_count(stats.count) : format_duration(number.of(stats)));
      }
    }
    if (both) {
      ImGui::TableNextColumn();
      draw_change_of(colors, number, report);
    }
  }
  ImGui::EndTable();
}

}  // namespace stepscope::viewer
