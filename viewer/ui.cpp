// SPDX-License-Identifier: Apache-2.0
#include "viewer/ui.hpp"

#include <algorithm>

#include "viewer/imgui_painter.hpp"

namespace stepscope::viewer::ui {

void text(std::string_view text) {
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
}

void text(Color color, std::string_view string) {
  ImGui::PushStyleColor(ImGuiCol_Text, to_vec(color));
  text(string);
  ImGui::PopStyleColor();
}

void text_wrapped(Color color, std::string_view string) {
  ImGui::PushTextWrapPos(0.0F);
  text(color, string);
  ImGui::PopTextWrapPos();
}

void text_cut(Color color, std::string_view string) {
  constexpr size_t kTold = 2000;  // bytes of a name that may have ten thousand
  const float room = ImGui::GetContentRegionAvail().x;
  const auto width_of = [&](size_t bytes) {
    return ImGui::CalcTextSize(string.data(), string.data() + bytes).x;
  };
  const auto inside = [&](size_t at) {
    return at < string.size() && (static_cast<unsigned char>(string[at]) & 0xC0U) == 0x80U;
  };
  const std::string_view line = string.substr(0, string.find('\n'));
  size_t keep = std::min(line.size(), kTold);
  const bool whole = keep == string.size() && width_of(keep) <= room;
  if (whole) {
    return text(color, string);
  }
  const float ellipsis = ImGui::CalcTextSize("…").x;
  while (keep > 0 && (inside(keep) || width_of(keep) > room - ellipsis)) {
    // By the width that is too much, then one by one.
    const float over = width_of(keep) - (room - ellipsis);
    keep -= std::clamp<size_t>(static_cast<size_t>(std::max(0.0F, over) / ImGui::GetFontSize()), 1, keep);
  }
  text(color, std::string(string.substr(0, keep)) + "…");
  if (ImGui::IsItemHovered()) {
    ImGui::BeginTooltip();
    name(color, string);
    ImGui::EndTooltip();
  }
}

void name(Color color, std::string_view string) {
  constexpr size_t kMost = 400;
  constexpr float kLetters = 40;  // to a line, if they are as wide as they are high
  size_t keep = std::min(string.size(), kMost);
  while (keep > 0 && keep < string.size() && (static_cast<unsigned char>(string[keep]) & 0xC0U) == 0x80U) {
    --keep;  // not inside a character
  }
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * kLetters);
  text(color, keep < string.size() ? std::string(string.substr(0, keep)) + "…" : std::string(string));
  ImGui::PopTextWrapPos();
}

void text_right(Color color, std::string_view string) {
  const float width = ImGui::CalcTextSize(string.data(), string.data() + string.size()).x;
  const float room = ImGui::GetContentRegionAvail().x;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0F, room - width));
  text(color, string);
}

void swatch(Color color) {
  const float size = ImGui::GetFontSize() * 0.72F;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float drop = (ImGui::GetTextLineHeight() - size) / 2 + 1;
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, at.y + drop),
                                            ImVec2(at.x + size, at.y + drop + size), to_im(color), 2.0F);
  ImGui::Dummy(ImVec2(size, ImGui::GetTextLineHeight()));
  ImGui::SameLine(0, size * 0.6F);
}

bool toggle(const char* label, bool on, const Palette& colors) {
  if (on) {
    ImGui::PushStyleColor(ImGuiCol_Button, to_vec(colors.accent_soft));
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered, to_vec(colors.accent_soft));
    ImGui::PushStyleColor(ImGuiCol_Text, to_vec(colors.text));
  } else {
    ImGui::PushStyleColor(ImGuiCol_Button, to_vec(colors.panel));
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered, to_vec(colors.header));
    ImGui::PushStyleColor(ImGuiCol_Text, to_vec(colors.text_dim));
  }
  const bool clicked = ImGui::Button(label);
  ImGui::PopStyleColor(3);
  return clicked;
}

void tooltip(std::string_view string) {
  if (ImGui::IsItemHovered()) {
    ImGui::BeginTooltip();
    text(string);
    ImGui::EndTooltip();
  }
}

namespace {
// Makes the string of a text field as long as what was typed.
int resize_text(ImGuiInputTextCallbackData* data) {
  auto& grown = *static_cast<std::string*>(data->UserData);
  grown.resize(static_cast<size_t>(data->BufTextLen));
  data->Buf = grown.data();
  return 0;
}
}  // namespace

bool input_text(const char* id, const char* hint, std::string& text) {
  return ImGui::InputTextWithHint(id, hint, text.data(), text.capacity() + 1,
                                  ImGuiInputTextFlags_CallbackResize, resize_text, &text);
}

bool input_text_lines(const char* id, std::string& text, ImVec2 size) {
  return ImGui::InputTextMultiline(id, text.data(), text.capacity() + 1, size,
                                   ImGuiInputTextFlags_CallbackResize, resize_text, &text);
}

}  // namespace stepscope::viewer::ui
