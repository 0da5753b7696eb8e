// SPDX-License-Identifier: Apache-2.0
#include "viewer/shell.hpp"

#include <algorithm>
#include <cmath>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/theme.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kToolbar = 40;
constexpr float kStrip = 104;
constexpr float kStatus = 24;
constexpr float kSplitter = 5;
constexpr float kGutter = 200;
constexpr float kNarrow = 900;  // below it the drawer shows one thing at a time
constexpr ImGuiWindowFlags kPlain = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                    ImGuiWindowFlags_NoSavedSettings |
                                    ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNav;

void open_window(const char* id, ImVec2 pos, ImVec2 size, Color ground, bool scrolls, ImVec2 padding) {
  ImGui::SetNextWindowPos(pos);
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, to_vec(ground));
  const ImGuiWindowFlags flags =
      scrolls ? kPlain & ~ImGuiWindowFlags_NoScrollbar : kPlain | ImGuiWindowFlags_NoScrollWithMouse;
  ImGui::Begin(id, nullptr, flags);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
}

// '/' and '?' are typed characters: where they are on the keyboard differs from layout to layout.
bool typed(char wanted) {
  const ImVector<ImWchar>& queue = ImGui::GetIO().InputQueueCharacters;
  return std::any_of(queue.begin(), queue.end(),
                     [&](ImWchar c) { return c == static_cast<ImWchar>(wanted); });
}

bool pressed(const Binding& binding, bool repeats) {
  if (binding.key == Key::kNone) {
    return false;
  }
  const ImGuiIO& io = ImGui::GetIO();
  if (binding.key == Key::kSlash) {
    return typed(binding.shift ? '?' : '/');
  }
  return io.KeyCtrl == binding.ctrl && io.KeyShift == binding.shift &&
         compat::key_pressed(binding.key, repeats);
}

}  // namespace

void dispatch_keys(AppState& state) {
  if (ImGui::GetIO().WantTextInput) {
    if (compat::key_pressed(Key::kEscape, false)) {
      state.execute(Command::kClear);
    }
    return;
  }
  for (const CommandRow& row : command_table()) {
    if (pressed(row.primary, row.repeats) || pressed(row.alternative, row.repeats)) {
      state.execute(row.command);
    }
  }
}

Shell::Shell() {
  for (const ViewRow& row : view_table()) {
    views_.push_back(row.make());
  }
}

size_t Shell::find(Region region) const {
  const auto table = view_table();
  const auto at =
      std::find_if(table.begin(), table.end(), [&](const ViewRow& row) { return row.region == region; });
  return static_cast<size_t>(at - table.begin());
}

void Shell::draw(AppState& state, float scale) {
  unit_ = scale;
  apply_theme(state.theme, scale);
  dispatch_keys(state);
  draw_regions(state);
}

void Shell::draw_view(size_t index, AppState& state, ImVec2 pos, ImVec2 size) {
  views_[index]->draw(state, {pos, size, unit_, std::floor(kGutter * unit_)});
}

