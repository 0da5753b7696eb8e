// SPDX-License-Identifier: Apache-2.0
#include "viewer/tab_strip.hpp"

#include <algorithm>
#include <cmath>

#include <imgui.h>

#include "viewer/imgui_painter.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kTabPadding = 7;
constexpr float kTabSpacing = 2;

std::optional<size_t> draw_tab_menu(std::span<const char* const> titles, size_t open) {
  std::optional<size_t> clicked;
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x);
  if (ImGui::BeginCombo("##tabs", titles[open], ImGuiComboFlags_HeightLarge)) {
    for (size_t i = 0; i < titles.size(); ++i) {
      if (ImGui::Selectable(titles[i], i == open)) {
        clicked = i;
      }
    }
    ImGui::EndCombo();
  }
  return clicked;
}

bool draw_tab(const char* title, bool open, const Palette& colors) {
  ImGui::PushStyleColor(ImGuiCol_Button, to_vec(open ? colors.accent_soft : with_alpha(colors.panel, 0)));
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, to_vec(open ? colors.accent_soft : colors.header));
  ImGui::PushStyleColor(ImGuiCol_Text, to_vec(open ? colors.text : colors.text_dim));
  const bool clicked = ImGui::Button(title);
  ImGui::PopStyleColor(3);
  return clicked;
}

}  // namespace

std::optional<size_t> draw_tab_strip(std::span<const char* const> titles, size_t open, const Palette& colors,
                                     float unit) {
  const float spacing = kTabSpacing * unit;
  const auto width_of = [&](const char* title) {
    return ImGui::CalcTextSize(title).x + 2 * kTabPadding * unit + spacing;
  };
  // Cut where the longer one of two rows is shortest, unless one row is enough.
  const float room = ImGui::GetContentRegionAvail().x + spacing;
  float all = 0;
  for (const char* title : titles) {
    all += width_of(title);
  }
  size_t cut = titles.size();
  float longest = all;
  float before = 0;
  for (size_t i = 0; all > room && i < titles.size(); ++i) {
    before += width_of(titles[i]);
    if (std::max(before, all - before) < longest) {
      longest = std::max(before, all - before);
      cut = i + 1;
    }
  }
  if (titles.empty() || longest > room) {
    return titles.empty() ? std::nullopt : draw_tab_menu(titles, open);
  }
  std::optional<size_t> clicked;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(kTabPadding * unit, 3 * unit));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(spacing, spacing));
  for (size_t i = 0; i < titles.size(); ++i) {
    if (i > 0 && i != cut) {
      ImGui::SameLine();
    }
    if (draw_tab(titles[i], i == open, colors)) {
      clicked = i;
    }
  }
  ImGui::PopStyleVar(3);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImGui::GetWindowDrawList()->AddRectFilled(at, ImVec2(at.x + width, at.y + std::max(1.0F, std::floor(unit))),
                                            to_im(colors.border));
  ImGui::Dummy(ImVec2(width, std::floor(unit)));
  return clicked;
}

}  // namespace stepscope::viewer
