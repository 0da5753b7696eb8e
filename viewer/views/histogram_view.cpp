// SPDX-License-Identifier: Apache-2.0
//
// Histogram: how long the highlighted name takes, of both runs: counts per duration, the share below a duration (ECDF), the numbers
// beside it. A drag selects a range of durations; the longest events of it lead to their place.
#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/axis.hpp"
#include "viewer/model/durations.hpp"
#include "viewer/model/format.hpp"
#include "viewer/model/table_text.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/duration_numbers.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

struct DurationQuestion {
  Scope scope;
  NameChoice name;
  DurationRange within;
  friend bool operator==(const DurationQuestion&, const DurationQuestion&) = default;
};

class HistogramView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const std::optional<NameChoice> name = chosen_name(state);
    if (!name) {
      ui::text_wrapped(
          colors.text_dim,
          "Click an event, or search for a name with /: how long it takes is drawn here, of both runs.");
      return;
    }
    name_ = *name;
    const DurationRange within = state.view_options.histogram.range_of(name_);
    const DurationQuestion question{scope_of(state), name_, within};
    const DurationReport* report = report_.ask(state.background, question, [&] {
      return [runs = chosen_runs(state), filters = filters_of(state, question.scope, *name),
              within](const std::atomic<bool>& cancelled) {
        return measure_durations({runs[0].get(), runs[1].get()}, filters, within, cancelled);
      };
    });
    draw_names(state, area.unit);
    draw_head(state, area);
    if (report == nullptr || report_.answered()->scope.runs != question.scope.runs) {
      ui::text_wrapped(colors.text_dim, report_.waiting("counting ..."));
      return;
    }
    if (report->edges.empty()) {
      ui::text_wrapped(colors.text_dim, "no such event in the " + scope_words(state));
      return;
    }
    const float room = ImGui::GetContentRegionAvail().x;
    const float list = room > 520 * area.unit ? std::floor(std::max(room * 0.34F, 262 * area.unit)) : 0;
    const float height = ImGui::GetContentRegionAvail().y;
    compat::begin_child("durations", ImVec2(room - list - (list > 0 ? 10 * area.unit : 0), height),
                        ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    if (list <= 0) {
      draw_duration_numbers(state, *report, area.unit);
    }
    draw_plot(state, *report, area.unit);
    ImGui::EndChild();
    if (list > 0) {
      ImGui::SameLine(0, 10 * area.unit);
      compat::begin_child("longest", ImVec2(list, height), 0);
      draw_duration_column(state, *report, area.unit);
      draw_longest(state, *report, area.unit);
      ImGui::EndChild();
    }
  }

  [[nodiscard]] TableText table(const AppState& state) const override {
    const DurationReport* report = report_.answer();
    return report != nullptr && report_.answered()->scope.runs == scope_of(state).runs
               ? table_of(state, *report)
               : TableText();
  }

 private:
  void draw_head(AppState& state, const ViewArea& area) {
    const Palette& colors = state.colors();
    ViewOptions::Histogram& shows = state.view_options.histogram;
    const auto flip = [&](const char* label, bool& on) {
      if (ui::toggle(label, on, colors)) {
        on = !on;
      }
    };
    flip("log", shows.logarithmic);
    ui::tooltip("durations on a logarithmic axis");
    ImGui::SameLine(0, 4 * area.unit);
    flip("log count", shows.log_count);
    ImGui::SameLine(0, 4 * area.unit);
    flip("share", shows.shares);
    ui::tooltip("shares instead of counts: as if both runs had equally many");
    ImGui::SameLine(0, 4 * area.unit);
    flip("ECDF", shows.ecdf);
    ui::tooltip("the share of events that are no longer than a duration");
    if (!(shows.range_of(name_) == DurationRange())) {
      ImGui::SameLine(0, 4 * area.unit);
      if (ImGui::Button("whole range")) {
        shows.within = {};
      }
    }
    ImGui::SameLine(0, 10 * area.unit);
    ImGui::AlignTextToFramePadding();
    ui::text(colors.text_faint, scope_words(state) + (report_.pending() ? "   counting ..." : ""));
  }

  // Whose durations these are. Of several names those that a run has, in its colour.
  void draw_names(const AppState& state, float unit) {
    const Palette& colors = state.colors();
    if (name_.several.empty()) {
      ui::text_cut(colors.text, name_.part ? "names with \"" + name_.text + "\"" : name_.text);
      return;
    }
    refresh_names(state);
    for (const Side side : {Side::kA, Side::kB}) {
      const std::vector<std::string>& names = names_.at(index_of(side));
      if (names.empty() || !state.looks_at(side)) {
        continue;
      }
      ui::text(run_color(state, side), !state.two_runs() ? "" : side == Side::kA ? "A" : "B");
      ImGui::SameLine(0, 8 * unit);
      if (names.size() > 1) {
        ui::text(colors.text_faint, format_count(names.size()) + " names:");
        ImGui::SameLine(0, 8 * unit);
      }
      ui::text_cut(colors.text, names.front());
    }
  }

  // Runs have many names: they are looked through when others are chosen, not in every frame.
  void refresh_names(const AppState& state) {
    const std::pair wanted(name_.several, shown_numbers(state));
    if (names_of_ == wanted) {
      return;
    }
    names_of_ = wanted;
    names_ = {};
    for (const Side side : {Side::kA, Side::kB}) {
      const RunModel* run = state.shows(side) ? state.run(side) : nullptr;
      for (size_t n = 0; run != nullptr && n < run->names.size(); ++n) {
        if (name_.several.contains(run->names[n].text)) {
          names_.at(index_of(side)).push_back(run->names[n].text);
        }
      }
    }
  }

  void draw_plot(AppState& state, const DurationReport& report, float unit) {
    const Palette& colors = state.colors();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float label = ImGui::GetTextLineHeight() + 4 * unit;
    const ImVec2 size(std::max(40 * unit, room.x), std::max(40 * unit, room.y - label));
    ImGuiPainter paint(*ImGui::GetWindowDrawList());
    paint.box({at.x, at.y, at.x + size.x, at.y + size.y, colors.panel_alt});
    const double low = report.edges.front();
    const double high = std::max(report.edges.back(), low + 1);
    const ViewOptions::Histogram& shows = state.view_options.histogram;
    const Axis axis(low, high, shows.logarithmic);
    const auto columns = static_cast<size_t>(std::max(1.0F, size.x / (3 * unit)));
    draw_ticks(paint, colors, axis, at, size, unit);
    std::array<std::vector<double>, 2> bars;
    double most = 0;
    for (const size_t s : {size_t{0}, size_t{1}}) {
      bars[s] = spread_over(report.edges, report.counts[s], low, high, columns, shows.logarithmic);
      const double divide =
          shows.shares ? std::max<double>(1, static_cast<double>(report.stats[s].count)) : 1;
      for (double& bar : bars[s]) {
        bar /= divide;
        most = std::max(most, bar);
      }
    }
    for (const Side side : {Side::kA, Side::kB}) {
      draw_bars(paint, run_color(state, side), bars[index_of(side)], {most, shows.log_count}, at, size);
    }
    for (const Side side : {Side::kA, Side::kB}) {
      const DurationStats& stats = report.stats[index_of(side)];
      if (stats.count == 0) {
        continue;
      }
      const Color color = run_color(state, side);
      const float x = at.x + static_cast<float>(axis.share(static_cast<double>(stats.median_ns))) * size.x;
      paint.line(x, at.y, x, at.y + size.y, with_alpha(color, 200), 1);
      if (shows.ecdf) {
        draw_ecdf(paint, color, axis, report, side, at, size);
      }
    }
    ImGui::InvisibleButton("##plot", size);
    handle_pointer(state, report, axis, paint, at, size);
    ImGui::Dummy(ImVec2(size.x, label));
  }

  static void draw_ticks(ImGuiPainter& paint, const Palette& colors, const Axis& axis, ImVec2 at, ImVec2 size,
                         float unit) {
    float free_from = at.x;
    for (const double tick : axis.ticks(static_cast<size_t>(std::max(1.0F, size.x / (90 * unit))))) {
      const float x = at.x + static_cast<float>(axis.share(tick)) * size.x;
      paint.line(x, at.y, x, at.y + size.y, colors.grid, 1);
      const std::string text = format_duration(tick);
      const float width = paint.text_width(text);
      const float begin = std::clamp(x - width / 2, at.x, std::max(at.x, at.x + size.x - width));
      if (begin >= free_from) {
        paint.text(begin, at.y + size.y + 2 * unit, at.x + size.x, colors.text_faint, text);
        free_from = begin + width + 8 * unit;
      }
    }
  }

  // How high a count stands: of the greatest, as it is or by its logarithm.
  struct Heights {
    double most = 0;
    bool logarithmic = false;
  };

  static float height_of(double value, const Heights& heights, float room) {
    const double most = heights.most;
    if (!(value > 0) || !(most > 0)) {
      return 0;
    }
    // A logarithmic count shows one event as a line of its own.
    const double share =
        heights.logarithmic ? std::log1p(value / most * 1000) / std::log1p(1000.0) : value / most;
    return std::max(1.0F, static_cast<float>(share) * (room - 4));
  }

  static void draw_bars(ImGuiPainter& paint, Color color, const std::vector<double>& bars,
                        const Heights& heights, ImVec2 at, ImVec2 size) {
    const float width = size.x / static_cast<float>(bars.size());
    const float floor = at.y + size.y;
    float before = 0;
    for (size_t i = 0; i < bars.size(); ++i) {
      const float height = height_of(bars[i], heights, size.y);
      const float x0 = at.x + static_cast<float>(i) * width;
      if (height > 0) {
        paint.box({x0, floor - height, x0 + width, floor, with_alpha(color, 110)});
        paint.line(x0, floor - height, x0 + width, floor - height, color, 1);
      }
      if (height != before) {
        paint.line(x0, floor - before, x0, floor - height, color, 1);
      }
      before = height;
    }
  }

  static void draw_ecdf(ImGuiPainter& paint, Color color, const Axis& axis, const DurationReport& report,
                        Side side, ImVec2 at, ImVec2 size) {
    const std::vector<uint64_t>& counts = report.counts[index_of(side)];
    const auto all = static_cast<double>(report.stats[index_of(side)].count);
    double below = 0;
    float x = at.x;
    float y = at.y + size.y;
    for (size_t b = 0; b < counts.size(); ++b) {
      below += static_cast<double>(counts[b]);
      const float next_x = at.x + static_cast<float>(axis.share(report.edges[b + 1])) * size.x;
      const float next_y = at.y + size.y - static_cast<float>(below / all) * (size.y - 2);
      if (next_x - x >= 1 || b + 1 == counts.size()) {
        paint.line(x, y, next_x, next_y, color, 2);
        x = next_x;
        y = next_y;
      }
    }
  }

  void handle_pointer(AppState& state, const DurationReport& report, const Axis& axis, ImGuiPainter& paint,
                      ImVec2 at, ImVec2 size) {
    const Palette& colors = state.colors();
    const float mouse = std::clamp(ImGui::GetIO().MousePos.x, at.x, at.x + size.x);
    const auto value_at = [&](float x) { return axis.value(static_cast<double>((x - at.x) / size.x)); };
    if (ImGui::IsItemActivated()) {
      drag_from_ = mouse;
    }
    if (ImGui::IsItemActive() && std::abs(mouse - drag_from_) > 2) {
      paint.box({std::min(mouse, drag_from_), at.y, std::max(mouse, drag_from_), at.y + size.y,
                 with_alpha(colors.selection, 70)});
    }
    if (ImGui::IsItemDeactivated() && std::abs(mouse - drag_from_) > 2) {
      state.view_options.histogram.within_of = name_;
      state.view_options.histogram.within = {
          static_cast<int64_t>(std::floor(value_at(std::min(mouse, drag_from_)))),
          static_cast<int64_t>(std::ceil(value_at(std::max(mouse, drag_from_))))};
    }
    if (!ImGui::IsItemHovered()) {
      return;
    }
    paint.line(mouse, at.y, mouse, at.y + size.y, colors.cursor, 1);
    const double here = value_at(mouse);
    ImGui::BeginTooltip();
    ui::text(colors.text, format_duration(here));
    for (const Side side : {Side::kA, Side::kB}) {
      const DurationStats& stats = report.stats[index_of(side)];
      if (stats.count == 0) {
        continue;
      }
      uint64_t below = 0;
      for (size_t b = 0; b < report.counts[index_of(side)].size() && report.edges[b + 1] <= here; ++b) {
        below += report.counts[index_of(side)][b];
      }
      ui::text(run_color(state, side),
               (state.two_runs() ? side == Side::kA ? "A  " : "B  " : "") +
                   format_percent(static_cast<double>(below) / static_cast<double>(stats.count)) +
                   " are shorter");
    }
    ui::text(colors.text_faint, "drag: only these durations");
    ImGui::EndTooltip();
  }

  static TableText table_of(const AppState& state, const DurationReport& report) {
    TableText table;
    table.columns = {"run", "dur_ns", "start_ns", "lane"};
    for (const LongEvent& event : report.longest) {
      const RunModel& run = *state.run(event.ref.side);
      const LaneModel& lane = run.lanes[event.ref.lane];
      const int64_t start = lane.rows[event.ref.row].start(event.ref.index) - run.begin_ns;
      table.rows.push_back({event.ref.side == Side::kA ? "A" : "B", std::to_string(event.duration_ns),
                            std::to_string(start), run.processes[lane.process].title + " · " + lane.title});
    }
    return table;
  }

  void draw_longest(AppState& state, const DurationReport& report, float unit) {
    const Palette& colors = state.colors();
    if (ImGui::SmallButton("copy as CSV")) {
      ImGui::SetClipboardText(to_csv(table_of(state, report)).c_str());
    }
    if (cursor_.take(state, report.longest.size())) {
      state.visit(report.longest[*cursor_.at()].ref);
    }
    if (cursor_.moved()) {  // the list may lie below what is in sight
      ImGui::SetScrollY(ImGui::GetScrollMaxY());
    }
    constexpr ImGuiTableFlags kFlags =
        ImGuiTableFlags_ScrollY | ImGuiTableFlags_RowBg | ImGuiTableFlags_SizingFixedFit;
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float height =
        std::max(room.y, 110 * unit);  // what surrounds it scrolls where that is more than there is
    if (!ImGui::BeginTable("longest", 3, kFlags, ImVec2(room.x, height))) {
      return;
    }
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("longest", ImGuiTableColumnFlags_WidthFixed, 62 * unit);
    ImGui::TableSetupColumn("at", ImGuiTableColumnFlags_WidthFixed, 62 * unit);
    ImGui::TableSetupColumn("lane", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableHeadersRow();
    std::optional<EventRef> wanted;
    show_row(cursor_);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(report.longest.size()));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const LongEvent& event = report.longest[static_cast<size_t>(i)];
        const RunModel* run = state.run(event.ref.side);
        if (run == nullptr || event.ref.lane >= run->lanes.size()) {
          continue;
        }
        const LaneModel& lane = run->lanes[event.ref.lane];
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        ImGui::PushID(i);
        if (ImGui::Selectable("##go",
                              cursor_.on(static_cast<size_t>(i)) || state.selection.event == event.ref,
                              ImGuiSelectableFlags_SpanAllColumns)) {
          wanted = event.ref;
        }
        ImGui::PopID();
        ImGui::SameLine(0, 0);
        ui::text(run_color(state, event.ref.side), format_duration(static_cast<double>(event.duration_ns)));
        ImGui::TableNextColumn();
        const int64_t start = lane.rows[event.ref.row].start(event.ref.index);
        ui::text(colors.text_dim, format_duration(static_cast<double>(start - run->begin_ns)));
        ImGui::TableNextColumn();
        ui::text(colors.text_dim, run->processes[lane.process].title + " · " + lane.title);
      }
    }
    ImGui::EndTable();
    if (wanted) {
      state.visit(*wanted);
    }
  }

  Latest<DurationQuestion, DurationReport> report_;
  NameChoice name_;
  std::optional<std::pair<std::set<std::string>, RunNumbers>> names_of_;  // what names_ answers
  std::array<std::vector<std::string>, 2> names_;                         // several ones, by side
  RowCursor cursor_;                                                      // in the longest
  float drag_from_ = 0;
};

}  // namespace

std::unique_ptr<View> make_histogram_view() {
  return std::make_unique<HistogramView>();
}

}  // namespace stepscope::viewer
