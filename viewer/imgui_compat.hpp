// SPDX-License-Identifier: Apache-2.0
//
// The only place with branches on the version of Dear ImGui: 1.86 (Debian 12) to 1.92. Everything else keeps to
// what all of them have.
#pragma once

#include <cstdint>

#include <GLFW/glfw3.h>
#include <imgui.h>

#include "viewer/model/commands.hpp"

namespace stepscope::viewer::compat {

#if IMGUI_VERSION_NUM >= 18700
using NativeKey = ImGuiKey;
#define STEPSCOPE_KEY(name, glfw) ImGuiKey_##name
#else
using NativeKey = int;  // before 1.87 the index of the back end: GLFW's own codes
#define STEPSCOPE_KEY(name, glfw) GLFW_KEY_##glfw
#endif

[[nodiscard]] inline NativeKey native_key(Key key) {
  switch (key) {
    case Key::kA:
      return STEPSCOPE_KEY(A, A);
    case Key::kD:
      return STEPSCOPE_KEY(D, D);
    case Key::kF:
      return STEPSCOPE_KEY(F, F);
    case Key::kG:
      return STEPSCOPE_KEY(G, G);
    case Key::kL:
      return STEPSCOPE_KEY(L, L);
    case Key::kM:
      return STEPSCOPE_KEY(M, M);
    case Key::kN:
      return STEPSCOPE_KEY(N, N);
    case Key::kP:
      return STEPSCOPE_KEY(P, P);
    case Key::kQ:
      return STEPSCOPE_KEY(Q, Q);
    case Key::kR:
      return STEPSCOPE_KEY(R, R);
    case Key::kS:
      return STEPSCOPE_KEY(S, S);
    case Key::kT:
      return STEPSCOPE_KEY(T, T);
    case Key::kW:
      return STEPSCOPE_KEY(W, W);
    case Key::k0:
      return STEPSCOPE_KEY(0, 0);
    case Key::k1:
      return STEPSCOPE_KEY(1, 1);
    case Key::k2:
      return STEPSCOPE_KEY(2, 2);
    case Key::k3:
      return STEPSCOPE_KEY(3, 3);
    case Key::k4:
      return STEPSCOPE_KEY(4, 4);
    case Key::k5:
      return STEPSCOPE_KEY(5, 5);
    case Key::kLeft:
      return STEPSCOPE_KEY(LeftArrow, LEFT);
    case Key::kRight:
      return STEPSCOPE_KEY(RightArrow, RIGHT);
    case Key::kUp:
      return STEPSCOPE_KEY(UpArrow, UP);
    case Key::kDown:
      return STEPSCOPE_KEY(DownArrow, DOWN);
    case Key::kHome:
      return STEPSCOPE_KEY(Home, HOME);
    case Key::kSlash:
      return STEPSCOPE_KEY(Slash, SLASH);
    case Key::kPeriod:
      return STEPSCOPE_KEY(Period, PERIOD);
    case Key::kComma:
      return STEPSCOPE_KEY(Comma, COMMA);
    case Key::kLeftBracket:
      return STEPSCOPE_KEY(LeftBracket, LEFT_BRACKET);
    case Key::kRightBracket:
      return STEPSCOPE_KEY(RightBracket, RIGHT_BRACKET);
    case Key::kEscape:
      return STEPSCOPE_KEY(Escape, ESCAPE);
    case Key::kSpace:
      return STEPSCOPE_KEY(Space, SPACE);
    case Key::kBackslash:
      return STEPSCOPE_KEY(Backslash, BACKSLASH);
    case Key::kEnter:
      return STEPSCOPE_KEY(Enter, ENTER);
    case Key::kEqual:
      return STEPSCOPE_KEY(Equal, EQUAL);
    case Key::kMinus:
      return STEPSCOPE_KEY(Minus, MINUS);
    case Key::kTab:
      return STEPSCOPE_KEY(Tab, TAB);
    case Key::kNone:
      break;
  }
  return STEPSCOPE_KEY(F12, F12);
}
#undef STEPSCOPE_KEY

[[nodiscard]] inline bool key_pressed(Key key, bool repeat) {
  return ImGui::IsKeyPressed(native_key(key), repeat);
}

// Input for tests, before NewFrame.
inline void send_key(ImGuiIO& io, Key key, bool down) {
#if IMGUI_VERSION_NUM >= 18700
  io.AddKeyEvent(native_key(key), down);
#else
  io.KeysDown[native_key(key)] = down;
#endif
}

inline void send_modifiers(ImGuiIO& io, bool ctrl, bool shift) {
#if IMGUI_VERSION_NUM >= 18900
  io.AddKeyEvent(ImGuiMod_Ctrl, ctrl);
  io.AddKeyEvent(ImGuiMod_Shift, shift);
#elif IMGUI_VERSION_NUM >= 18700
  io.AddKeyEvent(ImGuiKey_ModCtrl, ctrl);
  io.AddKeyEvent(ImGuiKey_ModShift, shift);
#else
  io.KeyCtrl = ctrl;
  io.KeyShift = shift;
#endif
}

inline void send_mouse(ImGuiIO& io, float x, float y) {
#if IMGUI_VERSION_NUM >= 18700
  io.AddMousePosEvent(x, y);
#else
  io.MousePos = ImVec2(x, y);
#endif
}

inline void send_button(ImGuiIO& io, int button, bool down) {
#if IMGUI_VERSION_NUM >= 18700
  io.AddMouseButtonEvent(button, down);
#else
  io.MouseDown[button] = down;
#endif
}

inline void send_wheel(ImGuiIO& io, float x, float y) {
#if IMGUI_VERSION_NUM >= 18700
  io.AddMouseWheelEvent(x, y);
#else
  io.MouseWheelH = x;
  io.MouseWheel = y;
#endif
}

// 1.92.8 swaps flags and thickness.
inline void add_outline(ImDrawList& list, ImVec2 low, ImVec2 high, ImU32 color, float rounding,
                        float thickness) {
#if IMGUI_VERSION_NUM >= 19276
  list.AddRect(low, high, color, rounding, thickness, 0);
#else
  list.AddRect(low, high, color, rounding, 0, thickness);
#endif
}

// Whether the atlas must be built before the first frame and uploaded by us; from 1.92 it grows as needed.
#if IMGUI_VERSION_NUM >= 19200
inline constexpr bool kDynamicAtlas = true;
#else
inline constexpr bool kDynamicAtlas = false;
#endif

// For a context without a renderer (tests, bench): what a back end would answer.
inline void prepare_headless_fonts(ImGuiIO& io) {
#if IMGUI_VERSION_NUM >= 19200
  io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
#else
  unsigned char* pixels = nullptr;
  int width = 0;
  int height = 0;
  io.Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
  io.Fonts->SetTexID(reinterpret_cast<ImTextureID>(static_cast<intptr_t>(1)));
#endif
#if IMGUI_VERSION_NUM < 18700
  io.KeyMap[ImGuiKey_Enter] = GLFW_KEY_ENTER;  // text fields ask for it by this table
  io.KeyMap[ImGuiKey_Escape] = GLFW_KEY_ESCAPE;
#endif
}

inline void finish_headless_frame() {
#if IMGUI_VERSION_NUM >= 19200
  for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
    texture->SetStatus(ImTextureStatus_OK);
  }
#endif
}

inline void set_font_scale(ImGuiIO& io, float scale) {
#if IMGUI_VERSION_NUM >= 19200
  (void)io;
  ImGui::GetStyle().FontScaleMain = scale;
#else
  io.FontGlobalScale = scale;
#endif
}

inline bool begin_child(const char* id, ImVec2 size, ImGuiWindowFlags flags) {
#if IMGUI_VERSION_NUM >= 19000
  return ImGui::BeginChild(id, size, 0, flags);
#else
  return ImGui::BeginChild(id, size, false, flags);
#endif
}

}  // namespace stepscope::viewer::compat
