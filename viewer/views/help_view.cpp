// SPDX-License-Identifier: Apache-2.0
//
// Help: made from the command table and the keys in use, so that it cannot be wrong.
#include <algorithm>
#include <string>
#include <utility>

#include "viewer/imgui_painter.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class HelpView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (const float by = std::exchange(state.help_scroll, 0.0F); by != 0) {
      ImGui::SetScrollY(ImGui::GetScrollY() + by * area.unit);
    }
    ImGui::SetCursorPos(ImVec2(24 * area.unit, 18 * area.unit));
    ImGui::BeginGroup();
    ui::text(colors.text, "Keys and mouse");
    ui::text(colors.text_faint, "Esc closes");
    ImGui::Dummy(ImVec2(0, 8 * area.unit));
    constexpr float kLeastColumn = 300;
    const float room = area.size.x - 48 * area.unit;
    const int columns = std::clamp(static_cast<int>(room / (kLeastColumn * area.unit)), 1, 3);
    if (ImGui::BeginTable("help", columns, ImGuiTableFlags_SizingStretchSame, ImVec2(room, 0))) {
      ImGui::TableNextColumn();
      draw_group(state, "Move", area.unit);
      draw_group(state, "Go to", area.unit);
      draw_group(state, "Select", area.unit);
      next_column(columns, 3);
      draw_group(state, "Find", area.unit);
      draw_group(state, "Compare", area.unit);
      draw_mouse(colors, area.unit);
      next_column(columns, 2);
      draw_group(state, "Show", area.unit);
      draw_group(state, "Copy", area.unit);
      ImGui::EndTable();
    }
    draw_switches(state, area);
    ImGui::EndGroup();
  }

 private:
  // Goes on beside where there are that many columns, else below.
  static void next_column(int columns, int least) {
    if (columns >= least) {
      ImGui::TableNextColumn();
    }
  }
  static void heading(const Palette& colors, const char* text) { ui::text(colors.accent, text); }

  static void row(const Palette& colors, std::string_view keys, std::string_view text, float indent) {
    const float x = ImGui::GetCursorPosX();
    indent = std::min(indent, ImGui::GetContentRegionAvail().x * 0.5F);
    ui::text(colors.text, keys);
    ImGui::SameLine(0, 0);
    ImGui::SetCursorPosX(x + indent);
    ui::text_wrapped(colors.text_dim, text);
  }

  static void draw_group(const AppState& state, const char* group, float unit) {
    const Palette& colors = state.colors();
    heading(colors, group);
    for (const CommandRow& command : command_table()) {
      if (command.group == group) {
        row(colors, state.keys.text(command.command), command.text, 130 * unit);
      }
    }
    ImGui::Dummy(ImVec2(0, 8 * unit));
  }

  // Most have no key until one gives them one: their names, as key files and scripts say them.
  static void draw_switches(const AppState& state, const ViewArea& area) {
    const Palette& colors = state.colors();
    heading(colors, "Switches of the views, by the palette or a key of yours");
    if (!ImGui::BeginTable("switches", 3, ImGuiTableFlags_SizingStretchSame,
                           ImVec2(area.size.x - 48 * area.unit, 0))) {
      return;
    }
    for (const CommandRow& command : command_table()) {
      if (command.group == "Switch") {
        const std::string keys = state.keys.text(command.command);
        ImGui::TableNextColumn();
        row(colors, keys.empty() ? command.name : std::string_view(keys), command.text, 130 * area.unit);
      }
    }
    ImGui::EndTable();
  }

  static void draw_mouse(const Palette& colors, float unit) {
    heading(colors, "Mouse");
    for (const MouseRow& mouse : mouse_table()) {
      row(colors, mouse.gesture, mouse.text, 185 * unit);
    }
  }
};

}  // namespace

std::unique_ptr<View> make_help_view() {
  return std::make_unique<HelpView>();
}

}  // namespace stepscope::viewer
