// SPDX-License-Identifier: Apache-2.0
//
// Shell: one frame of the whole window: places the regions, opens an ImGui window for each, runs the views, turns keys
// into commands. Needs an ImGui context, but no window and no GL: frame tests and the bench drive it directly.
#pragma once

#include <memory>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/view.hpp"

namespace stepscope::viewer {

class Shell {
 public:
  Shell();
  // Between ImGui::NewFrame and ImGui::Render. `scale`: of the display, times the user's.
  void draw(AppState& state, float scale);

 private:
  void draw_regions(AppState& state);
  void draw_drawer(AppState& state, ImVec2 pos, ImVec2 size);
  void draw_tabs(AppState& state, ImVec2 pos, ImVec2 size);
  void draw_view(size_t index, AppState& state, ImVec2 pos, ImVec2 size);
  void draw_splitter(ImVec2 pos, ImVec2 size, float total, Color ground);
  [[nodiscard]] size_t find(Region region) const;

  std::vector<std::unique_ptr<View>> views_;
  float unit_ = 1;
  float drawer_share_ = 0.30F;   // of the height
  bool requested_seen_ = false;  // the tab asked for has been told to open
};

// Sends pressed keys to the state; nothing while a text field has the keyboard.
void dispatch_keys(AppState& state);

}  // namespace stepscope::viewer
