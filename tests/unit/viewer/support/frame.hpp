// SPDX-License-Identifier: Apache-2.0
//
// FrameTest: the whole window without a window: an ImGui context, a state and a shell; input is injected, frames run in
// milliseconds.
#pragma once

#include <gtest/gtest.h>
#include <imgui.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/shell.hpp"

namespace stepscope::viewer::testing {

class FrameTest : public ::testing::Test {
 protected:
  FrameTest() : state(Options()) {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = ImVec2(1280, 720);
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    compat::prepare_headless_fonts(io);
    compat::send_mouse(io, -1e6F, -1e6F);
  }
  ~FrameTest() override { ImGui::DestroyContext(); }

  void frames(int count) {
    for (int i = 0; i < count; ++i) {
      ImGui::GetIO().DeltaTime = 0.05F;
      ImGui::NewFrame();
      shell.draw(state, 1.0F);
      ImGui::Render();
      compat::finish_headless_frame();
      state.wait();  // what the frame asked for is in the next one
    }
  }
  void press(Key key, bool ctrl = false, bool shift = false) {
    ImGuiIO& io = ImGui::GetIO();
    compat::send_modifiers(io, ctrl, shift);
    compat::send_key(io, key, true);
    frames(1);
    compat::send_key(io, key, false);
    compat::send_modifiers(io, false, false);
    frames(3);  // a text field that asks for the keyboard again has it by then, with every release of ImGui
  }
  void type(char c) {
    ImGui::GetIO().AddInputCharacter(static_cast<unsigned>(c));
    frames(2);
  }
  void move(float x, float y) {
    compat::send_mouse(ImGui::GetIO(), x, y);
    frames(2);
  }
  void click(float x, float y, int button = 0) {
    move(x, y);
    compat::send_button(ImGui::GetIO(), button, true);
    frames(2);
    compat::send_button(ImGui::GetIO(), button, false);
    frames(2);
    frames(10);  // so that the next click is no double-click
  }
  void double_click(float x, float y) {
    move(x, y);
    for (int i = 0; i < 2; ++i) {
      compat::send_button(ImGui::GetIO(), 0, true);
      frames(1);
      compat::send_button(ImGui::GetIO(), 0, false);
      frames(1);
    }
    frames(10);
  }
  void drag(float x0, float y0, float x1, float y1, bool ctrl = false) {
    move(x0, y0);
    compat::send_modifiers(ImGui::GetIO(), ctrl, false);
    compat::send_button(ImGui::GetIO(), 0, true);
    frames(2);
    move((x0 + x1) / 2, (y0 + y1) / 2);
    move(x1, y1);
    compat::send_button(ImGui::GetIO(), 0, false);
    frames(2);
    compat::send_modifiers(ImGui::GetIO(), false, false);
    frames(10);
  }
  void wheel(float x, float y, float amount, bool ctrl) {
    move(x, y);
    compat::send_modifiers(ImGui::GetIO(), ctrl, false);
    compat::send_wheel(ImGui::GetIO(), 0, amount);
    frames(1);
    compat::send_wheel(ImGui::GetIO(), 0, 0);
    compat::send_modifiers(ImGui::GetIO(), false, false);
    frames(1);
  }

  void load_one() { state.set_run(Side::kA, training_run("healthy", healthy)); }
  void load_two() {
    load_one();
    state.set_run(Side::kB, training_run("slow", slow));
    state.set_table(wait_table(healthy, slow));
  }

  // Screen x of a time of run A, and y of the n-th lane row from the top.
  [[nodiscard]] float x_of(int64_t t) const {
    return kGutter + static_cast<float>(state.view.to_pixel(state.alignment.to_display(Side::kA, t)));
  }
  [[nodiscard]] float y_of_lane(size_t lane_item) const {
    size_t seen = 0;
    for (const TrackItem& item : state.layout.items) {
      if (item.kind == TrackItem::Kind::kLane && seen++ == lane_item) {
        const float head = kToolbar + kStrip + 22 + 20 + (state.two_runs() ? 20.0F : 0.0F);
        return head - state.scroll_y + item.y + state.layout.row_height / 2;
      }
    }
    return -1;
  }

  static constexpr float kGutter = 200;
  static constexpr float kToolbar = 40;
  static constexpr float kStrip = 104;
  LoopShape healthy;
  LoopShape slow{.wait = 25'000'000, .fetch = 55'000'000};
  AppState state;
  Shell shell;
};

}  // namespace stepscope::viewer::testing
