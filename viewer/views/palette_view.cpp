// SPDX-License-Identifier: Apache-2.0
//
// Command palette: type a few letters of what is wanted; Up and Down choose, Enter does it. All rows of the command table,
// the best match first.
#include <algorithm>
#include <string>
#include <vector>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/fuzzy.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

struct PaletteMatch {
  const CommandRow* row;
  FuzzyMatch match;  // in its text
};

std::vector<PaletteMatch> matches_of(std::string_view pattern) {
  std::vector<PaletteMatch> matches;
  for (const CommandRow& row : command_table()) {
    if (row.command == Command::kPalette) {
      continue;
    }
    if (auto match = fuzzy_match(row.text, pattern)) {
      matches.push_back({&row, std::move(*match)});
    } else if (const auto by_name = fuzzy_match(row.name, pattern)) {
      matches.push_back({&row, {by_name->score / 2, {}}});  // found by the name that scripts use
    }
  }
  std::stable_sort(matches.begin(), matches.end(), [](const PaletteMatch& x, const PaletteMatch& y) {
    return x.match.score > y.match.score;
  });
  return matches;
}

class PaletteView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    PaletteBox& box = state.palette_box;
    const ImVec2 corner(area.pos.x + area.size.x, area.pos.y + area.size.y);
    compat::add_outline(*ImGui::GetWindowDrawList(), area.pos, corner, to_im(colors.border), 4 * area.unit,
                        1);
    ImGui::SetCursorPos(ImVec2(12 * area.unit, 12 * area.unit));
    ImGui::SetNextItemWidth(area.size.x - 24 * area.unit);
    if (box.focus) {
      ImGui::SetKeyboardFocusHere();
      box.focus = false;
    }
    const std::string before(box.text.data());
    const bool enter = ImGui::InputTextWithHint("##command", "What do you want to do?", box.text.data(),
                                                box.text.size(), ImGuiInputTextFlags_EnterReturnsTrue);
    const std::string pattern(box.text.data());
    const std::vector<PaletteMatch> matches = matches_of(pattern);
    box.chosen = pattern == before ? box.chosen : 0;
    const bool moved = choose(box, matches.size());
    const CommandRow* wanted = enter && !matches.empty() ? matches[box.chosen].row : nullptr;
    ImGui::SetCursorPos(ImVec2(0, 12 * area.unit + ImGui::GetFrameHeight() + 8 * area.unit));
    compat::begin_child("matches", ImVec2(area.size.x, area.size.y - ImGui::GetCursorPosY() - 6 * area.unit),
                        0);
    for (size_t i = 0; i < matches.size(); ++i) {
      if (draw_row(state, matches[i], i == box.chosen, area)) {
        wanted = matches[i].row;
      }
      if (i == box.chosen && moved) {
        ImGui::SetScrollHereY();
      }
    }
    if (matches.empty()) {
      ImGui::SetCursorPosX(12 * area.unit);
      ui::text(colors.text_faint, "no command has these letters in this order");
    }
    ImGui::EndChild();
    const bool elsewhere =
        ImGui::IsMouseClicked(ImGuiMouseButton_Left) && !ImGui::IsMouseHoveringRect(area.pos, corner, false);
    box.open = !elsewhere;
    if (wanted != nullptr) {
      box.open = false;
      state.execute(wanted->command);
    }
  }

 private:
  static bool choose(PaletteBox& box, size_t count) {
    const size_t before = box.chosen;
    if (count == 0) {
      box.chosen = 0;
    } else if (compat::key_pressed(Key::kDown, true)) {
      box.chosen = (box.chosen + 1) % count;
    } else if (compat::key_pressed(Key::kUp, true)) {
      box.chosen = (box.chosen + count - 1) % count;
    }
    return box.chosen != before;
  }

  // True when it was clicked.
  static bool draw_row(const AppState& state, const PaletteMatch& found, bool chosen, const ViewArea& area) {
    const Palette& colors = state.colors();
    const float height = ImGui::GetTextLineHeight() + 8 * area.unit;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::PushID(found.row);
    const bool clicked = ImGui::InvisibleButton("##row", ImVec2(std::max(1.0F, area.size.x), height));
    const bool hovered = ImGui::IsItemHovered();
    ImGui::PopID();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    if (chosen || hovered) {
      list.AddRectFilled(at, ImVec2(at.x + area.size.x, at.y + height),
                         to_im(chosen ? colors.accent_soft : colors.panel_alt));
    }
    ImGuiPainter painter(list);
    const float y = at.y + 4 * area.unit;
    const float right = at.x + area.size.x - 14 * area.unit;
    const std::string keys = state.keys.text(found.row->command);
    const float keys_x = right - painter.text_width(keys);
    painter.text(keys_x, y, right, colors.text_faint, keys);
    const float group = 76 * area.unit;
    painter.text(at.x + 14 * area.unit, y, at.x + group, colors.text_faint, found.row->group);
    draw_text(painter, {at.x + group + 6 * area.unit, y}, keys_x - 12 * area.unit, found, colors);
    return clicked;
  }

  // Letters that matched in the colour of what is chosen, so that one sees why a row is here.
  static void draw_text(ImGuiPainter& painter, ImVec2 at, float right, const PaletteMatch& found,
                        const Palette& colors) {
    const std::string_view text = found.row->text;
    size_t next = 0;
    for (size_t i = 0; i < text.size();) {
      const bool hit = next < found.match.places.size() && found.match.places[next] == i;
      size_t end = hit ? i : (next < found.match.places.size() ? found.match.places[next] : text.size());
      while (hit && next < found.match.places.size() && found.match.places[next] == end) {
        ++end;
        ++next;
      }
      const std::string_view part = text.substr(i, end - i);
      painter.text(at.x, at.y, right, hit ? colors.accent : colors.text, part);
      at.x += painter.text_width(part);
      i = end;
    }
  }
};

}  // namespace

std::unique_ptr<View> make_palette_view() {
  return std::make_unique<PaletteView>();
}

}  // namespace stepscope::viewer
