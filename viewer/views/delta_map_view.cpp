// SPDX-License-Identifier: Apache-2.0
//
// Delta map: lanes by steps, coloured by what changed. A click goes to the step and its lanes, a drag selects steps.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kLeastBand = 2;  // pixels of a row; of more rows than that leaves room for, several share one
constexpr float kMostBand = 26;  // times the scale
constexpr double kShades = 24;   // of either colour; more are not told apart and cost boxes
constexpr float kNarrowMap = 460;  // without room for the names of processes

class DeltaMapView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (!state.two_runs()) {
      ui::text_wrapped(colors.text_dim, "What changed on every lane in every step needs two runs: --vs RUN.");
      return;
    }
    if (!state.delta_map) {
      ui::text_wrapped(colors.text_dim, state.load.active ? "comparing the steps ..."
                                                          : "These runs have no steps that could be paired.");
      return;
    }
    ImGuiPainter painter(*ImGui::GetWindowDrawList(), &sheet_);
    draw_head(painter, state, area);
    set_plot(painter, state, area);
    painter.box({plot_.x0, plot_.y0, plot_.x1, plot_.y1, colors.panel_alt});
    refresh_boxes(state);
    painter.many_boxes(boxes_, {plot_.x0, plot_.y0, plot_.x1, plot_.y1, colors.panel_alt});
    draw_titles(painter, state, area.unit);
    draw_axis(painter, state, area.unit);
    draw_selection(painter, state);
    take_rows(painter, state);
    handle_mouse(painter, state);
  }

 private:
  struct Plot {
    float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    float gutter = 0;         // titles
    float lanes = 0;          // of it those of lanes
    size_t bands = 1;         // rows on screen
    size_t columns = 1;       // on screen
    bool every_lane = false;  // has a line for its title
    const DeltaMap* map = nullptr;
    DeltaMeasure measure = DeltaMeasure::kBusy;
    Theme theme = Theme::kDark;
    [[nodiscard]] float band_height() const { return (y1 - y0) / static_cast<float>(bands); }
    [[nodiscard]] float column_width() const { return (x1 - x0) / static_cast<float>(columns); }
    friend bool operator==(const Plot&, const Plot&) = default;
  };

  // What the width of the titles depends on.
  struct Titles {
    const DeltaMap* map = nullptr;
    float width = 0;
    float unit = 0;
    bool lanes = false;
    friend bool operator==(const Titles&, const Titles&) = default;
  };

  // What the axis depends on.
  struct Axis {
    uint64_t strip = 0;
    float x0 = 0, x1 = 0, unit = 0;
    friend bool operator==(const Axis&, const Axis&) = default;
  };

  static void draw_head(ImGuiPainter& painter, AppState& state, const ViewArea& area) {
    constexpr std::pair<const char*, DeltaMeasure> kMeasures[] = {
        {"Busy", DeltaMeasure::kBusy},
        {"Exposed communication", DeltaMeasure::kExposed},
        {"Idle", DeltaMeasure::kIdle}};
    constexpr const char* kWords[] = {
        "time of the step in which something ran on the lane, B less A",
        "time in which the lane communicated and nothing of its process computed, B less A",
        "time of the step in which nothing ran on the lane, B less A"};
    for (size_t i = 0; i < std::size(kMeasures); ++i) {
      if (i > 0) {
        ImGui::SameLine(0, 4 * area.unit);
      }
      if (ui::toggle(kMeasures[i].first, state.delta_measure == kMeasures[i].second, state.colors())) {
        state.delta_measure = kMeasures[i].second;
      }
      ui::tooltip(kWords[i]);
    }
    draw_legend(painter, state, area, ImGui::GetItemRectMax().x, ImGui::GetItemRectMin().y);
  }

  // Blue, ground, orange with what their ends stand for, at the right of the head.
  static void draw_legend(ImGuiPainter& painter, const AppState& state, const ViewArea& area, float after,
                          float top) {
    const Palette& colors = state.colors();
    const double scale = state.delta_map->scale_ns(state.delta_measure);
    const std::string more = "+" + format_duration(scale) + " per step";
    const std::string less = "-" + format_duration(scale);
    const float bar = 110 * area.unit;
    const float gap = 6 * area.unit;
    const float right = area.pos.x + area.size.x - 4 * area.unit;
    const float x1 = right - painter.text_width(more) - gap;
    const float x0 = x1 - bar;
    const float less_x = x0 - gap - painter.text_width(less);
    if (less_x < after + 2 * gap) {
      return;
    }
    const float y = top + ImGui::GetStyle().FramePadding.y;
    painter.text(less_x, y, x0, colors.less, less);
    painter.text(x1 + gap, y, right + 2, colors.more, more);
    const auto pieces = static_cast<int>(2 * kShades);
    for (int i = 0; i < pieces; ++i) {
      const double amount = 2.0 * (i + 0.5) / pieces - 1;
      const float from = std::floor(x0 + bar * static_cast<float>(i) / static_cast<float>(pieces));
      const float to = std::floor(x0 + bar * static_cast<float>(i + 1) / static_cast<float>(pieces));
      painter.box({from, y + 2, to, y + painter.line_height() - 2,
                   difference_on(colors.panel_alt, amount, state.theme)});
    }
  }

  // Room for the names of processes, and of lanes where each has a line: as wide as they are, up to a third of the view.
  void set_gutter(ImGuiPainter& painter, const AppState& state, const ViewArea& area) {
    const Titles wanted{state.delta_map.get(), area.size.x, area.unit, plot_.every_lane};
    if (wanted == titles_) {
      return;
    }
    titles_ = wanted;
    float lanes = 0;
    float processes = 0;
    const auto width = [&](std::string_view title) {
      return painter.text_width(title.substr(0, visible_bytes(area.size.x)));
    };
    for (const Track& track : state.tracks.tracks) {
      lanes = std::max(lanes, plot_.every_lane ? width(track.title) : 0);
    }
    for (const TrackGroup& group : state.tracks.groups) {
      processes = std::max(processes, width(group.title));
    }
    const float gap = 8 * area.unit;
    const float most = area.size.x * (area.size.x < kNarrowMap * area.unit ? 0.25F : 0.36F);
    plot_.lanes = std::min(lanes + gap, most * 0.6F);
    plot_.gutter = std::floor(std::min(processes + gap + plot_.lanes, most));
  }

  void set_plot(ImGuiPainter& painter, const AppState& state, const ViewArea& area) {
    const DeltaMap& map = *state.delta_map;
    const float unit = area.unit;
    const float axis = painter.line_height() + 5 * unit;
    plot_.y0 = std::floor(ImGui::GetCursorScreenPos().y + 2 * unit);
    const float room = std::max(area.pos.y + area.size.y - axis - plot_.y0, 2.0F);
    plot_.bands = std::clamp<size_t>(static_cast<size_t>(room / kLeastBand), 1, map.rows());
    const float band = std::min(room / static_cast<float>(plot_.bands), std::floor(kMostBand * unit));
    plot_.y1 = plot_.y0 + std::floor(band * static_cast<float>(plot_.bands));
    plot_.every_lane = plot_.band_height() >= painter.line_height() - unit;
    set_gutter(painter, state, area);
    plot_.x0 = std::floor(area.pos.x + plot_.gutter);
    plot_.x1 = std::max(std::floor(area.pos.x + area.size.x - 4 * unit), plot_.x0 + 1);
    plot_.columns = std::clamp<size_t>(static_cast<size_t>(plot_.x1 - plot_.x0), 1, map.columns());
  }

  [[nodiscard]] IndexRange rows_of_band(size_t band) const {
    const auto [first, last] = bars_of_column(plot_.map->rows(), plot_.bands, band);
    return {first, last};
  }
  [[nodiscard]] IndexRange steps_of_column(size_t column) const {
    const auto [first, last] = bars_of_column(plot_.map->columns(), plot_.columns, column);
    return {first, last};
  }

  // Every cell is looked at when something changed, else the boxes of the frame before stand.
  void refresh_boxes(const AppState& state) {
    plot_.map = state.delta_map.get();
    plot_.measure = state.delta_measure;
    plot_.theme = state.theme;
    if (plot_ == drawn_ && drawn_map_ == state.delta_map) {
      return;
    }
    drawn_ = plot_;
    drawn_map_ = state.delta_map;
    boxes_.clear();
    const Palette& colors = state.colors();
    const double scale = plot_.map->scale_ns(plot_.measure);
    const float gap = plot_.band_height() >= 6 ? 1 : 0;
    for (size_t band = 0; band < plot_.bands; ++band) {
      const float y0 = std::floor(plot_.y0 + plot_.band_height() * static_cast<float>(band));
      const float y1 = std::floor(plot_.y0 + plot_.band_height() * static_cast<float>(band + 1)) - gap;
      const size_t first_box = boxes_.size();
      for (size_t column = 0; column < plot_.columns; ++column) {
        const DeltaCell cell =
            plot_.map->strongest(plot_.measure, rows_of_band(band), steps_of_column(column));
        const double amount = std::round(std::clamp(cell.delta_ns / scale, -1.0, 1.0) * kShades) / kShades;
        if (amount == 0) {
          continue;
        }
        const float x0 = std::floor(plot_.x0 + plot_.column_width() * static_cast<float>(column));
        const float x1 = std::floor(plot_.x0 + plot_.column_width() * static_cast<float>(column + 1));
        const Color color = difference_on(colors.panel_alt, amount, state.theme);
        if (boxes_.size() > first_box && boxes_.back().x1 == x0 && boxes_.back().color == color) {
          boxes_.back().x1 = x1;
        } else {
          boxes_.push_back({x0, y0, x1, y1, color});
        }
      }
    }
  }

  // Left the processes, right of them their lanes; what has no room is told by the pointer.
  void draw_titles(ImGuiPainter& painter, const AppState& state, float unit) const {
    const Palette& colors = state.colors();
    const bool wide = plot_.gutter > plot_.lanes + 30 * unit;
    const bool every_lane = plot_.every_lane;
    const float lanes_x = plot_.x0 - plot_.lanes;
    const float left = plot_.x0 - plot_.gutter + 2 * unit;
    for (size_t band = 0; band < plot_.bands;) {
      const size_t group = group_of_band(state, band);
      size_t next = band + 1;
      while (next < plot_.bands && group_of_band(state, next) == group) {
        ++next;
      }
      const float y0 = plot_.y0 + plot_.band_height() * static_cast<float>(band);
      const float y1 = plot_.y0 + plot_.band_height() * static_cast<float>(next);
      if (band > 0 && plot_.band_height() >= 3) {
        painter.line(plot_.x0, std::floor(y0) - 1, plot_.x1, std::floor(y0) - 1, colors.grid_strong, 1);
      }
      const float first = every_lane ? plot_.band_height() : y1 - y0;
      if (wide && y1 - y0 >= painter.line_height() - 2 * unit) {
        painter.text(left, y0 + (first - painter.line_height()) / 2,
                     (every_lane ? lanes_x : plot_.x0) - 6 * unit, colors.text_dim,
                     state.tracks.groups[group].title);
      }
      for (; band < next; ++band) {
        if (every_lane) {
          const float y = plot_.y0 + plot_.band_height() * static_cast<float>(band);
          painter.text(lanes_x, y + (plot_.band_height() - painter.line_height()) / 2, plot_.x0 - 6 * unit,
                       colors.text_faint, state.tracks.tracks[rows_of_band(band).first].title);
        }
      }
    }
  }

  [[nodiscard]] size_t group_of_band(const AppState& state, size_t band) const {
    return state.tracks.tracks[rows_of_band(band).first].group;
  }

  struct AxisLabel {
    float x = 0;
    std::string text;
  };

  void draw_axis(ImGuiPainter& painter, const AppState& state, float unit) {
    const Palette& colors = state.colors();
    painter.text(plot_.x0 - plot_.gutter + 2 * unit, plot_.y1 + 3 * unit, plot_.x0, colors.text_faint,
                 "step");
    const Axis wanted{state.strip.number, plot_.x0, plot_.x1, unit};
    if (wanted != axis_) {
      axis_ = wanted;
      make_axis(painter, state.strip.bars, unit);
    }
    for (const auto& [x0, x1] : left_out_) {
      painter.box({x0, plot_.y1, x1, plot_.y1 + 2 * unit, colors.text_faint});
    }
    for (const AxisLabel& label : labels_) {
      painter.line(label.x, plot_.y1, label.x, plot_.y1 + 4 * unit, colors.grid_strong, 1);
      painter.text(label.x + 3 * unit, plot_.y1 + 3 * unit, plot_.x1, colors.text_faint, label.text);
    }
  }

  void make_axis(ImGuiPainter& painter, const std::vector<StepBar>& bars, float unit) {
    labels_.clear();
    left_out_.clear();
    const float per_step = (plot_.x1 - plot_.x0) / static_cast<float>(bars.size());
    const float room = painter.text_width(std::to_string(bars.back().number)) + 16 * unit;
    const auto stride = static_cast<int64_t>(std::max(1.0, tick_step(1, double{room / per_step})));
    for (size_t i = 0; i < bars.size(); ++i) {
      const float x = std::floor(plot_.x0 + per_step * static_cast<float>(i));
      if (!bars[i].train) {  // what the terms leave out
        const float x1 = std::max(x + 1, std::floor(x + per_step));
        if (!left_out_.empty() && left_out_.back().second >= x) {
          left_out_.back().second = x1;
        } else {
          left_out_.emplace_back(x, x1);
        }
      }
      if (bars[i].number % stride == 0) {
        AxisLabel label{x, std::to_string(bars[i].number)};
        if (x + painter.text_width(label.text) < plot_.x1) {
          labels_.push_back(std::move(label));
        }
      }
    }
  }

  void draw_selection(ImGuiPainter& painter, const AppState& state) const {
    fade_rows(painter, state);
    const auto selected = selected_slots(state);
    if (!selected) {
      return;
    }
    const float per_step = (plot_.x1 - plot_.x0) / static_cast<float>(plot_.map->columns());
    const float x0 = plot_.x0 + per_step * static_cast<float>(selected->first);
    const float x1 = plot_.x0 + per_step * static_cast<float>(selected->last + 1);
    const Color color = state.colors().selection;
    painter.outline({std::floor(x0) - 1, plot_.y0 - 1, std::max(std::floor(x1), std::floor(x0) + 2) + 1,
                     plot_.y1 + 1, color},
                    1);
  }

  // By keys: a lane; the step is the selected one.
  void take_rows(ImGuiPainter& painter, AppState& state) {
    const bool opens = cursor_.take(state, plot_.map->rows());
    if (!cursor_.at()) {
      return;
    }
    const float y = plot_.y0 + (plot_.y1 - plot_.y0) * static_cast<float>(*cursor_.at()) /
                                   static_cast<float>(plot_.map->rows());
    const float height = std::max((plot_.y1 - plot_.y0) / static_cast<float>(plot_.map->rows()), 2.0F);
    painter.outline({plot_.x0 - 1, y, plot_.x1 + 1, y + height, state.colors().hover}, 1);
    if (opens) {
      const auto selected = selected_slots(state);
      state.go_to_cell(selected ? selected->first : 0, *cursor_.at());
    }
  }

  // Lanes that are not selected stand back.
  void fade_rows(ImGuiPainter& painter, const AppState& state) const {
    for (size_t band = 0; !state.selection.lanes.empty() && band < plot_.bands; ++band) {
      const IndexRange rows = rows_of_band(band);
      bool chosen = false;
      for (size_t row = rows.first; row < rows.last; ++row) {
        chosen = chosen || state.selects_track(row);
      }
      if (!chosen) {
        const float y = plot_.y0 + plot_.band_height() * static_cast<float>(band);
        painter.box({plot_.x0, std::floor(y), plot_.x1, std::floor(y + plot_.band_height()),
                     with_alpha(state.colors().panel_alt, 170)});
      }
    }
  }

  void handle_mouse(ImGuiPainter& painter, AppState& state) {
    ImGui::SetCursorScreenPos(ImVec2(plot_.x0, plot_.y0));
    ImGui::InvisibleButton("##cells", ImVec2(plot_.x1 - plot_.x0, plot_.y1 - plot_.y0));
    const ImVec2 at = ImGui::GetIO().MousePos;
    const auto index = [](float share, size_t count) {
      return static_cast<size_t>(std::clamp(share, 0.0F, 0.999999F) * static_cast<float>(count));
    };
    const size_t column = index((at.x - plot_.x0) / (plot_.x1 - plot_.x0), plot_.columns);
    const size_t band = index((at.y - plot_.y0) / (plot_.y1 - plot_.y0), plot_.bands);
    const DeltaCell under = plot_.map->strongest(plot_.measure, rows_of_band(band), steps_of_column(column));
    if (ImGui::IsItemActivated()) {
      pressed_ = under;
    }
    if (ImGui::IsItemActive() && pressed_ && pressed_->column != under.column) {
      state.select_steps(pressed_->column, under.column, false);
    }
    if (ImGui::IsItemDeactivated() && pressed_) {
      if (pressed_->column == under.column) {
        state.go_to_cell(under.column, under.row);
      } else {
        state.select_steps(pressed_->column, under.column, true);
      }
      pressed_.reset();
    }
    if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) {
      const float x0 = std::floor(plot_.x0 + plot_.column_width() * static_cast<float>(column));
      const float y0 = std::floor(plot_.y0 + plot_.band_height() * static_cast<float>(band));
      painter.outline({x0 - 1, y0 - 1, x0 + std::max(plot_.column_width(), 2.0F) + 1,
                       y0 + plot_.band_height() + 1, state.colors().hover},
                      1);
      draw_tooltip(state, under, rows_of_band(band), steps_of_column(column));
    }
  }

  static void draw_tooltip(const AppState& state, const DeltaCell& cell, IndexRange rows, IndexRange steps) {
    const Palette& colors = state.colors();
    const DeltaMap& map = *state.delta_map;
    const StepBar& bar = state.strip.bars[cell.column];
    const Track& track = state.tracks.tracks[cell.row];
    ImGui::BeginTooltip();
    ui::text(colors.text, "step " + std::to_string(bar.number));
    if (!bar.train) {
      ImGui::SameLine(0, 8);
      ui::text(colors.text_faint, bar.class_name);
    }
    ui::name(colors.text_dim, state.tracks.groups[track.group].title + " · " + track.title);
    for (const Side side : {Side::kA, Side::kB}) {
      const bool there = track.lane[index_of(side)] != kNoTrackLane;
      ui::text(side == Side::kA ? colors.run_a : colors.run_b,
               std::string(side == Side::kA ? "A  " : "B  ") +
                   (there ? format_duration(map.value_ns(side, state.delta_measure, cell.row, cell.column))
                          : "has no such lane"));
    }
    ui::text(cell.delta_ns > 0   ? colors.more
             : cell.delta_ns < 0 ? colors.less
                                 : colors.text_dim,
             format_delta_ms(cell.delta_ns) + " ms");
    const size_t cells = (rows.last - rows.first) * (steps.last - steps.first);
    if (cells > 1) {
      ui::text(colors.text_faint, "the largest of " + format_count(cells) + " that share this place");
    }
    ImGui::EndTooltip();
  }

  Plot plot_;
  Plot drawn_;
  std::shared_ptr<const DeltaMap> drawn_map_;
  Titles titles_;  // that the gutter has room for
  Axis axis_;      // in labels_ and left_out_
  std::vector<AxisLabel> labels_;
  std::vector<std::pair<float, float>> left_out_;  // from, to
  std::vector<Box> boxes_;
  PixelSheet sheet_;  // of boxes_
  std::optional<DeltaCell> pressed_;
  RowCursor cursor_;  // in the lanes
};

}  // namespace

std::unique_ptr<View> make_delta_map_view() {
  return std::make_unique<DeltaMapView>();
}

}  // namespace stepscope::viewer
