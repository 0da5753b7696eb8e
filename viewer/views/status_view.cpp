// SPDX-License-Identifier: Apache-2.0
//
// Status line: legend of the categories on screen, what is loading, how much is shown.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/timeline/fitted_text.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class StatusView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    for (Background* thread : {&state.background, &state.clicks, &state.queries}) {
      if (std::string failure = thread->take_failure(); !failure.empty()) {
        state.message = std::move(failure);
      }
    }
    ImGuiPainter painter(*ImGui::GetWindowDrawList());
    const float y = area.pos.y + (area.size.y - painter.line_height()) / 2;
    const float right = area.pos.x + area.size.x - 10 * area.unit;
    const std::string text = status_text(state);
    const bool bad = !state.load.active && (!state.load.errors.empty() || losses_of(state) > 0);
    const Color color = !state.message.empty() ? state.colors().text
                        : bad                  ? state.colors().error
                                               : state.colors().text_faint;
    const float most =
        area.size.x < 600 * area.unit ? 0.94F : 0.6F;  // the legend needs room, in a small window it has none
    const std::string_view shown = fitted_text(painter, text, area.size.x * most, fitted_);
    const float width = painter.text_width(shown);
    painter.text(right - width, y, right, color, shown);
    if (state.load.active) {
      const float done = static_cast<float>(state.load.fraction) * area.size.x;
      painter.box(
          {area.pos.x, area.pos.y, area.pos.x + done, area.pos.y + 2 * area.unit, state.colors().accent});
    }
    draw_legend(painter, state, {area.pos.x + 10 * area.unit, y}, right - width - 16 * area.unit, area.unit);
  }

 private:
  static std::string status_text(const AppState& state) {
    if (!state.message.empty()) {
      return state.message;
    }
    if (state.axis_pending()) {
      return "looking for the event to align by ...";
    }
    if (!state.load.active && !state.load.errors.empty() && state.run(Side::kA) != nullptr) {
      return state.load.errors.back();
    }
    if (state.load.active) {
      return state.load.text;
    }
    const RunModel* run = state.run(Side::kA);
    if (run == nullptr) {
      return "";
    }
    uint64_t events = run->events;
    if (const RunModel* b = state.run(Side::kB)) {
      events += b->events;
    }
    const size_t losses = losses_of(state);
    std::string selected = summary(state.selection);
    if (state.selection.area) {
      selected =
          format_duration(state.selection.area->display.length()) + (selected.empty() ? "" : ", ") + selected;
    }
    return (losses > 0 ? "something is missing: see Recording · " : "") +
           (selected.empty() ? "" : selected + " selected · ") +
           format_duration(state.view.visible().length()) + " shown · " + format_count(events) + " events";
  }

  static size_t losses_of(const AppState& state) {
    size_t losses = 0;
    for (const Side side : {Side::kA, Side::kB}) {
      losses += state.run(side) != nullptr ? state.run(side)->losses() : 0;
    }
    return losses;
  }

  void draw_legend(ImGuiPainter& painter, const AppState& state, ImVec2 at, float right, float unit) {
    refresh(state);
    const float size = std::floor(painter.line_height() * 0.72F);
    float x = at.x;
    for (size_t c = 0; c < used_.size(); ++c) {
      if (!used_[c]) {
        continue;
      }
      const auto category = static_cast<Category>(c);
      const std::string_view label = category_label(category);
      const float width = painter.text_width(label);
      if (x + size + width > right) {
        break;
      }
      const float drop = (painter.line_height() - size) / 2 + 1;
      painter.box({x, at.y + drop, x + size, at.y + drop + size, category_color(category, state.theme)});
      painter.text(x + size + 5 * unit, at.y, right, state.colors().text_dim, label);
      x += size + width + 20 * unit;
    }
  }

  // Which categories the loaded runs have; looked up once per loaded run.
  void refresh(const AppState& state) {
    const std::array<const RunModel*, 2> runs{state.run(Side::kA), state.run(Side::kB)};
    if (runs == seen_) {
      return;
    }
    seen_ = runs;
    used_ = {};
    for (const RunModel* run : runs) {
      for (size_t n = 0; run != nullptr && n < run->names.size(); ++n) {
        used_.at(static_cast<size_t>(run->names[n].category)) = true;
      }
    }
  }

  std::array<const RunModel*, 2> seen_{};
  std::array<bool, kCategoryCount> used_{};
  std::string fitted_;  // scratch
};

}  // namespace

std::unique_ptr<View> make_status_view() {
  return std::make_unique<StatusView>();
}

}  // namespace stepscope::viewer
