// SPDX-License-Identifier: Apache-2.0
//
// Movers: which kernels or operators changed, and by how much of the step. A click lights up a row's events everywhere, a
// double-click goes to the step in which they take longest.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/table_sort.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kWide = 720;  // below it counts and intervals are told by the pointer alone

// "+1.6 to +1.8" ms; empty where a row is a part of its term only, or nobody knows.
std::string interval_text(const Mover& mover) {
  return mover.interval_known && mover.low_ns < mover.high_ns
             ? fmt::format("{:+.2f} to {:+.2f}", mover.low_ns / 1e6, mover.high_ns / 1e6)
             : "";
}

// "12", "2.5", "-" where it was not counted.
std::string count_text(double count) {
  return count < 0                                    ? "-"
         : std::abs(count - std::round(count)) < 0.05 ? fmt::format("{:.0f}", count)
                                                      : fmt::format("{:.1f}", count);
}

class MoversView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (state.movers.empty()) {
      ui::text_wrapped(colors.text_dim, !state.two_runs()   ? "What moved needs two runs: --vs RUN."
                                        : state.load.active ? "waiting for the analysis ..."
                                                            : state.table.status);
      return;
    }
    draw_filter(state, area.unit);
    const MoverTable& table = state.movers[by_of(state)];
    if (const int64_t residual = table.residual_ns(); residual != 0) {
      ui::text(colors.error, "rows miss " + format_duration(static_cast<double>(residual)));
    }
    draw_table(state, table, area);
  }

 private:
  static constexpr ImGuiID kInterval = 100;  // by no order of its own
  static ImGuiID id_of(MoverOrder order) { return static_cast<ImGuiID>(order); }

  // The table that is chosen, else the first.
  static size_t by_of(const AppState& state) {
    const auto at = std::find_if(state.movers.begin(), state.movers.end(), [&](const MoverTable& table) {
      return table.by == state.view_options.movers.by;
    });
    return at == state.movers.end() ? 0 : static_cast<size_t>(at - state.movers.begin());
  }

  static void take_keyboard(AppState& state, Field field) {
    if (state.field == field) {
      ImGui::SetKeyboardFocusHere();
      state.field = Field::kNone;
    }
  }

  static void draw_filter(AppState& state, float unit) {
    const Palette& colors = state.colors();
    ViewOptions::Movers& shows = state.view_options.movers;
    for (size_t i = 0; state.movers.size() > 1 && i < state.movers.size(); ++i) {
      if (ui::toggle(("By " + state.movers[i].by).c_str(), by_of(state) == i, colors)) {
        shows.by = state.movers[i].by;
      }
      ImGui::SameLine(0, i + 1 < state.movers.size() ? 4 * unit : 16 * unit);
    }
    constexpr std::pair<const char*, std::optional<MoverChange>> kShown[] = {
        {"All", std::nullopt},
        {"Changed", MoverChange::kChanged},
        {"New", MoverChange::kNew},
        {"Gone", MoverChange::kGone}};
    for (const auto& [label, change] : kShown) {
      if (ui::toggle(label, shows.filter.change == change, colors)) {
        shows.filter.change = change;
      }
      ImGui::SameLine(0, 4 * unit);
    }
    ImGui::SameLine(0, 12 * unit);
    ImGui::SetNextItemWidth(150 * unit);
    take_keyboard(state, Field::kMoverFilter);
    const std::string before = shows.filter.text;
    ui::input_text("##text", "Filter names", shows.filter.text);
    state.typing = state.typing || ImGui::IsItemActive();
    if (ImGui::IsItemDeactivated() && compat::key_pressed(Key::kEscape, false)) {
      shows.filter.text = before;  // Esc leaves the field with what was typed
    }
    ImGui::SameLine(0, 12 * unit);
    ImGui::AlignTextToFramePadding();
    ui::text(colors.text_faint, "at least");
    ImGui::SameLine(0, 6 * unit);
    ImGui::SetNextItemWidth(56 * unit);
    take_keyboard(state, Field::kMoverLeast);
    auto least_ms = static_cast<float>(static_cast<double>(shows.filter.least_ns) / 1e6);
    if (ImGui::InputFloat("##least", &least_ms, 0, 0, "%.3g")) {
      shows.filter.least_ns = std::llround(double{std::max(0.0F, least_ms)} * 1e6);
    }
    state.typing = state.typing || ImGui::IsItemActive();
    ImGui::SameLine(0, 4 * unit);
    ui::text(colors.text_faint, "ms");
  }

  static void set_up_columns(float unit, bool wide) {
    constexpr ImGuiTableColumnFlags kNumber =
        ImGuiTableColumnFlags_WidthFixed | ImGuiTableColumnFlags_PreferSortDescending;
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("what", ImGuiTableColumnFlags_WidthStretch, 1, id_of(MoverOrder::kLabel));
    ImGui::TableSetupColumn("A ms", kNumber, 46 * unit, id_of(MoverOrder::kA));
    ImGui::TableSetupColumn("B ms", kNumber, 46 * unit, id_of(MoverOrder::kB));
    ImGui::TableSetupColumn("change", kNumber | ImGuiTableColumnFlags_DefaultSort, 72 * unit,
                            id_of(MoverOrder::kEffect));
    if (wide) {
      ImGui::TableSetupColumn("95 %", ImGuiTableColumnFlags_WidthFixed | ImGuiTableColumnFlags_NoSort,
                              112 * unit, kInterval);
    }
    ImGui::TableSetupColumn("share", kNumber | ImGuiTableColumnFlags_NoSort, 56 * unit,
                            kInterval);  // in the order of the change
    if (wide) {
      ImGui::TableSetupColumn("n A", kNumber, 40 * unit, id_of(MoverOrder::kCountA));
      ImGui::TableSetupColumn("n B", kNumber, 40 * unit, id_of(MoverOrder::kCountB));
    }
    ImGui::TableSetupColumn("match", kNumber, 58 * unit, id_of(MoverOrder::kTier));
    ImGui::TableHeadersRow();
  }

  void draw_table(AppState& state, const MoverTable& table, const ViewArea& area) {
    const bool wide = area.size.x >= kWide * area.unit;
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Sortable | ImGuiTableFlags_ScrollY |
                                       ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerH |
                                       ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_PadOuterX;
    if (!ImGui::BeginTable(wide ? "movers" : "movers_narrow", wide ? 9 : 6, kFlags,
                           ImGui::GetContentRegionAvail())) {
      return;
    }
    set_up_columns(area.unit, wide);
    arrow_.sync(state.view_options.movers.sort);
    refresh_rows(state.view_options.movers, state.selection.run, table);
    if (rows_.empty()) {
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      ui::text(state.colors().text_faint, "nothing passes this filter");
    }
    if (cursor_.take(state, rows_.size())) {
      open(state, table.movers[rows_[*cursor_.at()]], true);
    }
    show_row(cursor_);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows_.size()));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const uint32_t row = rows_[static_cast<size_t>(i)];
        ImGui::PushID(static_cast<int>(row));
        draw_row(state, table.movers[row], wide, cursor_.on(static_cast<size_t>(i)));
        ImGui::PopID();
      }
    }
    ImGui::EndTable();
  }

  // Rows of thousands of kernels are filtered and sorted when that is asked for, not in every frame.
  void refresh_rows(const ViewOptions::Movers& shows, const std::optional<Side>& run,
                    const MoverTable& table) {
    const Shown wanted{table.movers.data(), table.movers.size(), shows.filter, shows.sort, run};
    if (wanted == shown_) {
      return;
    }
    shown_ = wanted;
    rows_ = table.visible(shows.filter, shows.sort.order, shows.sort.descending);
    // Of a selected run, what it has.
    std::erase_if(rows_, [&](uint32_t row) {
      const MoverChange change = table.movers[row].change;
      return run && change == (*run == Side::kA ? MoverChange::kNew : MoverChange::kGone);
    });
  }

  // One of its names is selected.
  static bool is_lit(const Selection& selection, const Mover& mover) {
    return std::any_of(mover.names.begin(), mover.names.end(), [&](const std::vector<std::string>& names) {
      return std::any_of(names.begin(), names.end(),
                         [&](const std::string& name) { return selection.names.contains(name); });
    });
  }

  static void draw_row(AppState& state, const Mover& mover, bool wide, bool chosen) {
    const Palette& colors = state.colors();
    const bool small = std::abs(mover.share) < 0.01;
    const bool lit = is_lit(state.selection, mover);
    const Color ink = small || (!state.selection.names.empty() && !lit) ? colors.text_dim : colors.text;
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ui::swatch(category_color(mover.category, state.theme));
    ImGui::PushStyleColor(ImGuiCol_Text, to_vec(ink));
    const bool clicked =
        ImGui::Selectable("##row", chosen || lit || state.selection.highlight == mover.label,
                          ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowDoubleClick);
    const bool over = ImGui::IsItemHovered();
    ImGui::SameLine(0, 0);
    ImGui::PopStyleColor();
    ui::text_cut(ink, mover.label);
    for (const int64_t ns : {mover.a_ns, mover.b_ns}) {
      ImGui::TableNextColumn();
      ui::text_right(ink, format_ms(static_cast<double>(ns)));
    }
    ImGui::TableNextColumn();
    ui::text_right(small                ? colors.text_dim
                   : mover.delta_ns > 0 ? colors.more
                                        : colors.less,
                   format_delta_ms(static_cast<double>(mover.delta_ns)));
    if (wide) {
      ImGui::TableNextColumn();
      ui::text_right(colors.text_faint, interval_text(mover));
    }
    ImGui::TableNextColumn();
    ui::text_right(colors.text_dim, format_signed_percent(mover.share));
    for (const double count : {mover.count_a, mover.count_b}) {
      if (!wide) {
        break;
      }
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, count_text(count));
    }
    ImGui::TableNextColumn();
    ui::text(colors.text_dim, mover.change == MoverChange::kNew    ? "new"
                              : mover.change == MoverChange::kGone ? "gone"
                                                                   : mover.tier);
    if (over) {
      draw_tooltip(state, mover);
    }
    if (clicked) {
      open(state, mover, ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left));
    }
  }

  static void open(AppState& state, const Mover& mover, bool go) {
    state.light_up(mover.label, mover.names);
    if (go && mover.place) {
      state.go_to(*mover.place);
    }
  }

  static void draw_tooltip(const AppState& state, const Mover& mover) {
    const Palette& colors = state.colors();
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 40);
    ui::name(colors.text, mover.label + (mover.rank < 0 ? "" : " (rank " + std::to_string(mover.rank) + ")"));
    ui::text(colors.text_dim, format_delta_ms(static_cast<double>(mover.delta_ns)) + " ms per step, " +
                                  format_signed_percent(mover.share) + " of the change");
    if (mover.interval_known && mover.low_ns < mover.high_ns) {
      ui::text(colors.text_faint,
               "95 % interval " + format_ms(mover.low_ns) + " to " + format_ms(mover.high_ns) + " ms");
    }
    if (mover.count_a >= 0) {
      ui::text(colors.text_faint,
               "per step: " + count_text(mover.count_a) + " in A, " + count_text(mover.count_b) + " in B");
    }
    if (!mover.tier.empty()) {
      ui::text(colors.text_faint, mover.how + ", matched: " + mover.tier +
                                      fmt::format(" (confidence {:.2f})", mover.confidence));
    }
    if (!mover.op.empty()) {
      ui::text(colors.text_faint, "launched by " + mover.op);
    }
    for (const Side side : {Side::kA, Side::kB}) {
      constexpr size_t kListed = 6;
      const std::vector<std::string>& names = mover.names.at(index_of(side));
      for (size_t i = 0; !mover.tier.empty() && i < std::min(names.size(), kListed); ++i) {
        ui::text(side == Side::kA ? colors.run_a : colors.run_b,
                 (side == Side::kA ? "A  " : "B  ") + names[i].substr(0, 300));
      }
    }
    ui::text(colors.text_faint,
             mover.place ? "click: light it up; double-click: where it takes longest" : "click: light it up");
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }

  struct Shown {
    const Mover* movers = nullptr;
    size_t count = 0;
    MoverFilter filter;
    Sorting<MoverOrder> sort{MoverOrder::kEffect};
    std::optional<Side> run;
    friend bool operator==(const Shown&, const Shown&) = default;
  };

  TableSort arrow_;
  RowCursor cursor_;
  Shown shown_;
  std::vector<uint32_t> rows_;
};

}  // namespace

std::unique_ptr<View> make_movers_view() {
  return std::make_unique<MoversView>();
}

}  // namespace stepscope::viewer
