// SPDX-License-Identifier: Apache-2.0
//
// Step strip: the time of every step, A grey behind B coloured by where the time went. Click goes to a step, drag
// selects a stretch.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

constexpr Color kTransparent{0, 0, 0, 0};
constexpr float kOver = 4;  // what is above the scale has its mark in so many pixels

struct Plot {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  [[nodiscard]] float width() const { return x1 - x0; }
  [[nodiscard]] float height() const { return y1 - y0; }
  friend bool operator==(const Plot&, const Plot&) = default;
};

class StepStripView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    ImGuiPainter painter(*ImGui::GetWindowDrawList(), &sheet_);
    const Plot plot{area.pos.x + area.gutter, area.pos.y + 8 * area.unit,
                    area.pos.x + area.size.x - 10 * area.unit, area.pos.y + area.size.y - 6 * area.unit};
    draw_legend(painter, state, area);
    if (state.strip.bars.empty()) {
      if (state.run(Side::kA) != nullptr) {
        painter.text(plot.x0 + 8 * area.unit, area.pos.y + area.size.y / 2 - painter.line_height() / 2,
                     plot.x1, state.colors().text_dim,
                     state.load.active ? "looking for steps ..." : no_steps_text(state));
      }
      return;
    }
    draw_scale(painter, state, plot, area.unit);
    draw_marks(painter, state, plot);
    draw_bars(painter, state, plot, area.unit);
    draw_changes(painter, state, plot, area.unit);
    handle_mouse(state, plot);
  }

 private:
  // What the boxes of the bars depend on.
  struct Drawn {
    Plot plot;
    float unit = 0;
    uint64_t strip = 0;
    Theme theme = Theme::kDark;
    bool both = false;
    friend bool operator==(const Drawn&, const Drawn&) = default;
  };

  static std::string no_steps_text(const AppState& state) {
    const std::string& method = state.run(Side::kA)->step_method;
    return "no steps found" + (method.empty() ? std::string() : ": " + method);
  }

  static void draw_legend(ImGuiPainter& painter, const AppState& state, const ViewArea& area) {
    const Palette& colors = state.colors();
    const float x = area.pos.x + 10 * area.unit;
    float y = area.pos.y + 10 * area.unit;
    const float right = area.pos.x + area.gutter - 62 * area.unit;
    painter.text(x, y, right, colors.text, "Time per step");
    if (state.strip.bars.empty()) {
      return;
    }
    y += painter.line_height() * 1.3F;
    painter.text(x, y, right, colors.text_faint, "median");
    y += painter.line_height() * 1.3F;
    for (const Side side : {Side::kA, Side::kB}) {
      if (state.run(side) == nullptr) {
        continue;
      }
      const Color color = !state.two_runs() || side == Side::kB ? colors.run_b : colors.run_a;
      const double median = side == Side::kA ? state.strip.median_a_ns : state.strip.median_b_ns;
      const std::string name = state.two_runs() ? side == Side::kA ? "A  " : "B  " : "";
      painter.text(x, y, right, color, name + format_duration(median));
      y += painter.line_height() * 1.3F;
    }
  }

  [[nodiscard]] static float y_of(const AppState& state, const Plot& plot, double ns) {
    const double share = std::min(1.0, ns / state.strip.full_scale_ns);
    return plot.y1 - static_cast<float>(share) * plot.height();
  }

  static void draw_scale(ImGuiPainter& painter, const AppState& state, const Plot& plot, float unit) {
    const Palette& colors = state.colors();
    const double step = tick_step(state.strip.full_scale_ns / double{plot.height()}, double{24 * unit});
    for (double t = 0; t <= state.strip.full_scale_ns; t += step) {
      const float y = std::floor(y_of(state, plot, t));
      painter.line(plot.x0, y, plot.x1, y, t == 0 ? colors.grid_strong : colors.grid, 1);
      const std::string label = t == 0 ? "0" : format_ruler(t, step);
      const float width = painter.text_width(label);
      const float text_y =
          std::min(y - painter.line_height() / 2, plot.y1 - painter.line_height() + 4 * unit);
      painter.text(plot.x0 - width - 8 * unit, text_y, plot.x0, colors.text_faint, label);
    }
  }

  // The selected steps and those that the timeline shows.
  static void draw_marks(ImGuiPainter& painter, const AppState& state, const Plot& plot) {
    const Palette& colors = state.colors();
    const auto slots = state.alignment.slots();
    const float per_bar = plot.width() / static_cast<float>(state.strip.bars.size());
    if (const auto selected = selected_slots(state)) {
      const auto [first, last] = *selected;
      painter.box({plot.x0 + per_bar * static_cast<float>(first), plot.y0 - 4,
                   plot.x0 + per_bar * static_cast<float>(last + 1), plot.y1, colors.accent_soft});
    }
    const TimeRange seen = state.view.visible();
    const auto first = std::partition_point(slots.begin(), slots.end(), [&](const StepSlot& slot) {
      return slot.display.end_ns <= seen.begin_ns;
    });
    const auto last = std::partition_point(
        first, slots.end(), [&](const StepSlot& slot) { return slot.display.begin_ns < seen.end_ns; });
    if (last > first) {
      const float x0 = plot.x0 + per_bar * static_cast<float>(first - slots.begin());
      const float x1 = std::max(plot.x0 + per_bar * static_cast<float>(last - slots.begin()), x0 + 3);
      painter.box({x0, plot.y1 + 1, x1, plot.y1 + 4, colors.accent});
    }
  }

  // Bars and medians. Every step is looked at when something changed, else the boxes of the frame before stand.
  void draw_bars(ImGuiPainter& painter, const AppState& state, const Plot& plot, float unit) {
    const Drawn wanted{plot, unit, state.strip.number, state.theme, state.two_runs()};
    if (wanted != drawn_) {
      drawn_ = wanted;
      make_boxes(state, plot, unit);
    }
    painter.many_boxes(boxes_, {plot.x0, plot.y0 - kOver, plot.x1, plot.y1, kTransparent});
  }

  void make_boxes(const AppState& state, const Plot& plot, float unit) {
    const size_t bars = state.strip.bars.size();
    const auto pixels = static_cast<size_t>(std::max(1.0F, plot.width()));
    const size_t columns = std::min(bars, pixels);
    const float wide = plot.width() / static_cast<float>(columns);
    const float gap = wide >= 4 ? std::min(wide * 0.2F, 6 * unit) : 0;
    boxes_.clear();
    for (size_t c = 0; c < columns; ++c) {
      const auto [first, last] = bars_of_column(bars, columns, c);
      const float x0 = std::floor(plot.x0 + wide * static_cast<float>(c) + gap / 2);
      const float x1 = std::max(std::floor(plot.x0 + wide * static_cast<float>(c + 1) - gap / 2), x0 + 1);
      add_column(state, plot, first, last, x0, x1);
    }
    add_medians(state, plot, unit);
  }

  // Where the step time shifted for good, with by how much.
  static void draw_changes(ImGuiPainter& painter, const AppState& state, const Plot& plot, float unit) {
    const Palette& colors = state.colors();
    const float per_bar = plot.width() / static_cast<float>(state.strip.bars.size());
    const float pad = 4 * unit;
    float free_from = plot.x0;  // labels do not cover each other
    for (const StepChange& change : state.step_changes) {
      const float x = std::floor(plot.x0 + per_bar * static_cast<float>(change.bar));
      const Color color = change.delta_ns() > 0 ? colors.more : colors.less;
      painter.line(x, plot.y0 - 5 * unit, x, plot.y1, colors.panel, 3);
      painter.line(x + 1, plot.y0 - 5 * unit, x + 1, plot.y1, color, 1);
      const std::string label = format_delta_ms(change.delta_ns()) + " ms";
      const float width = painter.text_width(label) + 2 * pad;
      const float left = x + 2 + width > plot.x1 ? x - width : x + 2;
      if (left >= free_from) {
        const float y = plot.y0 - 5 * unit;
        painter.box({left, y, left + width, y + painter.line_height() + pad / 2, colors.panel});
        painter.text(left + pad, y, left + width, color, label);
        free_from = left + width;
      }
    }
  }

  // Mean of the steps [first, last) in one column.
  void add_column(const AppState& state, const Plot& plot, size_t first, size_t last, float x0, float x1) {
    const Palette& colors = state.colors();
    const bool both = state.two_runs();
    const auto count = static_cast<double>(last - first);
    double a_ns = 0;
    double b_ns = 0;
    bool train = true;
    std::string_view other_class;
    std::array<double, kCategoryCount> parts{};
    for (size_t i = first; i < last; ++i) {
      const StepBar& bar = state.strip.bars[i];
      a_ns += static_cast<double>(bar.a_ns) / count;
      b_ns += static_cast<double>(bar.b_ns) / count;
      train = train && bar.train;
      other_class = bar.train ? other_class : bar.class_name;
      for (size_t part = bar.first_part; part < bar.last_part; ++part) {
        const StepPart& share = state.strip.parts[part];
        parts.at(static_cast<size_t>(share.category)) += static_cast<double>(share.ns) / count;
      }
    }
    const double coloured = both ? b_ns : a_ns;
    const float wide = x1 - x0;
    const float inset = both && wide >= 6 ? std::floor(wide * 0.22F) : 0;
    if (both) {
      boxes_.push_back({x0, y_of(state, plot, a_ns), x1, plot.y1, mix(colors.panel, colors.run_a, 0.55)});
    }
    double sum = 0;
    float y = plot.y1;
    for (size_t c = 0; c < parts.size(); ++c) {
      if (parts[c] > 0) {
        sum += parts[c];
        const float top = y_of(state, plot, sum);
        boxes_.push_back({x0 + inset, top, x1 - inset, y,
                          faded(category_color(static_cast<Category>(c), state.theme), train, colors)});
        y = top;
      }
    }
    if (sum < coloured) {
      boxes_.push_back(
          {x0 + inset, y_of(state, plot, coloured), x1 - inset, y, faded(colors.run_b, train, colors)});
    }
    if (both) {
      const float top = y_of(state, plot, a_ns);
      boxes_.push_back({x0, top, x1, top + 2, colors.text_dim});
    }
    if (!train) {
      const Color color = category_color(class_category(other_class), state.theme);
      boxes_.push_back({x0, plot.y1 - 4, x1, plot.y1, color});
    }
    if (std::max(a_ns, b_ns) > state.strip.full_scale_ns) {
      boxes_.push_back({x0, plot.y0 - kOver, x1, plot.y0 - 1, colors.error});
    }
  }

  // Steps that are not ordinary training (warm-up, checkpoint) stand back.
  static Color faded(Color color, bool train, const Palette& colors) {
    return train ? color : mix(colors.panel, color, 0.45);
  }

  void add_medians(const AppState& state, const Plot& plot, float unit) {
    const Palette& colors = state.colors();
    for (const Side side : {Side::kA, Side::kB}) {
      if (state.run(side) == nullptr) {
        continue;
      }
      const double median = side == Side::kA ? state.strip.median_a_ns : state.strip.median_b_ns;
      const Color color = !state.two_runs() || side == Side::kB ? colors.text : colors.text_faint;
      const float y = std::floor(y_of(state, plot, median));
      for (float x = plot.x0; x < plot.x1; x += 8 * unit) {
        boxes_.push_back({x, y, std::min(x + 4 * unit, plot.x1), y + 1, color});
      }
    }
  }

  void handle_mouse(AppState& state, const Plot& plot) {
    ImGui::SetCursorScreenPos(ImVec2(plot.x0, plot.y0 - 4));
    ImGui::InvisibleButton("##steps", ImVec2(std::max(1.0F, plot.width()), plot.height() + 8));
    const size_t bars = state.strip.bars.size();
    const float share = (ImGui::GetIO().MousePos.x - plot.x0) / plot.width();
    const auto under = static_cast<size_t>(std::clamp(share, 0.0F, 0.999999F) * static_cast<float>(bars));
    if (ImGui::IsItemActivated()) {
      pressed_ = under;
    }
    if (ImGui::IsItemActive() && pressed_ && *pressed_ != under) {
      state.select_steps(state.strip.bars[*pressed_].slot, state.strip.bars[under].slot, false);
    }
    if (ImGui::IsItemDeactivated() && pressed_) {
      state.select_steps(state.strip.bars[*pressed_].slot, state.strip.bars[under].slot, true);
      pressed_.reset();
    }
    if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) {
      draw_tooltip(state, state.strip.bars[under]);
    }
  }

  static void draw_tooltip(const AppState& state, const StepBar& bar) {
    const Palette& colors = state.colors();
    ImGui::BeginTooltip();
    ui::text(colors.text, "step " + std::to_string(bar.number));
    if (!bar.train) {
      ImGui::SameLine();
      ui::swatch(category_color(class_category(bar.class_name), state.theme));
      ui::text(colors.text_faint, std::string(bar.class_name) + ": not part of medians and terms");
    }
    for (const StepChange& change : state.step_changes) {
      if (state.strip.bars[change.bar].slot == bar.slot) {
        ui::text(colors.text, "from here on " + format_delta_ms(change.delta_ns()) + " ms" +
                                  (state.two_runs() ? " more apart" : ""));
      }
    }
    const auto a = static_cast<double>(bar.a_ns);
    const auto b = static_cast<double>(bar.b_ns);
    if (state.two_runs()) {
      ui::text(colors.run_a, "A  " + format_duration(a));
      ui::text(colors.run_b, "B  " + format_duration(b));
      ui::text(b > a ? colors.more : colors.less, format_delta_ms(b - a) + " ms");
    } else {
      ui::text(colors.text_dim, format_duration(a));
    }
    const StepSlot& slot = state.alignment.slots()[bar.slot];
    const Side side = state.two_runs() ? Side::kB : Side::kA;
    for (const StepPart& part :
         step_parts(*state.run(side), side == Side::kB ? slot.index_b : slot.index_a)) {
      ui::swatch(category_color(part.category, state.theme));
      ui::text(colors.text_dim, std::string(category_label(part.category)) + "  " +
                                    format_duration(static_cast<double>(part.ns)));
    }
    ImGui::EndTooltip();
  }

  Drawn drawn_;  // in boxes_
  std::vector<Box> boxes_;
  PixelSheet sheet_;  // of boxes_
  std::optional<size_t> pressed_;
};

}  // namespace

std::unique_ptr<View> make_step_strip_view() {
  return std::make_unique<StepStripView>();
}

}  // namespace stepscope::viewer
