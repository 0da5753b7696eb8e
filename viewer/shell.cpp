// SPDX-License-Identifier: Apache-2.0
#include "viewer/shell.hpp"

#include <algorithm>
#include <cmath>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/tab_strip.hpp"
#include "viewer/theme.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kGutter = 200;
constexpr int kButtonBack = 3;  // of a mouse with five buttons
constexpr int kButtonForward = 4;
constexpr ImGuiWindowFlags kPlain = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                    ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoScrollWithMouse |
                                    ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNav;
// Over the others: comes to the front, and scrolls.
constexpr ImGuiWindowFlags kOverlay =
    kPlain & ~(ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollbar |
               ImGuiWindowFlags_NoScrollWithMouse);
constexpr float kMostGutter = 0.4F;  // of the width of a small window

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
  if (binding.key == Key::kSlash && !binding.ctrl && !binding.alt) {
    return typed(binding.shift ? '?' : '/');
  }
  return io.KeyCtrl == binding.ctrl && io.KeyShift == binding.shift && io.KeyAlt == binding.alt &&
         compat::key_pressed(binding.key, repeats);
}

}  // namespace

void dispatch_keys(AppState& state) {
  if (ImGui::GetIO().WantTextInput || state.palette_box.open) {
    if (compat::key_pressed(Key::kEscape, false) && !state.typing) {
      state.execute(Command::kClear);
    }
    return;
  }
  for (const CommandRow& row : command_table()) {
    const std::vector<Binding>& keys = state.keys.keys(row.command);
    if (std::any_of(keys.begin(), keys.end(),
                    [&](const Binding& binding) { return pressed(binding, row.repeats); })) {
      state.execute(row.command);
    }
  }
  if (ImGui::IsMouseClicked(kButtonBack) || ImGui::IsMouseClicked(kButtonForward)) {
    state.execute(ImGui::IsMouseClicked(kButtonBack) ? Command::kBack : Command::kForward);
  }
}

Shell::Shell() : clicked_(view_table().size()) {
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

size_t Shell::find(const char* id) const {
  const auto table = view_table();
  const auto at = std::find_if(table.begin(), table.end(),
                               [&](const ViewRow& row) { return std::string_view(row.id) == id; });
  return static_cast<size_t>(at - table.begin());
}

void Shell::open_window(const char* id, ImVec2 pos, ImVec2 size, Color ground, ImGuiWindowFlags flags,
                        ImVec2 padding) const {
  ImGui::SetNextWindowPos(pos);
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, to_vec(ground));
  ImGui::Begin(id, nullptr, flags | (ground == frame_ground_ ? ImGuiWindowFlags_NoBackground : 0));
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  if (!text_log_.empty()) {
    ImGui::LogToFile(0, text_log_.c_str());  // appends; ends with the window
  }
}

void Shell::draw(AppState& state, float scale) {
  unit_ = scale;
  frame_ground_ = ground_of(state);
  apply_theme(state.theme, scale);
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
    state.message.clear();  // it was about what was done before
  }
  dispatch_keys(state);
  state.typing = false;
  if (state.tab_requested) {
    clicked_ = view_table().size();
  }
  draw_regions(state);
  copy(state);
  const ImGuiIO& io = ImGui::GetIO();
  if (std::none_of(std::begin(io.MouseDown), std::end(io.MouseDown), [](bool down) { return down; })) {
    state.remember_place(ImGui::GetTime());
  }
}

void Shell::draw_view(size_t index, AppState& state, ImVec2 pos, ImVec2 size) {
  const bool inside = ImGui::IsMouseHoveringRect(pos, ImVec2(pos.x + size.x, pos.y + size.y), false);
  const bool covered = state.help_open || state.palette_box.open;
  const ViewRow& row = view_table()[index];
  const bool may_have_table = row.table != nullptr || row.region == Region::kTab;
  if (inside && !covered && may_have_table && ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
    clicked_ = index;
  }
  const float gutter = std::min(kGutter * unit_, ImGui::GetIO().DisplaySize.x * kMostGutter);
  views_[index]->draw(state, {pos, size, unit_, std::floor(gutter)});
}

void Shell::draw_region(Region region, AppState& state, const Rect& rect, Color ground) {
  if (rect.shown()) {
    const size_t index = find(region);
    const ImVec2 pos(rect.x, rect.y);
    const ImVec2 size(rect.width, rect.height);
    open_window(view_table()[index].id, pos, size, ground, kPlain, ImVec2(0, 0));
    draw_view(index, state, pos, size);
    ImGui::End();
  }
}

void Shell::draw_regions(AppState& state) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const Palette& colors = state.colors();
  const bool drawer = state.drawer_open && state.run(Side::kA) != nullptr;
  const WindowLayout layout = lay_out_window(display.x, display.y, unit_, state.panes, drawer);
  draw_seams(state, layout);
  draw_edges(state,
             layout);  // first: of windows that are not brought to the front, ImGui has the oldest on top
  draw_region(Region::kToolbar, state, layout.toolbar, colors.header);
  draw_region(Region::kStrip, state, layout.strip, colors.panel);
  draw_region(Region::kTimeline, state, layout.timeline, colors.panel);
  if (layout.tabs.shown()) {
    draw_region(Region::kTable, state, layout.table, colors.panel);
    if (layout.table.shown() && state.tab_requested && state.tab == Tab::kTerms) {
      state.tab_requested = false;  // it is on screen already
      clicked_ = find(Region::kTable);
    }
    draw_tabs(state, layout.tabs);
  }
  draw_region(Region::kStatus, state, layout.status, colors.header);
  if (state.help_open) {
    draw_overlay("help", state, ImVec2(1180 * unit_, 620 * unit_), 0.5F);
  }
  if (state.palette_box.open) {
    draw_overlay("palette", state, ImVec2(620 * unit_, 380 * unit_), 0.15F);
  }
}

