// SPDX-License-Identifier: Apache-2.0
#include "viewer/theme.hpp"

#include <imgui.h>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"

namespace stepscope::viewer {

void apply_theme(Theme theme, float scale) {
  const Palette& p = palette(theme);
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  theme == Theme::kDark ? ImGui::StyleColorsDark(&style) : ImGui::StyleColorsLight(&style);
  const auto set = [&](ImGuiCol index, Color color) { style.Colors[index] = to_vec(color); };
  set(ImGuiCol_Text, p.text);
  set(ImGuiCol_TextDisabled, p.text_faint);
  set(ImGuiCol_WindowBg, p.panel);
  set(ImGuiCol_ChildBg, with_alpha(p.panel, 0));
  set(ImGuiCol_PopupBg, mix(p.panel, p.header, 0.6));
  set(ImGuiCol_Border, p.border);
  set(ImGuiCol_FrameBg, p.panel);
  set(ImGuiCol_FrameBgHovered, p.panel_alt);
  set(ImGuiCol_FrameBgActive, p.panel_alt);
  set(ImGuiCol_Button, p.panel_alt);
  set(ImGuiCol_ButtonHovered, p.accent_soft);
  set(ImGuiCol_ButtonActive, p.accent_soft);
  set(ImGuiCol_Header, p.accent_soft);
  set(ImGuiCol_HeaderHovered, with_alpha(p.accent, 40));
  set(ImGuiCol_HeaderActive, with_alpha(p.accent, 70));
  set(ImGuiCol_Tab, with_alpha(p.panel, 0));
  set(ImGuiCol_TabHovered, p.accent_soft);
  set(compat::kTabSelected, p.accent_soft);
  set(ImGuiCol_TableHeaderBg, p.header);
  set(ImGuiCol_TableBorderStrong, p.border);
  set(ImGuiCol_TableBorderLight, p.grid);
  set(ImGuiCol_TableRowBg, with_alpha(p.panel, 0));
  set(ImGuiCol_TableRowBgAlt, with_alpha(p.panel, 0));
  set(ImGuiCol_ScrollbarBg, with_alpha(p.panel, 0));
  set(ImGuiCol_ScrollbarGrab, p.neutral);
  set(ImGuiCol_TextSelectedBg, with_alpha(p.accent, 90));
  style.WindowMinSize = ImVec2(1, 1);  // the splitter is a window of a few pixels
  style.WindowRounding = 0;
  style.FrameRounding = 3;
  style.TabRounding = 3;
  style.PopupRounding = 4;
  style.WindowBorderSize = 0;
  style.FrameBorderSize = 1;
  style.FramePadding = ImVec2(8, 4);
  style.CellPadding = ImVec2(6, 3);
  style.ItemSpacing = ImVec2(8, 4);
  style.ScrollbarSize = 10;
  style.ScaleAllSizes(scale);
  // Lanes are pixel-exact; smoothed edges would only blur their borders.
  style.AntiAliasedLines = true;
  style.AntiAliasedFill = true;
}

}  // namespace stepscope::viewer
