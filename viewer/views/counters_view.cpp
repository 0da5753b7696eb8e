// SPDX-License-Identifier: Apache-2.0
//
// Counters: clocks, power, throttling, memory, pressure of both runs over the time that the timeline shows: per pixel the least and the
// greatest value. A click brings the timeline there.
#include <algorithm>
#include <cmath>
#include <string>

#include "analyzer/run.hpp"
#include "viewer/counter_reader.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

struct CounterAnswer {
  std::array<CounterLines, 2> read;
  std::vector<CounterPair> pairs;  // into `read`
};

std::shared_ptr<const CounterAnswer> read_both_counters(const RunPair& runs,
                                                        const std::atomic<bool>& cancelled) {
  auto answer = std::make_shared<CounterAnswer>();
  for (size_t s = 0; s < 2; ++s) {
    if (runs[s] && runs[s]->source) {
      answer->read[s] = read_counters(*runs[s]->source, *runs[s], cancelled);
    }
  }
  answer->pairs = pair_counters(answer->read[0].lines, answer->read[1].lines);
  return answer;
}

class CountersView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const RunNumbers shown = shown_numbers(state);
    const auto* answer = lines_.ask(state.background, shown, [&] {
      return [runs = shown_runs(state)](const std::atomic<bool>& cancelled) {
        return read_both_counters(runs, cancelled);
      };
    });
    if (answer == nullptr || *lines_.answered() != shown) {
      ui::text(colors.text_dim, "reading counters ...");
      return;
    }
    const CounterAnswer& read = **answer;
    if (read.pairs.empty()) {
      ui::text_wrapped(colors.text_dim, "No counters were recorded.");
    }
    for (const CounterLines& lines : read.read) {
      if (!lines.error.empty()) {
        ui::text_wrapped(colors.error, lines.error);
      }
    }
    if (!read.pairs.empty()) {
      draw_rows(state, read, area.unit);
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

  void draw_rows(AppState& state, const CounterAnswer& read, float unit) {
    const Palette& colors = state.colors();
    size_t flat = 0;
    for (const CounterPair& pair : read.pairs) {
      flat += is_flat(pair) ? 1U : 0U;
    }
    const bool all = state.view_options.flat_counters;
    if (ui::toggle("all", all, colors)) {
      state.view_options.flat_counters = !all;
    }
    ui::tooltip("also lines that never change");
    ImGui::SameLine(0, 10 * unit);
    ImGui::AlignTextToFramePadding();
    ui::text(colors.text_faint, all || flat == 0
                                    ? "least and greatest value per pixel; the time of the timeline"
                                    : format_count(flat) + " lines that never change are left out");
    compat::begin_child("lines", ImGui::GetContentRegionAvail(), 0);
    const float room = ImGui::GetContentRegionAvail().x;
    Frame frame;
    frame.unit = unit;
    frame.gutter = std::min(230 * unit, room * 0.45F);
    frame.width = std::max(20.0F, room - frame.gutter);
    frame.height = std::floor(2 * ImGui::GetTextLineHeight() + 6 * unit);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const float x0 = ImGui::GetCursorScreenPos().x + frame.gutter;
    const TimeRange seen = state.view.visible();
    if (ImGui::IsWindowHovered() && mouse.x >= x0 && mouse.x < x0 + frame.width) {
      frame.pointer = seen.begin_ns + seen.length() * static_cast<double>((mouse.x - x0) / frame.width);
      if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) {
        state.view.center_on(*frame.pointer);
      }
    }
    Viewport view = state.view;
    view.set_width(static_cast<double>(std::floor(frame.width)));
    for (const Side side : {Side::kA, Side::kB}) {
      if (state.run(side) != nullptr) {
        state.alignment.fill(side, view, maps_[index_of(side)]);
      }
    }
    std::string_view owner;
    for (const CounterPair& pair : read.pairs) {
      if (!all && is_flat(pair)) {
        continue;
      }
      if (pair.any().owner != owner) {
        owner = pair.any().owner;
        ui::text(colors.accent, owner);
      }
      frame.at = ImGui::GetCursorScreenPos();
      if (ImGui::IsRectVisible(ImVec2(room, frame.height))) {
        draw_line(state, pair, frame);
      }
      ImGui::Dummy(ImVec2(room, frame.height));
    }
    ImGui::EndChild();
  }

  static bool is_flat(const CounterPair& pair) {
    const CounterSeries& any = pair.any().series;
    for (const CounterLine* line : pair.line) {
      if (line != nullptr && (line->series.min() != line->series.max() || line->series.min() != any.min())) {
        return false;
      }
    }
    return true;
  }

  void draw_line(const AppState& state, const CounterPair& pair, const Frame& frame) {
    const Palette& colors = state.colors();
    ImGuiPainter paint(*ImGui::GetWindowDrawList());
    const float x = frame.at.x + frame.gutter;
    const float top = frame.at.y + 1;
    const float bottom = frame.at.y + frame.height - 3;
    paint.box({x, top, x + frame.width, bottom, colors.panel_alt});
    double low = pair.any().series.min();
    double high = pair.any().series.max();
    for (const CounterLine* line : pair.line) {
      low = line != nullptr ? std::min(low, line->series.min()) : low;
      high = line != nullptr ? std::max(high, line->series.max()) : high;
    }
    if (low > 0 && low < 0.5 * high) {
      low = 0;  // near zero, zero is where it is measured from
    }
    // What hardly changes looks flat: the axis spans a tenth of the value at least.
    const double missing = std::max(0.0, 0.1 * std::abs(high) - (high - low));
    low -= low > 0 ? missing / 2 : 0;
    high += missing / 2;
    const double pad = high > low ? (high - low) * 0.08 : 1;
    const auto y_of = [&](double value) {
      const double share = (value - low + (low == 0 ? 0 : pad)) / (high - low + 2 * pad);
      return bottom - static_cast<float>(share) * (bottom - top);
    };
    if (const auto time = selected_time(state)) {
      const auto at = [&](double t) {
        const double share = (t - state.view.visible().begin_ns) / state.view.visible().length();
        return x + frame.width * static_cast<float>(std::clamp(share, 0.0, 1.0));
      };
      paint.box({at(time->begin_ns), top, at(time->end_ns), bottom, with_alpha(colors.accent, 40)});
    }
    for (const Side side : {Side::kA, Side::kB}) {
      if (const CounterLine* line = state.looks_at(side) ? pair.line[index_of(side)] : nullptr) {
        const Color color = state.two_runs() && side == Side::kA ? colors.run_a : colors.run_b;
        draw_series(paint, color, line->series, maps_[index_of(side)], x, y_of);
      }
    }
    if (frame.pointer) {
      const float at = ImGui::GetIO().MousePos.x;
      paint.line(at, top, at, bottom, colors.cursor, 1);
    }
    const float line = paint.line_height();
    paint.text(frame.at.x, frame.at.y, x - 6 * frame.unit, colors.text, pair.any().meaning.title);
    draw_values(paint, state, pair, frame, frame.at.y + line);
  }

  template <typename YOf>
  void draw_series(ImGuiPainter& paint, Color color, const CounterSeries& series, const PixelMap& map,
                   float x, const YOf& y_of) {
    boxes_.clear();
    float before = -1;
    for (size_t c = 0; c < map.columns(); ++c) {
      const auto range = series.range(map.edge[c], std::max(map.edge[c + 1], map.edge[c] + 1));
      if (!range || map.edge[c] == map.edge[c + 1]) {
        before = -1;
        continue;
      }
      float y1 = y_of(range->first) + 0.5F;
      float y0 = y_of(range->second) - 0.5F;
      const float next = y_of(range->second);
      if (before >= 0) {  // joined with the column before
        y0 = std::min(y0, before);
        y1 = std::max(y1, before);
      }
      before = next;
      const float at = x + static_cast<float>(c);
      boxes_.push_back({at, y0, at + 1, std::max(y1, y0 + 1.5F), color});
    }
    paint.boxes(boxes_);
  }

  // At the pointer, else the range of the whole run.
  static void draw_values(ImGuiPainter& paint, const AppState& state, const CounterPair& pair,
                          const Frame& frame, float y) {
    const Palette& colors = state.colors();
    float at = frame.at.x;
    for (const Side side : {Side::kA, Side::kB}) {
      const CounterLine* line = pair.line[index_of(side)];
      if (line == nullptr) {
        continue;
      }
      const std::string& unit = line->meaning.unit;
      std::string text = state.two_runs() ? (side == Side::kA ? "A " : "B ") : "";
      if (frame.pointer) {
        const auto value = line->series.at(state.alignment.to_time(side, *frame.pointer));
        text += value ? counter_text(*value, unit) : "-";
      } else if (line->series.min() == line->series.max()) {
        text += counter_text(line->series.max(), unit);
      } else {
        const bool scaled = unit.starts_with("bytes");  // each number has a unit of its own
        text += counter_text(line->series.min(), scaled ? unit : "") + " to " +
                counter_text(line->series.max(), unit);
      }
      const Color color = state.two_runs() && side == Side::kA ? colors.run_a : colors.text_dim;
      paint.text(at, y, frame.at.x + frame.gutter - 6 * frame.unit, color, text);
      at += std::max(paint.text_width(text) + 10 * frame.unit, frame.gutter / 2);
    }
  }

  Latest<RunNumbers, std::shared_ptr<const CounterAnswer>> lines_;
  std::array<PixelMap, 2> maps_;
  std::vector<Box> boxes_;
};

}  // namespace

std::unique_ptr<View> make_counters_view() {
  return std::make_unique<CountersView>();
}

}  // namespace stepscope::viewer
