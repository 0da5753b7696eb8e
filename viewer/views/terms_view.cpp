// SPDX-License-Identifier: Apache-2.0
//
// Terms: the change of the step as named terms that add up, or with one run where its step time goes. A row leads to
// the place in the timeline.
#include <algorithm>
#include <cmath>
#include <string>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/table_sort.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class TermsView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (!state.table_ready) {
      ui::text(colors.text_dim, state.load.active ? "waiting for the analysis ..." : "no analysis");
      return;
    }
    if (state.table.terms.empty()) {
      ui::text_wrapped(colors.text_dim, state.table.status);
      return;
    }
    const bool comparison = state.table.comparison;
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Sortable | ImGuiTableFlags_ScrollY |
                                       ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerH |
                                       ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_PadOuterX;
    if (!ImGui::BeginTable("terms", comparison ? 5 : 4, kFlags, ImGui::GetContentRegionAvail())) {
      return;
    }
    set_up_columns(comparison, area.unit);
    sort_if_asked(state);
    draw_sum(state, area.unit);
    for (const TermRow& term : state.table.terms) {
      draw_term(state, term, area.unit);
    }
    ImGui::EndTable();
  }

 private:
  static constexpr ImGuiID kBar = 100;  // by no order
  static ImGuiID id_of(TermOrder order) { return static_cast<ImGuiID>(order); }

  static void set_up_columns(bool comparison, float unit) {
    ImGui::TableSetupScrollFreeze(0, 2);
    ImGui::TableSetupColumn(comparison ? "cause" : "part of the step", ImGuiTableColumnFlags_WidthFixed,
                            185 * unit, id_of(TermOrder::kName));
    ImGui::TableSetupColumn(comparison ? "A ms/step" : "ms/step", ImGuiTableColumnFlags_PreferSortDescending,
                            92 * unit, id_of(TermOrder::kA));
    if (comparison) {
      ImGui::TableSetupColumn("B ms/step", ImGuiTableColumnFlags_PreferSortDescending, 92 * unit,
                              id_of(TermOrder::kB));
    }
    ImGui::TableSetupColumn(comparison ? "change, ms" : "share",
                            ImGuiTableColumnFlags_DefaultSort | ImGuiTableColumnFlags_PreferSortDescending,
                            92 * unit, id_of(TermOrder::kEffect));
    ImGui::TableSetupColumn(comparison ? "less  |  more" : "",
                            ImGuiTableColumnFlags_WidthStretch | ImGuiTableColumnFlags_NoSort, 1, kBar);
    ImGui::TableHeadersRow();
  }

  void sort_if_asked(AppState& state) {
    if (arrow_.sync(state.view_options.terms) || state.table_number != sorted_) {
      state.table.sort(state.view_options.terms.order, state.view_options.terms.descending);
      sorted_ = state.table_number;
    }
  }

  // The line that says that all terms together are the change.
  static void draw_sum(const AppState& state, float unit) {
    const Palette& colors = state.colors();
    const DiffTable& table = state.table;
    ImGui::TableNextRow();
    ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, to_im(colors.panel_alt));
    ImGui::TableNextColumn();
    ui::text(colors.text, table.comparison ? "mean train step" : "mean step");
    ImGui::TableNextColumn();
    ui::text_right(colors.text, format_ms(static_cast<double>(table.a_step_ns)));
    if (table.comparison) {
      ImGui::TableNextColumn();
      ui::text_right(colors.text, format_ms(static_cast<double>(table.b_step_ns)));
      ImGui::TableNextColumn();
      ui::text_right(change_color(colors, table.delta_ns),
                     format_delta_ms(static_cast<double>(table.delta_ns)));
    } else {
      ImGui::TableNextColumn();
      ui::text_right(colors.text, "100 %");
    }
    ImGui::TableNextColumn();
    const int64_t residual = table.residual_ns();
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 4 * unit);
    if (residual == 0) {
      ui::text(colors.text_faint, "sum of all rows: exact");
    } else {
      ui::text(colors.error, "rows miss " + format_duration(static_cast<double>(residual)));
    }
  }

  static Color change_color(const Palette& colors, int64_t delta_ns) {
    return delta_ns > 0 ? colors.more : delta_ns < 0 ? colors.less : colors.text_dim;
  }

  static void draw_term(AppState& state, const TermRow& term, float unit) {
    const Palette& colors = state.colors();
    const DiffTable& table = state.table;
    // Small terms stand back; the eye finds what matters.
    const bool small = table.comparison
                           ? !term.flagged
                           : static_cast<double>(term.a_ns) < 0.01 * static_cast<double>(table.a_step_ns);
    const Color ink = small ? colors.text_dim : colors.text;
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ui::swatch(category_color(term.category, state.theme));
    ImGui::PushStyleColor(ImGuiCol_Text, to_vec(ink));
    const std::string id = term.title() + "##" + term.name;
    const bool clicked = ImGui::Selectable(
        id.c_str(), false, ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowDoubleClick);
    ImGui::PopStyleColor();
    if (clicked && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left) && term.place) {
      state.go_to(*term.place);
    }
    if (ImGui::IsItemHovered()) {
      draw_tooltip(state, term);
    }
    ImGui::TableNextColumn();
    // Of a modelled term the change is known; its two sides are not times that were measured.
    const bool measured = !table.comparison || !term.modelled;
    ui::text_right(measured ? ink : colors.text_faint,
                   measured ? format_ms(static_cast<double>(term.a_ns)) : "~");
    if (table.comparison) {
      ImGui::TableNextColumn();
      ui::text_right(measured ? ink : colors.text_faint,
                     measured ? format_ms(static_cast<double>(term.b_ns)) : "~");
      ImGui::TableNextColumn();
      ui::text_right(small ? colors.text_dim : change_color(colors, term.delta_ns),
                     format_delta_ms(static_cast<double>(term.delta_ns)));
    } else {
      ImGui::TableNextColumn();
      ui::text_right(ink, format_percent(static_cast<double>(term.a_ns) /
                                         static_cast<double>(std::max<int64_t>(1, table.a_step_ns))));
    }
    ImGui::TableNextColumn();
    draw_bar(state, term, unit);
  }

  // Differences grow to both sides of the middle, parts of a step from the left.
  static void draw_bar(const AppState& state, const TermRow& term, float unit) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x - 8 * unit;
    const float height = ImGui::GetTextLineHeight() * 0.62F;
    const float y = at.y + (ImGui::GetTextLineHeight() - height) / 2 + 1;
    const auto value = static_cast<double>(state.table.comparison ? term.delta_ns : term.a_ns);
    const auto share = static_cast<float>(value / static_cast<double>(state.table.scale_ns()));
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Palette& colors = state.colors();
    if (state.table.comparison) {
      const float middle = std::floor(at.x + width * 0.3F);
      const float room = share < 0 ? width * 0.3F : width * 0.7F;
      const float end = middle + share * room;
      list.AddRectFilled(ImVec2(std::min(middle, end), y), ImVec2(std::max(middle, end), y + height),
                         to_im(share < 0 ? colors.less : colors.more));
      list.AddRectFilled(ImVec2(middle, at.y - 2), ImVec2(middle + 1, at.y + ImGui::GetTextLineHeight() + 2),
                         to_im(colors.grid_strong));
    } else {
      list.AddRectFilled(ImVec2(at.x, y), ImVec2(at.x + share * width, y + height),
                         to_im(category_color(term.category, state.theme)));
    }
  }

  static void draw_tooltip(const AppState& state, const TermRow& term) {
    const Palette& colors = state.colors();
    ImGui::BeginTooltip();
    ui::name(colors.text, term.title());
    if (state.table.comparison) {
      ui::text(colors.text_dim, format_delta_ms(static_cast<double>(term.delta_ns)) + " ms per step, " +
                                    format_signed_percent(term.share) + " of the change");
      if (term.low_ns < term.high_ns) {  // none where a side is a single step
        ui::text(colors.text_faint,
                 "95 % interval " + format_ms(term.low_ns) + " to " + format_ms(term.high_ns) + " ms");
      }
      if (!term.flagged) {
        ui::text(colors.text_faint, "within what noise can do, or too small to matter");
      }
      if (term.modelled) {
        ui::text(colors.text_faint, term.name.starts_with("data.")
                                        ? "apportioned from what the workers did (supply model)"
                                        : "without what communication hides");
      }
    }
    ui::text(colors.text_faint,
             term.place ? "double-click: go to the step where it is largest" : "no place recorded for it");
    ImGui::EndTooltip();
  }

  TableSort arrow_;
  uint64_t sorted_ = 0;  // AppState::table_number
};

}  // namespace

std::unique_ptr<View> make_terms_view() {
  return std::make_unique<TermsView>();
}

}  // namespace stepscope::viewer