void Shell::draw_regions(AppState& state) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const Palette& colors = state.colors();
  const auto plain = [&](Region region, float y, float height, Color ground) {
    const size_t index = find(region);
    const ImVec2 pos(0, y);
    const ImVec2 size(display.x, std::max(1.0F, height));
    open_window(view_table()[index].id, pos, size, ground, false, ImVec2(0, 0));
    draw_view(index, state, pos, size);
    ImGui::End();
  };
  const float toolbar = std::floor(kToolbar * unit_);
  const float strip = std::floor(kStrip * unit_);
  const float status = std::floor(kStatus * unit_);
  const float splitter = std::floor(kSplitter * unit_);
  const bool drawer_open = state.drawer_open && state.run(Side::kA) != nullptr;
  const float middle = display.y - toolbar - strip - status;
  const float drawer = drawer_open ? std::floor(std::clamp(display.y * drawer_share_, 80 * unit_,
                                                           std::max(81 * unit_, middle - 120 * unit_)))
                                   : 0;
  const float timeline = middle - drawer - (drawer_open ? splitter : 0);
  plain(Region::kToolbar, 0, toolbar, colors.header);
  plain(Region::kStrip, toolbar, strip - 1, colors.panel);
  plain(Region::kTimeline, toolbar + strip, timeline, colors.panel);
  if (drawer_open) {
    draw_splitter(ImVec2(0, toolbar + strip + timeline), ImVec2(display.x, splitter), display.y,
                  colors.border);
    draw_drawer(state, ImVec2(0, toolbar + strip + timeline + splitter), ImVec2(display.x, drawer));
  }
  plain(Region::kStatus, display.y - status, status, colors.header);
  if (state.help_open) {
    const size_t help = find(Region::kOverlay);
    const ImVec2 size(std::min(display.x * 0.94F, 1180 * unit_), std::min(display.y * 0.9F, 480 * unit_));
    const ImVec2 pos(std::floor((display.x - size.x) / 2), std::floor((display.y - size.y) / 2));
    ImGui::SetNextWindowFocus();
    open_window(view_table()[help].id, pos, size, colors.header, true, ImVec2(0, 0));
    draw_view(help, state, pos, size);
    ImGui::End();
  }
}

void Shell::draw_splitter(ImVec2 pos, ImVec2 size, float total, Color ground) {
  open_window("splitter", pos, size, ground, false, ImVec2(0, 0));
  ImGui::InvisibleButton("##drag", size);
  if (ImGui::IsItemActive()) {
    drawer_share_ = std::clamp(drawer_share_ - ImGui::GetIO().MouseDelta.y / total, 0.1F, 0.8F);
  }
  if (ImGui::IsItemActive() || ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
  }
  ImGui::End();
}

void Shell::draw_drawer(AppState& state, ImVec2 pos, ImVec2 size) {
  if (size.x < kNarrow * unit_) {
    draw_tabs(state, pos, size);
    return;
  }
  const float left = std::floor(size.x * 0.56F);
  const size_t table = find(Region::kTable);
  const ImVec2 table_size(left - 1, size.y);
  open_window(view_table()[table].id, pos, table_size, state.colors().panel, false, ImVec2(0, 0));
  draw_view(table, state, pos, table_size);
  ImGui::End();
  if (state.tab == Tab::kTerms) {
    state.tab_requested = false;  // it is on screen already
  }
  draw_tabs(state, ImVec2(pos.x + left, pos.y), ImVec2(size.x - left, size.y));
}

void Shell::draw_tabs(AppState& state, ImVec2 pos, ImVec2 size) {
  const bool narrow = size.x >= ImGui::GetIO().DisplaySize.x;
  open_window("tabs", pos, size, state.colors().panel, false, ImVec2(8 * unit_, 5 * unit_));
  if (ImGui::BeginTabBar("drawer",
                         ImGuiTabBarFlags_FittingPolicyScroll | ImGuiTabBarFlags_TabListPopupButton)) {
    const auto table = view_table();
    for (size_t i = 0; i < table.size(); ++i) {
      if (table[i].region != Region::kTab && !(narrow && table[i].region == Region::kTable)) {
        continue;
      }
      const bool wanted = state.tab_requested && state.tab == table[i].tab;
      if (ImGui::BeginTabItem(table[i].title, nullptr, wanted ? ImGuiTabItemFlags_SetSelected : 0)) {
        if (!state.tab_requested) {
          state.tab = table[i].tab;
        }
        const ImVec2 room = ImGui::GetContentRegionAvail();
        compat::begin_child(table[i].id, room, 0);
        ImGui::Dummy(ImVec2(0, 2 * unit_));
        draw_view(i, state, ImGui::GetCursorScreenPos(), ImGui::GetContentRegionAvail());
        ImGui::EndChild();
        ImGui::EndTabItem();
      }
      if (wanted) {
        requested_seen_ = true;
      }
    }
    ImGui::EndTabBar();
  }
  ImGui::End();
  if (requested_seen_) {
    requested_seen_ = false;
    state.tab_requested = false;
  }
}

}  // namespace stepscope::viewer
