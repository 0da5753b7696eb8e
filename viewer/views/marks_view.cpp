// SPDX-License-Identifier: Apache-2.0
//
// Marks: places to find again, with what one wants to say about them. A click on a time goes there.
#include <algorithm>
#include <optional>
#include <string>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class MarksView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (state.marks.empty()) {
      ui::text_wrapped(colors.text_dim,
                       "No marks. " + state.keys.text(Command::kMark) +
                           " marks where the selection starts, " + state.keys.text(Command::kMarkSpan) +
                           " both of its ends. Marks and what you write beside them are kept "
                           "with the run.");
      return;
    }
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerH |
                                       ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_PadOuterX;
    if (!ImGui::BeginTable("marks", state.two_runs() ? 5 : 4, kFlags)) {
      return;
    }
    if (state.two_runs()) {
      ImGui::TableSetupColumn("run", ImGuiTableColumnFlags_WidthFixed, 26 * area.unit);
    }
    ImGui::TableSetupColumn("at", ImGuiTableColumnFlags_WidthFixed, 84 * area.unit);
    ImGui::TableSetupColumn("length", ImGuiTableColumnFlags_WidthFixed, 84 * area.unit);
    ImGui::TableSetupColumn("note", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, 22 * area.unit);
    ImGui::TableHeadersRow();
    std::optional<size_t> removed;
    if (cursor_.take(state, state.marks.size())) {
      state.go_to_mark(state.marks[*cursor_.at()]);
    }
    for (size_t i = 0; i < state.marks.size(); ++i) {
      ImGui::PushID(static_cast<int>(i));
      if (draw_row(state, i, cursor_.on(i))) {
        removed = i;
      }
      ImGui::PopID();
    }
    ImGui::EndTable();
    if (removed) {
      state.remove_mark(*removed);
    }
  }

 private:
  // True when it is to go.
  static bool draw_row(AppState& state, size_t index, bool chosen) {
    const Palette& colors = state.colors();
    const Mark mark = state.marks[index];
    const RunModel* run = state.run(mark.side);
    ImGui::TableNextRow();
    if (chosen) {
      ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, to_im(colors.accent_soft));
    }
    if (state.two_runs()) {
      ImGui::TableNextColumn();
      ImGui::AlignTextToFramePadding();
      ui::text(mark.side == Side::kA ? colors.run_a : colors.run_b, mark.side == Side::kA ? "A" : "B");
    }
    ImGui::TableNextColumn();
    const int64_t since = run == nullptr ? 0 : mark.begin_ns - run->begin_ns;
    if (ImGui::Button(format_duration(static_cast<double>(since)).c_str(), ImVec2(-1, 0))) {
      state.go_to_mark(mark);
    }
    ui::tooltip("go there");
    ImGui::TableNextColumn();
    ImGui::AlignTextToFramePadding();
    ui::text_right(colors.text_dim, mark.end_ns > mark.begin_ns
                                        ? format_duration(static_cast<double>(mark.end_ns - mark.begin_ns))
                                        : "");
    ImGui::TableNextColumn();
    ImGui::SetNextItemWidth(-1);
    std::string text = mark.text;
    if (state.field == Field::kNote && state.current_mark() == index) {
      ImGui::SetKeyboardFocusHere();
      state.field = Field::kNone;
    }
    if (ui::input_text("##note", "what is there?", text) && !compat::key_pressed(Key::kEscape, false)) {
      state.set_mark_text(index, text);  // Esc leaves the field with what was typed
    }
    state.typing = state.typing || ImGui::IsItemActive();
    ImGui::TableNextColumn();
    const bool removed = ImGui::Button("x", ImVec2(-1, 0));
    ui::tooltip("take the mark away");
    return removed;
  }

  RowCursor cursor_;
};

}  // namespace

std::unique_ptr<View> make_marks_view() {
  return std::make_unique<MarksView>();
}

}  // namespace stepscope::viewer
