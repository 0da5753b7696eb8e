// SPDX-License-Identifier: Apache-2.0
//
// Area: what runs inside the selected area, per name, of both runs. Busy time is a union: nothing counts twice. A click lights a name
// up everywhere, a double-click shows how long it takes.
#include <algorithm>
#include <array>
#include <string>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/area_table.hpp"
#include "viewer/model/format.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/table_sort.hpp"
#include "viewer/tables.hpp"
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
    if (state.area_pending()) {
      ui::text(colors.text_dim, "...");
      return;
    }
    for (const Side side : {Side::kA, Side::kB}) {
      draw_sum(state, side, area.unit);
    }
    refresh(state);
    if (!table_.rows.empty()) {
      draw_names(state, area.unit);
    }
  }

 private:
  // What the table was made of.
  struct Made {
    std::array<const RunModel*, 2> runs{};
    std::array<int64_t, 2> union_ns{};
    double begin_ns = 0;
    double end_ns = 0;
    size_t tracks = 0;
    friend bool operator==(const Made&, const Made&) = default;
  };

  void refresh(const AppState& state) {
    Made now{{state.run(Side::kA), state.run(Side::kB)},
             {},
             state.selection.area->display.begin_ns,
             state.selection.area->display.end_ns,
             state.selection.area->tracks.size()};
    std::array<const AreaStats*, 2> stats{};
    for (size_t s = 0; s < 2; ++s) {
      stats[s] = state.area[s] ? &*state.area[s] : nullptr;
      now.union_ns[s] = stats[s] != nullptr ? stats[s]->union_ns : -1;
    }
    if (!(now == made_)) {
      made_ = now;
      table_ = make_area_table(now.runs, stats);
      sort_ = true;
    }
  }

  static void draw_sum(const AppState& state, Side side, float unit) {
    const auto& stats = state.area[index_of(side)];
    if (!stats) {
      return;
    }
    const Palette& colors = state.colors();
    if (state.two_runs()) {
      ui::text(side == Side::kA ? colors.run_a : colors.run_b, side == Side::kA ? "A" : "B");
      ImGui::SameLine(0, 8 * unit);
    }
    const double room = static_cast<double>(stats->length_ns) * static_cast<double>(stats->lanes);
    const double busy = static_cast<double>(stats->union_ns);
    ui::text(colors.text, format_duration(static_cast<double>(stats->length_ns)) + ", " +
                              std::to_string(stats->lanes) + (stats->lanes == 1 ? " lane, " : " lanes, ") +
                              format_percent(room > 0 ? busy / room : 0) + " busy");
  }

  void draw_names(AppState& state, float unit) {
    const Palette& colors = state.colors();
    if (ImGui::SmallButton("copy as CSV")) {
      ImGui::SetClipboardText(to_csv(area_table(state)).c_str());
    }
    const bool both = table_.comparison;
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerH |
                                       ImGuiTableFlags_Sortable | ImGuiTableFlags_ScrollY |
                                       ImGuiTableFlags_SizingFixedFit;
    if (!ImGui::BeginTable(both ? "area_both" : "area_one", both ? 7 : 5, kFlags,
                           ImGui::GetContentRegionAvail())) {
      return;
    }
    set_up_columns(both, unit);
    sort_if_asked(state, both);
    if (cursor_.take(state, table_.rows.size())) {
      state.highlight(table_.rows[*cursor_.at()].name);
      state.open_tab(Tab::kHistogram);
    }
    show_row(cursor_);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(table_.rows.size()));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_row(state, colors, table_.rows[static_cast<size_t>(i)], i);
      }
    }
    ImGui::EndTable();
  }

  static void set_up_columns(bool both, float unit) {
    const auto column = [&](const char* title, AreaOrder order, float width,
                            ImGuiTableColumnFlags flags = 0) {
      ImGui::TableSetupColumn(
          title, ImGuiTableColumnFlags_WidthFixed | ImGuiTableColumnFlags_PreferSortDescending | flags,
          width * unit, static_cast<ImGuiID>(order));
    };
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("name", ImGuiTableColumnFlags_WidthStretch, 1,
                            static_cast<ImGuiID>(AreaOrder::kName));
    if (both) {
      column("A n", AreaOrder::kCountA, 46);
      column("B n", AreaOrder::kCountB, 46);
      column("A self", AreaOrder::kSelfA, 58);
      column("B self", AreaOrder::kSelfB, 58);
      column("change, ms", AreaOrder::kDelta, 92, ImGuiTableColumnFlags_DefaultSort);
    } else {
      column("count", AreaOrder::kCountA, 66);
      column("self ms", AreaOrder::kSelfA, 66, ImGuiTableColumnFlags_DefaultSort);
      column("total ms", AreaOrder::kTotal, 66);
    }
    column("longest", AreaOrder::kLongest, 70);
    ImGui::TableHeadersRow();
  }

  void sort_if_asked(AppState& state, bool both) {
    const bool changed = arrow_.sync(state.view_options.area);
    if (!changed && !sort_) {
      return;
    }
    AreaOrder order = state.view_options.area.order;
    if (!both && made_.union_ns[0] < 0) {  // B alone
      order = order == AreaOrder::kCountA  ? AreaOrder::kCountB
              : order == AreaOrder::kSelfA ? AreaOrder::kSelfB
                                           : order;
    }
    table_.sort(order, state.view_options.area.descending);
    sort_ = false;
  }

  void draw_row(AppState& state, const Palette& colors, const AreaRow& row, int id) const {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushID(id);
    const bool clicked = ImGui::Selectable(
        "##name", cursor_.on(static_cast<size_t>(id)) || state.selection.names.contains(row.name),
        ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowDoubleClick);
    ImGui::PopID();
    if (clicked) {
      state.highlight(row.name);
      if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        state.open_tab(Tab::kHistogram);
      }
    }
    ImGui::SameLine(0, 0);
    ui::swatch(category_color(row.category, state.theme));
    const bool beside = !state.selection.names.empty() && !state.selection.names.contains(row.name);
    ui::text(beside ? colors.text_dim : colors.text, std::string_view(row.name).substr(0, kLongestText));
    const NameStat& a = row.stat[0];
    const NameStat& b = row.stat[1];
    const auto number = [&](Color color, const std::string& text) {
      ImGui::TableNextColumn();
      ui::text_right(color, text);
    };
    if (table_.comparison) {
      number(colors.text_dim, format_count(a.count));
      number(colors.text_dim, format_count(b.count));
      number(colors.text, format_ms(static_cast<double>(a.self_ns)));
      number(colors.text, format_ms(static_cast<double>(b.self_ns)));
      const int64_t delta = row.delta_ns();
      number(delta > 0   ? colors.more
             : delta < 0 ? colors.less
                         : colors.text_dim,
             format_delta_ms(static_cast<double>(delta)));
    } else {
      const NameStat& one = made_.union_ns[0] >= 0 ? a : b;
      number(colors.text_dim, format_count(one.count));
      number(colors.text, format_ms(static_cast<double>(one.self_ns)));
      number(colors.text_dim, format_ms(static_cast<double>(one.total_ns)));
    }
    number(colors.text_dim, format_duration(static_cast<double>(std::max(a.max_ns, b.max_ns))));
  }

  static constexpr size_t kLongestText = 512;  // drawn of a name that can have 10 kB
  AreaTable table_;
  Made made_;
  TableSort arrow_;
  RowCursor cursor_;
  bool sort_ = false;  // the table was made anew
};

}  // namespace

std::unique_ptr<View> make_area_view() {
  return std::make_unique<AreaView>();
}

}  // namespace stepscope::viewer