// The lines that panels leave between them.
void Shell::draw_seams(const AppState& state, const WindowLayout& layout) {
  ImDrawList& list = *ImGui::GetBackgroundDrawList();
  const ImU32 color = to_im(state.colors().window);
  if (layout.strip.shown()) {
    list.AddRectFilled(ImVec2(0, layout.strip.bottom()),
                       ImVec2(layout.strip.width, layout.strip.bottom() + 1), color);
  }
  if (layout.table.shown()) {
    list.AddRectFilled(ImVec2(layout.tabs.x - 1, layout.tabs.y), ImVec2(layout.tabs.x, layout.tabs.bottom()),
                       color);
  }
}

// `top_share`: how much of the room that is left lies above.
void Shell::draw_overlay(const char* id, AppState& state, ImVec2 wanted, float top_share) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const ImVec2 size(std::min(display.x * 0.94F, wanted.x), std::min(display.y * 0.9F, wanted.y));
  const ImVec2 pos(std::floor((display.x - size.x) / 2), std::floor((display.y - size.y) * top_share));
  ImGui::SetNextWindowFocus();
  open_window(id, pos, size, state.colors().header, kOverlay, ImVec2(0, 0));
  draw_view(find(id), state, pos, size);
  ImGui::End();
}

void Shell::draw_edges(AppState& state, const WindowLayout& layout) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const Palette& colors = state.colors();
  const auto edge = [&](const char* id, const Rect& rect, bool upright, Color ground) {
    if (!rect.shown()) {
      return 0.0F;
    }
    open_window(id, ImVec2(rect.x, rect.y), ImVec2(rect.width, rect.height), ground, kPlain, ImVec2(0, 0));
    ImGui::InvisibleButton("##drag", ImVec2(rect.width, rect.height));
    if (ImGui::IsItemActive() || ImGui::IsItemHovered()) {
      ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    }
    const ImVec2 moved = ImGui::GetIO().MouseDelta;
    const float by = !ImGui::IsItemActive() ? 0.0F : upright ? moved.x : moved.y;
    ImGui::End();
    return by;
  };
  const Color clear = with_alpha(colors.panel, 0);
  Panes panes = state.panes;
  panes.strip += edge("strip edge", layout.strip_edge, false, clear) / unit_;
  panes.drawer -= edge("splitter", layout.drawer_edge, false, colors.border) / std::max(1.0F, display.y);
  panes.table += edge("table edge", layout.table_edge, true, clear) / std::max(1.0F, display.x);
  state.panes = clamped(panes);
}

void Shell::draw_tabs(AppState& state, const Rect& rect) {
  const bool narrow = rect.width >= ImGui::GetIO().DisplaySize.x;
  open_window("tabs", ImVec2(rect.x, rect.y), ImVec2(rect.width, rect.height), state.colors().panel, kPlain,
              ImVec2(8 * unit_, 5 * unit_));
  const auto table = view_table();
  std::vector<const char*> titles;
  std::vector<size_t> rows;
  size_t open = 0;        // + 1
  size_t still_open = 0;  // when the tab asked for is no tab here: the terms, which stand beside
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].region != Region::kTab && !(narrow && table[i].region == Region::kTable)) {
      continue;
    }
    open = table[i].tab == state.tab ? rows.size() + 1 : open;
    still_open = i == open_tab_ ? rows.size() : still_open;
    rows.push_back(i);
    titles.push_back(table[i].title);
  }
  open = open > 0 ? open - 1 : still_open;
  if (const auto clicked = draw_tab_strip(titles, open, state.colors(), unit_)) {
    open = *clicked;
  }
  open_tab_ = rows[open];
  state.tab = table[open_tab_].tab;
  state.tab_requested = false;
  compat::begin_child(table[open_tab_].id, ImGui::GetContentRegionAvail(), 0);
  ImGui::Dummy(ImVec2(0, 2 * unit_));
  draw_view(open_tab_, state, ImGui::GetCursorScreenPos(), ImGui::GetContentRegionAvail());
  ImGui::EndChild();
  ImGui::End();
}

TableText Shell::front_table(const AppState& state) const {
  const auto table = view_table();
  size_t front = clicked_;
  for (size_t i = 0; front == table.size() && i < table.size(); ++i) {
    const bool in_drawer = table[i].region == Region::kTab || table[i].region == Region::kTable;
    front = in_drawer && table[i].tab == state.tab ? i : front;
  }
  if (front == table.size()) {
    front = find(Region::kTable);
  }
  return table[front].table != nullptr ? table[front].table(state) : views_[front]->table(state);
}

// What commands copied, to the system's clipboard.
void Shell::copy(AppState& state) const {
  if (state.table_copy != TableCopy::kNone) {
    const TableText table = front_table(state);
    state.clipboard = table.empty()                         ? ""
                      : state.table_copy == TableCopy::kCsv ? to_csv(table)
                                                            : to_tabs(table);
    state.message = table.empty() ? "there is no table in front, or it is empty: nothing was copied"
                                  : "copied " + std::to_string(table.rows.size()) +
                                        (table.rows.size() == 1 ? " row" : " rows");
    state.table_copy = TableCopy::kNone;
  }
  if (!state.clipboard.empty()) {
    ImGui::SetClipboardText(state.clipboard.c_str());
    state.clipboard.clear();
  }
}

}  // namespace stepscope::viewer
