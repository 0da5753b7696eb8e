// SPDX-License-Identifier: Apache-2.0
//
// Toolbar: which runs, their step times, the change; alignment, search, theme.
#include <algorithm>
#include <string>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class ToolbarView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    ImGui::SetCursorPos(ImVec2(12 * area.unit, (area.size.y - ImGui::GetFrameHeight()) / 2));
    ImGui::AlignTextToFramePadding();
    const Controls controls = place_controls(state, area);
    const ImVec2 end(area.pos.x + controls.x - 8 * area.unit, area.pos.y + area.size.y);
    ImGui::PushClipRect(area.pos, end, true);
    draw_runs(state, area);
    ImGui::PopClipRect();
    draw_controls(state, area, controls);
  }

 private:
  // What stands on the right; a narrow window has the choice of alignment on its key alone.
  struct Controls {
    float x = 0;
    float aligned = 0;  // width of the choice of alignment
    float search = 0;
  };
  static Controls place_controls(const AppState& state, const ViewArea& area) {
    constexpr float kWideEnough = 1000;
    Controls controls;
    controls.aligned = state.two_runs() && area.size.x >= kWideEnough * area.unit ? 402 * area.unit : 0;
    controls.search = std::clamp(area.size.x * 0.3F, 80 * area.unit, 170 * area.unit);
    controls.x = std::max(0.0F, area.size.x - controls.search - controls.aligned - 92 * area.unit);
    return controls;
  }

  // The numbers of the table below once it is there, so that one window never shows two different changes.
  static bool uses_table(const AppState& state) {
    return state.table_ready && state.table.a_step_ns > 0 && state.table.comparison == state.two_runs();
  }
  static double step_ns(const AppState& state, Side side) {
    if (uses_table(state)) {
      return static_cast<double>(side == Side::kA ? state.table.a_step_ns : state.table.b_step_ns);
    }
    return side == Side::kA ? state.strip.median_a_ns : state.strip.median_b_ns;
  }

  static void draw_run(AppState& state, Side side, const ViewArea& area) {
    const RunModel* run = state.run(side);
    const Palette& colors = state.colors();
    if (run == nullptr) {
      return;
    }
    const Color color = side == Side::kA ? colors.run_a : colors.run_b;
    if (state.two_runs()) {
      ui::text(color, side == Side::kA ? "A" : "B");
      ImGui::SameLine(0, 8 * area.unit);
    }
    ui::text(state.looks_at(side) ? colors.text : colors.text_faint, run->label);
    if (state.two_runs() && ImGui::IsItemClicked()) {
      state.select_run(state.selection.run == side ? std::nullopt : std::optional(side));
    }
    ui::tooltip(state.two_runs() ? run->path + "\nclick: select this run, or both again" : run->path);
    const double step = step_ns(state, side);
    if (step > 0) {
      ImGui::SameLine(0, 8 * area.unit);
      ui::text(colors.text_dim, format_duration(step) + "/step");
      ui::tooltip(uses_table(state) ? "mean of the train steps" : "median of the train steps");
    }
    ImGui::SameLine(0, 22 * area.unit);
  }

  static void draw_runs(AppState& state, const ViewArea& area) {
    draw_run(state, Side::kA, area);
    draw_run(state, Side::kB, area);
    const double a = step_ns(state, Side::kA);
    const double b = step_ns(state, Side::kB);
    if (state.two_runs() && a > 0) {
      const Palette& colors = state.colors();
      const Color color = b > a ? colors.more : b < a ? colors.less : colors.text_dim;
      ui::text(color, format_delta_ms(b - a) + " ms  (" + format_signed_percent((b - a) / a) + ")");
      ui::tooltip("change of the train step");
      ImGui::SameLine(0, 12 * area.unit);
    }
    ImGui::NewLine();
  }

  static void draw_controls(AppState& state, const ViewArea& area, const Controls& controls) {
    ImGui::SetCursorPos(ImVec2(controls.x, (area.size.y - ImGui::GetFrameHeight()) / 2));
    if (controls.aligned > 0) {
      draw_alignment(state, area);
    }
    ImGui::SetCursorPos(ImVec2(controls.x + controls.aligned, (area.size.y - ImGui::GetFrameHeight()) / 2));
    draw_search(state, controls.search);
    ImGui::SameLine(0, 8 * area.unit);
    if (ui::toggle(state.theme == Theme::kDark ? "Light" : "Dark", false, state.colors())) {
      state.execute(Command::kToggleTheme);
    }
    ImGui::SameLine(0, 2 * area.unit);
    if (ui::toggle("?", state.help_open, state.colors())) {
      state.execute(Command::kHelp);
    }
  }

  static void draw_alignment(AppState& state, const ViewArea& area) {
    constexpr std::pair<const char*, AlignMode> kModes[] = {{"Step start", AlignMode::kStepStart},
                                                            {"Step length", AlignMode::kStepNormalised},
                                                            {"Time", AlignMode::kAbsolute},
                                                            {"Event", AlignMode::kAnchor}};
    ImGui::AlignTextToFramePadding();
    ui::text(state.colors().text_faint, "Align by");
    for (const auto& [label, mode] : kModes) {
      ImGui::SameLine(0, 4 * area.unit);
      if (ui::toggle(label, state.align_mode == mode, state.colors())) {
        mode == AlignMode::kAnchor ? state.align_by_selection() : state.set_alignment(mode);
      }
      if (mode == AlignMode::kAnchor) {
        ui::tooltip(state.align_mode == mode && state.anchor
                        ? "by " + state.anchor->title()
                        : "by the selected event, or the first collective of each step");
      }
    }
  }

  static void draw_search(AppState& state, float width) {
    SearchBox& box = state.search_box;
    if (box.focus) {
      ImGui::SetKeyboardFocusHere();
      box.focus = false;
    }
    ImGui::SetNextItemWidth(width);
    const auto before = box.text;
    const bool enter =
        ImGui::InputTextWithHint("##search", box.lanes ? "Search lanes" : "Search names  ( / )",
                                 box.text.data(), box.text.size(), ImGuiInputTextFlags_EnterReturnsTrue);
    // Esc leaves the field with what was typed and found; once more, and all is cleared.
    state.typing = state.typing || (ImGui::IsItemActive() && box.text.front() != '\0');
    if (ImGui::IsItemDeactivated() && compat::key_pressed(Key::kEscape, false)) {
      box.text = before;
    }
    const std::string text(box.text.data());
    if (text != box.searched) {
      state.search_for(text);
    }
    if (enter && !text.empty()) {
      state.find(!ImGui::GetIO().KeyShift);
      box.focus = true;  // Enter again goes on to the next match
    }
    const std::string result = state.find_pending() ? "..." : box.result;
    if (!result.empty()) {
      const float room = ImGui::GetItemRectMax().x - 6;
      const float wide = ImGui::CalcTextSize(result.c_str()).x;
      ImGui::GetWindowDrawList()->AddText(
          ImVec2(room - wide, ImGui::GetItemRectMin().y + ImGui::GetStyle().FramePadding.y),
          to_im(state.colors().text_faint), result.c_str());
    }
  }
};

}  // namespace

std::unique_ptr<View> make_toolbar_view() {
  return std::make_unique<ToolbarView>();
}

}  // namespace stepscope::viewer
