// SPDX-License-Identifier: Apache-2.0
//
// Shell: one frame of the whole window: places the regions, opens an ImGui window for each, runs the views, turns keys
// into commands. Needs an ImGui context, but no window and no GL: frame tests and the bench drive it directly.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/view.hpp"

namespace stepscope::viewer {

class Shell {
 public:
  Shell();
  // Between ImGui::NewFrame and ImGui::Render. `scale`: of the display, times the user's.
  void draw(AppState& state, float scale);
  // What a frame is drawn on: the colour of most of it, which is not filled a second time.
  [[nodiscard]] static Color ground_of(const AppState& state) { return state.colors().panel; }
  // The table that is in front: of the view clicked last, else of the open tab, else the terms.
  [[nodiscard]] TableText front_table(const AppState& state) const;
  // All text of the next frame is written to this file as well, "" for none: what `expect` of a script looks at.
  void log_text_to(std::string file) { text_log_ = std::move(file); }

 private:
  void draw_regions(AppState& state);
  void draw_region(Region region, AppState& state, const Rect& rect, Color ground);
  void draw_overlay(const char* id, AppState& state, ImVec2 size, float top_share);
  void draw_tabs(AppState& state, const Rect& rect);
  void draw_view(size_t index, AppState& state, ImVec2 pos, ImVec2 size);
  void draw_edges(AppState& state, const WindowLayout& layout);
  static void draw_seams(const AppState& state, const WindowLayout& layout);
  void copy(AppState& state) const;
  void open_window(const char* id, ImVec2 pos, ImVec2 size, Color ground, ImGuiWindowFlags flags,
                   ImVec2 padding) const;
  [[nodiscard]] size_t find(Region region) const;
  [[nodiscard]] size_t find(const char* id) const;

  std::vector<std::unique_ptr<View>> views_;
  float unit_ = 1;
  Color frame_ground_;
  size_t clicked_;       // the view clicked last that has a table, or none: their number
  size_t open_tab_ = 0;  // the view in the lower panel
  std::string text_log_;
};

// Sends pressed keys to the state; nothing while a text field has the keyboard.
void dispatch_keys(AppState& state);

}  // namespace stepscope::viewer
