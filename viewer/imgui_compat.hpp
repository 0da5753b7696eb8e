// SPDX-License-Identifier: Apache-2.0
//
// The only place with branches on the version of Dear ImGui: 1.86 (Debian 12) to 1.92. Everything else keeps to
// what all of them have.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include "viewer/model/commands.hpp"

namespace stepscope::viewer::compat {

#if IMGUI_VERSION_NUM >= 18700
using NativeKey = ImGuiKey;  // a number up to 1.88, an enumeration since
#define STEPSCOPE_KEY(name, glfw) ImGuiKey_##name
#else
using NativeKey = int;  // before 1.87 the index of the back end: GLFW's own codes
#define STEPSCOPE_KEY(name, glfw) GLFW_KEY_##glfw
#endif
template <typename Native>
[[nodiscard]] Native nth_after(Native first, int n) {
  if constexpr (std::is_enum_v<Native>) {
    return static_cast<Native>(first + n);
  } else {
    return first + n;
  }
}

[[nodiscard]] inline NativeKey native_key(Key key) {
  // Letters, digits and function keys stand in a row in all three enumerations.
  const auto in_row = [key](Key first, NativeKey native) {
    return nth_after(native, static_cast<int>(key) - static_cast<int>(first));
  };
  if (key >= Key::kA && key <= Key::kZ) {
    return in_row(Key::kA, STEPSCOPE_KEY(A, A));
  }
  if (key >= Key::k0 && key <= Key::k9) {
    return in_row(Key::k0, STEPSCOPE_KEY(0, 0));
  }
  if (key >= Key::kF1 && key <= Key::kF12) {
    return in_row(Key::kF1, STEPSCOPE_KEY(F1, F1));
  }
  switch (key) {
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
    case Key::kEnd:
      return STEPSCOPE_KEY(End, END);
    case Key::kPageUp:
      return STEPSCOPE_KEY(PageUp, PAGE_UP);
    case Key::kPageDown:
      return STEPSCOPE_KEY(PageDown, PAGE_DOWN);
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
    case Key::kBackspace:
      return STEPSCOPE_KEY(Backspace, BACKSPACE);
    case Key::kDelete:
      return STEPSCOPE_KEY(Delete, DELETE);
    default:
      break;
  }
  return STEPSCOPE_KEY(Pause, PAUSE);  // kNone is asked for by nobody
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

inline void send_modifiers(ImGuiIO& io, bool ctrl, bool shift, bool alt = false) {
#if IMGUI_VERSION_NUM >= 18900
  io.AddKeyEvent(ImGuiMod_Ctrl, ctrl);
  io.AddKeyEvent(ImGuiMod_Shift, shift);
  io.AddKeyEvent(ImGuiMod_Alt, alt);
#elif IMGUI_VERSION_NUM >= 18700
  io.AddKeyEvent(ImGuiKey_ModCtrl, ctrl);
  io.AddKeyEvent(ImGuiKey_ModShift, shift);
  io.AddKeyEvent(ImGuiKey_ModAlt, alt);
#else
  io.KeyCtrl = ctrl;
  io.KeyShift = shift;
  io.KeyAlt = alt;
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

// Has the back end set up all that it draws with, after a callback changed it. A mark up to 1.92.7, since then a function.
inline void add_reset(ImDrawList& list) {
#if IMGUI_VERSION_NUM >= 19280
  list.AddCallback(ImGui::GetPlatformIO().DrawCallback_ResetRenderState, nullptr);
#else
  list.AddCallback(ImDrawCallback_ResetRenderState, nullptr);
#endif
}

// A pointer up to 1.91.3, a number since.
template <typename Id>
[[nodiscard]] Id texture_id(intptr_t value) {
  if constexpr (std::is_pointer_v<Id>) {
    return reinterpret_cast<Id>(value);
  } else {
    return static_cast<Id>(value);
  }
}

#if IMGUI_VERSION_NUM >= 19090
inline constexpr ImGuiCol kTabSelected = ImGuiCol_TabSelected;
#else
inline constexpr ImGuiCol kTabSelected = ImGuiCol_TabActive;
#endif

// After the fonts changed. From 1.92 on the back end does it by itself.
inline void rebuild_font_texture() {
#if IMGUI_VERSION_NUM < 19200
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
#endif
}

// For a context without a renderer (tests, bench): what a back end would answer.
inline void prepare_headless_fonts(ImGuiIO& io) {
#if IMGUI_VERSION_NUM >= 19200
  io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
#else
  unsigned char* pixels = nullptr;
  int width = 0;
  int height = 0;
  io.Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
  io.Fonts->SetTexID(texture_id<ImTextureID>(1));
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

// What a built frame consists of.
[[nodiscard]] inline std::span<ImDrawList* const> draw_lists(const ImDrawData& data) {
#if IMGUI_VERSION_NUM >= 18980
  return {data.CmdLists.Data, static_cast<size_t>(data.CmdLists.Size)};
#else
  return {data.CmdLists, static_cast<size_t>(data.CmdListsCount)};
#endif
}

// The back end has textures to make or to change before the frame can be drawn.
[[nodiscard]] inline bool textures_pending(const ImDrawData& data) {
#if IMGUI_VERSION_NUM >= 19200
  return data.Textures != nullptr &&
         std::any_of(data.Textures->begin(), data.Textures->end(),
                     [](const ImTextureData* texture) { return texture->Status != ImTextureStatus_OK; });
#else
  (void)data;
  return false;
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

// What TableSetupColumn was given for a column of ImGui's own table; the field was renamed in 1.92.9.
template <typename TableColumn>
[[nodiscard]] ImGuiID column_user_id(const TableColumn& column) {
  if constexpr (requires { column.UserID; }) {
    return column.UserID;
  } else {
    return column.UserData;
  }
}

}  // namespace stepscope::viewer::compat
