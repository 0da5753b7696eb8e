// SPDX-License-Identifier: Apache-2.0
//
// Counters: the list of clocks, power, throttling, memory, pressure of both runs, over the time that the timeline shows. A click on a
// title puts the row under the timeline or takes it away, a click on a line brings the timeline there.
#include <algorithm>
#include <cmath>
#include <string>

#include "viewer/counter_board.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/scope.hpp"
#include "viewer/timeline/counter_rows.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class CountersView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const CounterBoard* board = counter_board(state);
    if (board == nullptr) {
      ui::text_wrapped(colors.text_dim, state.counters.waiting("reading counters ..."));
      return;
    }
    if (board->pairs.empty()) {
      ui::text_wrapped(colors.text_dim,
                       "No counters were recorded. Clocks, power and throttling come from NVML where the job "
                       "has a GPU, CPU, memory and "
                       "pressure from every process that stepscope records; imported traces have none.");
    }
    for (const CounterLines& lines : board->read) {
      if (!lines.error.empty()) {
        ui::text_wrapped(colors.error, lines.error);
      }
    }
    if (!board->pairs.empty()) {
      draw_rows(state, *board, area.unit);
    }
  }

 private:
  struct Frame {
    ImVec2 at;
    float gutter = 0;
    float width = 0;
    float height = 0;  // of a row
    float unit = 1;
    std::optional<double> pointer;  // display time under it
  };

  void draw_rows(AppState& state, const CounterBoard& board, float unit) {
    const Palette& colors = state.colors();
    refresh_flat(board, *state.counters.answered());
    const bool all = state.view_options.flat_counters;
    if (ui::toggle("all", all, colors)) {
      state.view_options.flat_counters = !all;
    }
    ui::tooltip("also lines that never change");
    ImGui::SameLine(0, 10 * unit);
    ImGui::AlignTextToFramePadding();
    ui::text(colors.text_faint, "click a title: under the timeline" +
                                    (all || flat_count_ == 0 ? ""
                                                             : " · " + format_count(flat_count_) +
                                                                   " lines that never change are left out"));
    compat::begin_child("lines", ImGui::GetContentRegionAvail(), 0);
    Frame frame = frame_of(state, unit);
    Viewport view = state.view;
    view.set_width(static_cast<double>(std::floor(frame.width)));
    for (const Side side : {Side::kA, Side::kB}) {
      if (state.run(side) != nullptr) {
        state.alignment.fill(side, view, maps_.at(index_of(side)));
      }
    }
    const std::vector<size_t> chosen = timeline_counters(state, board);
    const size_t rows = all ? board.pairs.size() : board.pairs.size() - flat_count_;
    const bool toggled = cursor_.take(state, rows);
    std::string_view owner;
    std::optional<size_t> clicked;
    for (size_t i = 0, row = 0; i < board.pairs.size(); ++i) {
      const CounterPair& pair = board.pairs[i];
      if (!all && flat_[i]) {
        continue;
      }
      const bool at_row = cursor_.on(row++);
      if (pair.any().owner != owner) {
        owner = pair.any().owner;
        ui::text(colors.accent, owner);
      }
      frame.at = ImGui::GetCursorScreenPos();
      ImGui::PushID(static_cast<int>(i));
      if (ImGui::InvisibleButton("##title", ImVec2(frame.gutter - 6 * unit, frame.height))) {
        clicked = i;
      }
      ImGui::PopID();
      if (at_row && toggled) {
        clicked = i;
      }
      if (at_row && cursor_.moved()) {
        ImGui::SetScrollHereY();
      }
      const bool over = ImGui::IsItemHovered() || at_row;
      if (ImGui::IsItemVisible()) {
        draw_line(state, pair, frame, over, std::binary_search(chosen.begin(), chosen.end(), i));
      }
    }
    ImGui::EndChild();
    if (clicked) {
      toggle_timeline_counter(state, board, *clicked);
    }
  }

  static Frame frame_of(AppState& state, float unit) {
    const float room = ImGui::GetContentRegionAvail().x;
    Frame frame;
    frame.unit = unit;
    frame.gutter = std::min(230 * unit, room * 0.45F);
    frame.width = std::max(20.0F, room - frame.gutter);
    frame.height = std::floor(2 * ImGui::GetTextLineHeight() + 6 * unit);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const float x0 = ImGui::GetCursorScreenPos().x + frame.gutter;
    if (ImGui::IsWindowHovered() && mouse.x >= x0 && mouse.x < x0 + frame.width) {
      const TimeRange seen = state.view.visible();
      frame.pointer = seen.begin_ns + seen.length() * static_cast<double>((mouse.x - x0) / frame.width);
      if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) {
        state.view.center_on(*frame.pointer);
      }
    }
    return frame;
  }

  // Once for every board: which rows never change.
  void refresh_flat(const CounterBoard& board, const std::array<uint64_t, 2>& runs) {
    if (flat_of_ == runs) {
      return;
    }
    flat_of_ = runs;
    flat_.clear();
    for (const CounterPair& pair : board.pairs) {
      flat_.push_back(is_flat(pair));
    }
    flat_count_ = static_cast<size_t>(std::count(flat_.begin(), flat_.end(), true));
  }

  static bool is_flat(const CounterPair& pair) {
    const CounterSeries& any = pair.any().series;
    return std::all_of(std::begin(pair.line), std::end(pair.line), [&](const CounterLine* line) {
      return line == nullptr || (line->series.min() == line->series.max() && line->series.min() == any.min());
    });
  }

  void draw_line(const AppState& state, const CounterPair& pair, const Frame& frame, bool over, bool chosen) {
    const Palette& colors = state.colors();
    ImGuiPainter paint(*ImGui::GetWindowDrawList());
    const float x = frame.at.x + frame.gutter;
    const Box plot{x, frame.at.y + 1, x + frame.width, frame.at.y + frame.height - 3, colors.panel_alt};
    paint.box(plot);
    if (const auto time = selected_time(state)) {
      const auto at = [&](double t) {
        const double share = (t - state.view.visible().begin_ns) / state.view.visible().length();
        return x + frame.width * static_cast<float>(std::clamp(share, 0.0, 1.0));
      };
      paint.box({at(time->begin_ns), plot.y0, at(time->end_ns), plot.y1, with_alpha(colors.accent, 40)});
    }
    paint_counter_lines(paint, state, pair, maps_, plot, scratch_);
    if (frame.pointer) {
      const float at = ImGui::GetIO().MousePos.x;
      paint.line(at, plot.y0, at, plot.y1, colors.cursor, 1);
    }
    if (chosen) {
      paint.box({frame.at.x, plot.y0, frame.at.x + 3 * frame.unit, plot.y1, colors.accent});
    }
    const float text_x = frame.at.x + 9 * frame.unit;
    const float text_end = x - 6 * frame.unit;
    paint.text(text_x, frame.at.y, text_end, chosen || over ? colors.text : colors.text_dim,
               pair.any().meaning.title);
    paint_counter_values(paint, state, pair, frame.pointer, text_x, text_end,
                         frame.at.y + paint.line_height());
  }

  std::array<PixelMap, 2> maps_;
  CounterScratch scratch_;
  std::optional<std::array<uint64_t, 2>> flat_of_;
  std::vector<bool> flat_;  // by row of the board
  size_t flat_count_ = 0;
  RowCursor cursor_;  // in the rows that are listed
};

}  // namespace

std::unique_ptr<View> make_counters_view() {
  return std::make_unique<CountersView>();
}

}  // namespace stepscope::viewer
