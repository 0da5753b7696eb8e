// SPDX-License-Identifier: Apache-2.0
//
// View: one part of the window. draw() runs inside an ImGui window that the shell has opened at `area`; it must not
// block, query or change anything but the state. To add one: a file in views/, a row in views/registry.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include <imgui.h>

#include "viewer/app_state.hpp"
#include "viewer/model/table_text.hpp"

namespace stepscope::viewer {

struct ViewArea {
  ImVec2 pos;
  ImVec2 size;
  float unit = 1;    // scale factor: multiply every pixel constant by it
  float gutter = 0;  // width of the column of titles, shared by strip and timeline
};

class View {
 public:
  View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  virtual ~View() = default;
  virtual void draw(AppState& state, const ViewArea& area) = 0;
  // What of it can be copied, where only the view itself has it; others name a function in their row of the registry.
  [[nodiscard]] virtual TableText table(const AppState&) const { return {}; }
};

enum class Region : uint8_t { kToolbar, kStrip, kTimeline, kTable, kTab, kStatus, kOverlay };

struct ViewRow {
  const char* id;
  Region region;
  Tab tab;            // for Region::kTable and kTab
  const char* title;  // of the tab
  std::unique_ptr<View> (*make)();
  TableText (*table)(const AppState&) = nullptr;  // what of it can be copied; viewer/tables.hpp
};

// All views, in drawing order.
[[nodiscard]] std::span<const ViewRow> view_table();

// How a view takes part in the linked selection: words of its dimensions (time, lanes, names, steps, run) apart by blanks. A view
// without a row has no part in it. docs/viewer.md says the same; tests hold both to what views do.
struct LinkedRow {
  std::string_view view;   // ViewRow::id
  std::string_view reads;  // shows them: leaves out, fades, lights up or frames
  std::string_view sets;   // a click, double-click or drag in it selects them
};
[[nodiscard]] std::span<const LinkedRow> linked_table();

}  // namespace stepscope::viewer
