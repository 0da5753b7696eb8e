// SPDX-License-Identifier: Apache-2.0
//
// Ranks: a heat map of ranks x steps: how long a step took on each rank, how long the rank waited for others, how long the job waited
// for it; of one run, or the difference of two. Beside it how far apart ranks come to their collectives. A click goes to that step of
// that rank.
#include <algorithm>
#include <cmath>
#include <string>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/model/rank_matrix.hpp"
#include "viewer/model/table_text.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

struct HeatQuestion {
  std::shared_ptr<const RankMatrix> a;  // rows and columns are its; with a difference the base
  std::shared_ptr<const RankMatrix> b;
  RankMetric metric = RankMetric::kStep;
  RankOrder order = RankOrder::kRank;
  size_t columns = 0;
  size_t rows = 0;
  friend bool operator==(const HeatQuestion&, const HeatQuestion&) = default;
};

struct HeatAnswer {
  std::vector<uint32_t> order;
  HeatGrid grid;
};

class RanksView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const Side side = side_of(state);
    const std::shared_ptr<const RankMatrix>& matrix = state.ranks(side);
    if (!matrix) {
      ui::text(colors.text_dim, state.load.active ? "waiting for the analysis ..." : "no analysis");
      return;
    }
    if (matrix->ranks.empty() || matrix->steps.empty()) {
      ui::text_wrapped(colors.text_dim, "no process of this run has steps");
      return;
    }
    const bool difference = !state.selection.run && state.view_options.ranks.show == RankShow::kDifference &&
                            state.ranks(Side::kA) && state.ranks(Side::kB);
    draw_head(state, *matrix, area.unit);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const bool wide = !matrix->skew.empty() && room.x > 600 * area.unit;
    const float list = wide ? std::floor(std::clamp(room.x * 0.44F, 260 * area.unit, 440 * area.unit)) : 0;
    compat::begin_child("heat", ImVec2(room.x - list - (wide ? 10 * area.unit : 0), room.y), 0);
    draw_map(state, side, difference, area.unit);
    ImGui::EndChild();
    if (wide) {
      ImGui::SameLine(0, 10 * area.unit);
      compat::begin_child("skew", ImVec2(list, room.y), 0);
      draw_skew(colors, *matrix, !state.two_runs() ? "" : side == Side::kA ? "A: " : "B: ", area.unit);
      ImGui::EndChild();
    }
  }

  [[nodiscard]] TableText table(const AppState& state) const override {
    const std::shared_ptr<const RankMatrix>& matrix = state.ranks(side_of(state));
    return matrix ? table_of(*matrix) : TableText();
  }

 private:
  // The run whose ranks and steps stand along the map.
  [[nodiscard]] static Side side_of(const AppState& state) {
    if (state.two_runs() && state.selection.run) {
      return *state.selection.run;
    }
    return !state.two_runs() || state.view_options.ranks.show == RankShow::kA ? Side::kA : Side::kB;
  }

  template <typename Value>
  static void choice(const char* label, Value value, Value& chosen, const Palette& colors, float gap) {
    if (ui::toggle(label, chosen == value, colors)) {
      chosen = value;
    }
    ImGui::SameLine(0, gap);
  }

  static void draw_head(AppState& state, const RankMatrix& matrix, float unit) {
    const Palette& colors = state.colors();
    ViewOptions::Ranks& shows = state.view_options.ranks;
    const float near = 3 * unit;
    const float far = 14 * unit;
    if (state.two_runs()) {
      choice("A", RankShow::kA, shows.show, colors, near);
      choice("B", RankShow::kB, shows.show, colors, near);
      choice("B - A", RankShow::kDifference, shows.show, colors, far);
    }
    if (matrix.waits_known) {
      choice("step", RankMetric::kStep, shows.metric, colors, near);
      choice("waits", RankMetric::kWaited, shows.metric, colors, near);
      ui::tooltip("how long the rank waited for others in collectives");
      choice("late", RankMetric::kHeld, shows.metric, colors, far);
      ui::tooltip("how long the job waited for this rank");
    }
    ImGui::AlignTextToFramePadding();
    ui::text(colors.text_faint, "order");
    ImGui::SameLine(0, 5 * unit);
    choice("rank", RankOrder::kRank, shows.order, colors, near);
    if (matrix.waits_known) {
      choice("latest", RankOrder::kLate, shows.order, colors, near);
    }
    choice("slowest", RankOrder::kSlow, shows.order, colors, far);
    ImGui::NewLine();
    if (!matrix.waits_known && !matrix.remark.empty()) {
      ui::text_wrapped(colors.text_faint, "Only step times: " + matrix.remark);
    }
  }

  void draw_map(AppState& state, Side side, bool difference, float unit) {
    const Palette& colors = state.colors();
    const RankMatrix& matrix = *state.ranks(side);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float gutter = 44 * unit;
    const float line = ImGui::GetTextLineHeight() + 4 * unit;
    const bool legend = room.y > 6 * line;
    const float foot = legend ? 2 * line : line;
    const ImVec2 size(std::max(20.0F, room.x - gutter), std::max(16.0F, room.y - foot));
    const HeatQuestion question{state.ranks(side),
                                difference ? state.ranks(Side::kA) : nullptr,
                                matrix.waits_known ? state.view_options.ranks.metric : RankMetric::kStep,
                                state.view_options.ranks.order,
                                static_cast<size_t>(size.x / (2 * unit)),
                                static_cast<size_t>(size.y / (2 * unit))};
    const HeatAnswer* answer = heat_.ask(state.background, question, [&] {
      return [question](const std::atomic<bool>&) {
        HeatAnswer made;
        made.order = order_ranks(*question.a, question.order);
        // Rows and columns are B's, values B less A.
        made.grid = heat_grid({question.a.get(), question.b.get(), question.metric}, made.order,
                              question.columns, question.rows);
        return made;
      };
    });
    if (answer == nullptr || heat_.answered()->a != question.a) {
      ui::text_wrapped(colors.text_dim, heat_.waiting("counting ..."));
      return;
    }
    ImGuiPainter paint(*ImGui::GetWindowDrawList(), &sheet_);
    const ImVec2 map(at.x + gutter, at.y);
    paint.box({map.x, map.y, map.x + size.x, map.y + size.y, state.colors().panel_alt});
    draw_cells(paint, state, *answer, difference, map, size);
    if (legend) {
      draw_legend(paint, state, answer->grid, difference, ImVec2(map.x, map.y + size.y + line + 2 * unit),
                  unit);
    }
    draw_labels(paint, colors, matrix, *answer, at, map, size, unit);
    fade_ranks(paint, state, side, *answer, map, size);
    take_rows(paint, state, side, *answer, map, size);
    draw_selected_step(paint, state, matrix, map, size);
    ImGui::SetCursorScreenPos(map);
    ImGui::InvisibleButton("##map", size);
    if (ImGui::IsItemHovered()) {
      handle_pointer(paint, state, side, *answer, map, size);
    }
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(room.x, size.y + foot));
  }

  static Color cell_color(const AppState& state, const HeatGrid& grid, bool difference, float value) {
    if (difference) {
      const float scale = std::max({std::abs(grid.low), std::abs(grid.high), 1.0F});
      return difference_color(static_cast<double>(value / scale), state.theme);
    }
    const float span = std::max(grid.high - grid.low, 1.0F);
    const float share = std::clamp((value - grid.low) / span, 0.0F, 1.0F);
    return mix(mix(state.colors().panel_alt, state.colors().more, 0.08), state.colors().more,
               static_cast<double>(share));
  }

  void draw_cells(ImGuiPainter& paint, const AppState& state, const HeatAnswer& answer, bool difference,
                  ImVec2 map, ImVec2 size) {
    const HeatGrid& grid = answer.grid;
    const Painted now{&answer, map.x, map.y, size.x, size.y, state.theme, difference};
    if (now == painted_) {
      paint.many_boxes(boxes_, {map.x, map.y, map.x + size.x, map.y + size.y, state.colors().panel_alt});
      return;
    }
    painted_ = now;
    boxes_.clear();
    const auto x_of = [&](size_t c) {
      return std::floor(map.x + size.x * static_cast<float>(c) / static_cast<float>(grid.columns));
    };
    const auto y_of = [&](size_t r) {
      return std::floor(map.y + size.y * static_cast<float>(r) / static_cast<float>(grid.rows));
    };
    for (size_t r = 0; r < grid.rows; ++r) {
      const bool gap = size.y / static_cast<float>(grid.rows) >= 6;
      for (size_t c = 0; c < grid.columns; ++c) {
        const float value = grid.value[r * grid.columns + c];
        if (!std::isnan(value)) {
          boxes_.push_back({x_of(c), y_of(r), x_of(c + 1), y_of(r + 1) - (gap ? 1.0F : 0.0F),
                            cell_color(state, grid, difference, value)});
        }
      }
    }
    paint.many_boxes(boxes_, {map.x, map.y, map.x + size.x, map.y + size.y, state.colors().panel_alt});
  }

  // What the colours stand for, below the steps.
  static void draw_legend(ImGuiPainter& paint, const AppState& state, const HeatGrid& grid, bool difference,
                          ImVec2 at, float unit) {
    constexpr int kPieces = 20;
    const float far = std::max(std::abs(grid.low), std::abs(grid.high));
    const float low = difference ? -far : grid.low;
    const float high = difference ? far : grid.high;
    if (!(low < high)) {
      return;
    }
    const auto words = [&](float value) {
      return (difference && value > 0 ? "+" : "") + format_duration(static_cast<double>(value));
    };
    const float piece = 5 * unit;
    const float gap = 6 * unit;
    const Color ink = state.colors().text_faint;
    float x = at.x + paint.text_width(words(low)) + gap;
    paint.text(at.x, at.y, x, ink, words(low));
    for (int i = 0; i < kPieces; ++i) {
      const float value = low + (high - low) * (static_cast<float>(i) + 0.5F) / kPieces;
      paint.box({x, at.y + 3 * unit, x + piece, at.y + paint.line_height() - unit,
                 cell_color(state, grid, difference, value)});
      x += piece;
    }
    paint.text(x + gap, at.y, x + 200 * unit, ink, words(high));
  }

  static void draw_labels(ImGuiPainter& paint, const Palette& colors, const RankMatrix& matrix,
                          const HeatAnswer& answer, ImVec2 at, ImVec2 map, ImVec2 size, float unit) {
    const float line = paint.line_height();
    const float pitch = size.y / static_cast<float>(answer.order.size());
    const auto stride = static_cast<size_t>(std::max(1.0F, std::ceil((line + 2) / pitch)));
    for (size_t r = 0; r < answer.order.size(); r += stride) {
      const std::string text = std::to_string(matrix.ranks[answer.order[r]].rank);
      const float y = map.y + pitch * static_cast<float>(r) + std::max(0.0F, (pitch - line) / 2);
      if (y + line <= map.y + size.y + 2) {
        paint.text(map.x - 6 * unit - paint.text_width(text), y, map.x, colors.text_dim, text);
      }
    }
    paint.text(at.x, map.y + size.y + 2 * unit, map.x, colors.text_faint, "step");
    const auto steps = static_cast<float>(matrix.steps.size());
    for (size_t s = 0; s < matrix.steps.size();) {  // from label to label, however many steps lie between
      const float x = map.x + size.x * static_cast<float>(s) / steps;
      const std::string text = std::to_string(matrix.steps[s]);
      const float width = paint.text_width(text);
      if (x + width > map.x + size.x) {
        break;
      }
      paint.text(x, map.y + size.y + 2 * unit, map.x + size.x, colors.text_faint, text);
      const float free_from = x + std::max(60 * unit, width + 20 * unit);
      s = std::max(s + 1, static_cast<size_t>(std::ceil((free_from - map.x) / size.x * steps)));
    }
  }

  // By keys: a rank; the step is the selected one.
  void take_rows(ImGuiPainter& paint, AppState& state, Side side, const HeatAnswer& answer, ImVec2 map,
                 ImVec2 size) {
    const RankMatrix& matrix = *state.ranks(side);
    const bool opens = cursor_.take(state, answer.order.size());
    if (!cursor_.at()) {
      return;
    }
    const float pitch = size.y / static_cast<float>(answer.order.size());
    const float y = map.y + pitch * static_cast<float>(*cursor_.at());
    paint.outline({map.x, y, map.x + size.x, y + pitch, state.colors().hover}, 1);
    if (opens) {
      const auto steps = selected_slots(state);
      const int64_t number =
          steps ? state.run(Side::kA)->steps[state.alignment.slots()[steps->first].index_a].number : 0;
      const auto at = std::lower_bound(matrix.steps.begin(), matrix.steps.end(), number);
      open(state, side, answer.order[*cursor_.at()],
           std::min(static_cast<size_t>(at - matrix.steps.begin()), matrix.steps.size() - 1));
    }
  }

  static void open(AppState& state, Side side, uint32_t rank, size_t step) {
    const RankMatrix& matrix = *state.ranks(side);
    const RankRow& row = matrix.ranks[rank];
    const float length = matrix.value(RankMetric::kStep, rank, step);
    if (row.lane != kNoTrackLane && !std::isnan(length)) {
      const int64_t begin = matrix.begin_ns[matrix.at(rank, step)];
      state.visit(Place{side, row.lane, begin, begin + static_cast<int64_t>(length)});
    }
  }

  // Ranks without a selected lane stand back.
  static void fade_ranks(ImGuiPainter& paint, const AppState& state, Side side, const HeatAnswer& answer,
                         ImVec2 map, ImVec2 size) {
    const RankMatrix& matrix = *state.ranks(side);
    const float pitch = size.y / static_cast<float>(std::max<size_t>(1, answer.order.size()));
    for (size_t r = 0; !state.selection.lanes.empty() && r < answer.order.size(); ++r) {
      if (!state.selects_process(side, matrix.ranks[answer.order[r]].process)) {
        const float y = map.y + pitch * static_cast<float>(r);
        paint.box({map.x, y, map.x + size.x, y + pitch, with_alpha(state.colors().panel_alt, 170)});
      }
    }
  }

  static void draw_selected_step(ImGuiPainter& paint, const AppState& state, const RankMatrix& matrix,
                                 ImVec2 map, ImVec2 size) {
    const auto steps = selected_slots(state);
    if (!steps) {
      return;
    }
    const auto number = [&](size_t slot) {
      return state.run(Side::kA)->steps[state.alignment.slots()[slot].index_a].number;
    };
    const auto column = [&](int64_t step) {
      const auto found = std::lower_bound(matrix.steps.begin(), matrix.steps.end(), step);
      return map.x + size.x * static_cast<float>(found - matrix.steps.begin()) /
                         static_cast<float>(matrix.steps.size());
    };
    const float x0 = column(number(steps->first));
    const float x1 = std::max(column(number(steps->last) + 1), x0 + 2);
    paint.outline({x0, map.y, x1, map.y + size.y, state.colors().selection}, 1);
  }

  void handle_pointer(ImGuiPainter& paint, AppState& state, Side side, const HeatAnswer& answer, ImVec2 map,
                      ImVec2 size) {
    const Palette& colors = state.colors();
    const RankMatrix& matrix = *state.ranks(side);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const auto part = [](float from, float length, float at, size_t count) {
      return std::min(static_cast<size_t>(std::max(0.0F, (at - from) / length) * static_cast<float>(count)),
                      count - 1);
    };
    const size_t step = part(map.x, size.x, mouse.x, matrix.steps.size());
    const uint32_t rank = answer.order[part(map.y, size.y, mouse.y, answer.order.size())];
    paint.line(map.x, mouse.y, map.x + size.x, mouse.y, with_alpha(colors.cursor, 90), 1);
    paint.line(mouse.x, map.y, mouse.x, map.y + size.y, with_alpha(colors.cursor, 90), 1);
    const RankRow& row = matrix.ranks[rank];
    ImGui::BeginTooltip();
    ui::text(colors.text, "rank " + std::to_string(row.rank) + ", step " +
                              std::to_string(matrix.steps[step]) +
                              (row.host.empty() ? "" : " on " + row.host));
    constexpr std::pair<RankMetric, const char*> kLines[] = {{RankMetric::kStep, "step "},
                                                             {RankMetric::kWaited, "waited for others "},
                                                             {RankMetric::kHeld, "the job waited for it "}};
    for (const auto& [metric, words] : kLines) {
      const float value = matrix.value(metric, rank, step);
      if (!std::isnan(value)) {
        ui::text(colors.text_dim, words + format_duration(static_cast<double>(value)));
      }
    }
    ui::text(colors.text_faint, "click: go there");
    ImGui::EndTooltip();
    if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) {
      open(state, side, rank, step);
    }
  }

  static TableText table_of(const RankMatrix& matrix) {
    TableText table;
    table.columns = {"rank", "step", "step_ns", "waited_ns", "held_ns"};
    const auto text = [](float ns) { return std::isnan(ns) ? "" : std::to_string(static_cast<int64_t>(ns)); };
    for (size_t rank = 0; rank < matrix.ranks.size(); ++rank) {
      for (size_t step = 0; step < matrix.steps.size(); ++step) {
        table.rows.push_back({std::to_string(matrix.ranks[rank].rank), std::to_string(matrix.steps[step]),
                              text(matrix.value(RankMetric::kStep, rank, step)),
                              text(matrix.value(RankMetric::kWaited, rank, step)),
                              text(matrix.value(RankMetric::kHeld, rank, step))});
      }
    }
    return table;
  }

  static void draw_skew(const Palette& colors, const RankMatrix& matrix, const std::string& run, float unit) {
    ui::text_wrapped(colors.text_faint, run + matrix.remark);
    if (ImGui::SmallButton("copy as CSV")) {
      ImGui::SetClipboardText(to_csv(table_of(matrix)).c_str());
    }
    ui::tooltip("every step of every rank");
    constexpr ImGuiTableFlags kFlags =
        ImGuiTableFlags_ScrollY | ImGuiTableFlags_RowBg | ImGuiTableFlags_SizingFixedFit;
    if (!ImGui::BeginTable("skew", 5, kFlags, ImGui::GetContentRegionAvail())) {
      return;
    }
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("collective", ImGuiTableColumnFlags_WidthStretch);
    constexpr std::pair<const char*, float> kColumns[] = {
        {"ranks", 36}, {"count", 40}, {"apart", 58}, {"transfer", 58}};
    for (const auto& [heading, width] : kColumns) {
      ImGui::TableSetupColumn(heading, ImGuiTableColumnFlags_WidthFixed, width * unit);
    }
    ImGui::TableHeadersRow();
    for (const SkewRow& row : matrix.skew) {
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      ui::text(colors.text, row.op + " " + format_bytes(static_cast<double>(row.bytes)));
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, std::to_string(row.members));
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, format_count(row.count));
      ImGui::TableNextColumn();
      ui::text_right(row.arrival_ns > row.transfer_ns ? colors.more : colors.text,
                     format_duration(row.arrival_ns));
      ui::tooltip("mean time from the first rank's coming to the last one's");
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, format_duration(row.transfer_ns));
      ui::tooltip("mean time from then on, until the first rank left");
    }
    ImGui::EndTable();
  }

  // What `boxes_` were made for.
  struct Painted {
    const HeatAnswer* answer = nullptr;
    float x = 0;
    float y = 0;
    float width = 0;
    float height = 0;
    Theme theme = Theme::kDark;
    bool difference = false;
    friend bool operator==(const Painted&, const Painted&) = default;
  };

  Latest<HeatQuestion, HeatAnswer> heat_;
  Painted painted_;
  RowCursor cursor_;  // in the ranks, as they are ordered
  std::vector<Box> boxes_;
  PixelSheet sheet_;  // of boxes_
};

}  // namespace

std::unique_ptr<View> make_ranks_view() {
  return std::make_unique<RanksView>();
}

}  // namespace stepscope::viewer
