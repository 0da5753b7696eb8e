// SPDX-License-Identifier: Apache-2.0
//
// Small widgets that several views share, on what every supported ImGui has.
#pragma once

#include <string>
#include <string_view>

#include <imgui.h>

#include "viewer/model/palette.hpp"

namespace stepscope::viewer::ui {

void text(std::string_view text);
void text(Color color, std::string_view text);
void text_wrapped(Color color, std::string_view text);
// On one line, as much as fits into the width that is left, with an ellipsis; what was cut is told by the pointer.
void text_cut(Color color, std::string_view text);
// A recorded name in a tooltip, which is as wide as its widest line: wrapped, and of 10 kB the beginning.
void name(Color color, std::string_view text);
// Right-aligned in the current table cell.
void text_right(Color color, std::string_view text);
// A filled square the height of the text, followed by SameLine.
void swatch(Color color);
// A button that looks pressed while `on`.
bool toggle(const char* label, bool on, const Palette& colors);
void tooltip(std::string_view text);
// A text field of any length. True when the text changed.
bool input_text(const char* id, const char* hint, std::string& text);
// The same of several lines.
bool input_text_lines(const char* id, std::string& text, ImVec2 size);

}  // namespace stepscope::viewer::ui
