// SPDX-License-Identifier: Apache-2.0
//
// Area: what runs inside the selected area, per name, of both runs. Busy time is a union: nothing counts twice.
#include <algorithm>
#include <map>
#include <string>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class AreaView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (!state.selection.area) {
      ui::text_wrapped(colors.text_dim, "Drag over the timeline to see what runs there, name by name.");
      return;
    }
    for (const Side side : {Side::kA, Side::kB}) {
      if (const auto& stats = state.area[index_of(side)]) {
        const Color color = side == Side::kA ? colors.run_a : colors.run_b;
        if (state.two_runs()) {
          ui::text(color, side == Side::kA ? "A" : "B");
          ImGui::SameLine(0, 8 * area.unit);
        }
        const double room = static_cast<double>(stats->length_ns) * static_cast<double>(stats->lanes);
        const double busy = static_cast<double>(stats->union_ns);
        ui::text(colors.text, format_duration(static_cast<double>(stats->length_ns)) + ", " +
                                  std::to_string(stats->lanes) +
                                  (stats->lanes == 1 ? " lane, " : " lanes, ") +
                                  format_percent(room > 0 ? busy / room : 0) + " busy");
      }
    }
    for (const Side side : {Side::kA, Side::kB}) {
      if (state.area[index_of(side)]) {
        draw_names(state, side, area.unit);
      }
    }
  }

 private:
  static void draw_names(const AppState& state, Side side, float unit) {
    constexpr size_t kRows = 200;
    const Palette& colors = state.colors();
    const RunModel& run = *state.run(side);
    const AreaStats& stats = *state.area[index_of(side)];
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerH |
                                       ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_PadOuterX;
    if (!ImGui::BeginTable(side == Side::kA ? "area_a" : "area_b", 5, kFlags)) {
      return;
    }
    const std::string title = state.two_runs() ? side == Side::kA ? "name in A" : "name in B" : "name";
    ImGui::TableSetupColumn(title.c_str(), ImGuiTableColumnFlags_WidthStretch);
    for (const char* heading : {"count", "self ms", "total ms", "longest"}) {
      ImGui::TableSetupColumn(heading, ImGuiTableColumnFlags_WidthFixed, 66 * unit);
    }
    ImGui::TableHeadersRow();
    for (size_t i = 0; i < std::min(kRows, stats.names.size()); ++i) {
      const NameStat& stat = stats.names[i];
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      ui::swatch(category_color(run.names[stat.name].category, state.theme));
      ui::text(colors.text, run.names[stat.name].text);
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, format_count(stat.count));
      ImGui::TableNextColumn();
      ui::text_right(colors.text, format_ms(static_cast<double>(stat.self_ns)));
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, format_ms(static_cast<double>(stat.total_ns)));
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, format_duration(static_cast<double>(stat.max_ns)));
    }
    ImGui::EndTable();
  }
};

}  // namespace

std::unique_ptr<View> make_area_view() {
  return std::make_unique<AreaView>();
}

}  // namespace stepscope::viewer
