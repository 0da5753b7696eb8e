// SPDX-License-Identifier: Apache-2.0
//
// Waterfall: from A's mean step to B's, term by term, with the running sum in figures. A click does what it does in the
// table of terms.
#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/model/waterfall.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

// A running sum in ms with the digits that tell one term from the next.
std::string sum_text(int64_t ns, int64_t whole_ns) {
  const int digits = whole_ns < 1'000'000 ? 3 : whole_ns < 20'000'000 ? 2 : 1;
  return fmt::format("{:.{}f}", static_cast<double>(ns) / 1e6, digits);
}

class WaterfallView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (!state.table_ready || !state.table.comparison || state.table.terms.empty()) {
      ui::text_wrapped(colors.text_dim, state.load.active ? "waiting for the analysis ..."
                                        : state.two_runs()
                                            ? state.table.status
                                            : "From one mean step to the other needs two runs: --vs RUN.");
      return;
    }
    ImGuiPainter painter(*ImGui::GetWindowDrawList());
    set_columns(painter, state, area);
    const auto lines =
        static_cast<size_t>(std::max(4.0F, std::floor(ImGui::GetContentRegionAvail().y / line_)));
    const Waterfall fall = Waterfall::make(state.table, std::max<size_t>(lines, 4) - 3);
    set_scale(fall);
    line_ = std::clamp(std::floor(ImGui::GetContentRegionAvail().y / static_cast<float>(fall.bars.size())),
                       line_, std::floor(painter.line_height() * 1.9F));
    const ImVec2 start = ImGui::GetCursorScreenPos();
    for (size_t i = 0; i < fall.bars.size(); ++i) {
      draw_bar(painter, state, fall, i, start.y + line_ * static_cast<float>(i));
    }
    if (const int64_t residual = state.table.residual_ns(); residual != 0) {
      ui::text(colors.error, "the terms miss " + format_duration(static_cast<double>(residual)));
    }
  }

 private:
  // Where titles end, bars begin and figures stand: change, then running sum.
  void set_columns(ImGuiPainter& painter, const AppState& state, const ViewArea& area) {
    unit_ = area.unit;
    line_ = std::floor(painter.line_height() * 1.42F);
    left_ = area.pos.x;
    right_ = area.pos.x + area.size.x - 6 * unit_;
    const float figures = painter.text_width("▲ +0000.00");
    sum_x_ = right_;
    delta_x_ = sum_x_ - figures - 10 * unit_;
    float widest = 0;
    for (const TermRow& term : state.table.terms) {
      widest = std::max(widest, painter.text_width(term.title()));
    }
    title_end_ = left_ + std::min(widest + 26 * unit_, area.size.x * 0.36F);
    bars_x0_ = title_end_ + 8 * unit_;
    bars_x1_ = std::max(delta_x_ - figures - 6 * unit_, bars_x0_ + 10);
  }

  // Only the part of the axis that changes; where most of the step changes, all of it from 0.
  void set_scale(const Waterfall& fall) {
    const auto low = static_cast<double>(fall.low_ns);
    const auto high = static_cast<double>(fall.high_ns);
    const double margin = std::max((high - low) * 0.12, 1.0);
    low_ns_ = low - margin < 0.4 * high ? 0 : low - margin;
    high_ns_ = high + margin * 0.3;
  }

  [[nodiscard]] float x_of(int64_t ns) const {
    const double share = (static_cast<double>(ns) - low_ns_) / std::max(1.0, high_ns_ - low_ns_);
    return bars_x0_ + static_cast<float>(std::clamp(share, 0.0, 1.0)) * (bars_x1_ - bars_x0_);
  }

  void draw_bar(ImGuiPainter& painter, AppState& state, const Waterfall& fall, size_t index, float y) const {
    using Kind = WaterfallBar::Kind;
    const WaterfallBar& bar = fall.bars[index];
    const Palette& colors = state.colors();
    const bool step = bar.kind == Kind::kBase || bar.kind == Kind::kCandidate;
    ImGui::SetCursorScreenPos(ImVec2(left_, y));
    ImGui::PushID(static_cast<int>(index));
    const bool clicked = ImGui::InvisibleButton("##bar", ImVec2(std::max(1.0F, right_ - left_), line_));
    ImGui::PopID();
    const bool over = ImGui::IsItemHovered();
    if (over && !step) {
      painter.box({left_, y, right_ + 4 * unit_, y + line_, colors.panel_alt});
    }
    const float text_y = y + (line_ - painter.line_height()) / 2;
    const Color ink = step || bar.flagged ? colors.text : colors.text_dim;
    draw_title(painter, state, bar, text_y, ink);
    const float top = std::floor(y + line_ * 0.19F);
    const float bottom = std::floor(y + line_ * 0.81F);
    const float from = std::floor(step ? bars_x0_ : x_of(std::min(bar.from_ns, bar.to_ns)));
    const float to =
        std::max(std::floor(x_of(step ? bar.to_ns : std::max(bar.from_ns, bar.to_ns))), from + 1);
    const Color color = bar.kind == Kind::kBase        ? colors.run_a
                        : bar.kind == Kind::kCandidate ? colors.run_b
                        : bar.delta_ns() > 0           ? colors.more
                                                       : colors.less;
    painter.box({from, top, to, bottom, step || bar.flagged ? color : mix(colors.panel, color, 0.6)});
    if (step && low_ns_ > 0) {  // a broken bar: its axis does not begin at 0
      painter.box({bars_x0_ + 5 * unit_, top - 1, bars_x0_ + 7 * unit_, bottom + 1, colors.panel});
      painter.box({bars_x0_ + 9 * unit_, top - 1, bars_x0_ + 11 * unit_, bottom + 1, colors.panel});
    }
    if (index + 1 < fall.bars.size()) {  // the running sum, down to the next bar
      const float x = std::floor(x_of(bar.to_ns));
      painter.line(x - (bar.to_ns >= bar.from_ns ? 1.0F : 0.0F), bottom,
                   x - (bar.to_ns >= bar.from_ns ? 1.0F : 0.0F), std::floor(y + line_ * 1.19F),
                   colors.text_faint, 1);
    }
    if (!step) {
      text_right(painter, delta_x_, text_y,
                 !bar.flagged         ? colors.text_dim
                 : bar.delta_ns() > 0 ? colors.more
                                      : colors.less,
                 format_delta_ms(static_cast<double>(bar.delta_ns())));
    }
    const std::string unit = " ms";
    const float figures = sum_x_ - painter.text_width(unit);
    text_right(painter, figures, text_y, step ? colors.text : colors.text_faint,
               sum_text(bar.to_ns, fall.bars.front().to_ns));
    if (step) {
      text_right(painter, sum_x_, text_y, colors.text_faint, unit);
    }
    if (over && !step) {
      act(state, bar, clicked);
    }
  }

  void draw_title(ImGuiPainter& painter, const AppState& state, const WaterfallBar& bar, float y,
                  Color ink) const {
    float x = left_;
    if (bar.kind == WaterfallBar::Kind::kTerm) {
      const float size = painter.line_height() * 0.72F;
      const float top = std::floor(y + (painter.line_height() - size) / 2 + 1);
      painter.box({x, top, x + size, top + size, category_color(bar.category, state.theme)});
      x += size * 1.6F;
    }
    painter.text(x, y, title_end_, ink, bar.title);
  }

  static void text_right(ImGuiPainter& painter, float right, float y, Color color, const std::string& text) {
    const float x = right - painter.text_width(text);
    painter.text(x, y, right + 2, color, text);
  }

  static void act(AppState& state, const WaterfallBar& bar, bool clicked) {
    const Palette& colors = state.colors();
    ImGui::BeginTooltip();
    ui::name(colors.text, bar.title);
    ui::text(colors.text_dim, format_delta_ms(static_cast<double>(bar.delta_ns())) +
                                  " ms per step: " + format_ms(static_cast<double>(bar.from_ns)) + " → " +
                                  format_ms(static_cast<double>(bar.to_ns)) + " ms");
    constexpr size_t kListed = 8;
    for (size_t i = 0; bar.kind == WaterfallBar::Kind::kOthers && i < bar.terms.size(); ++i) {
      const TermRow& term = state.table.terms[bar.terms[i]];
      ui::text(
          colors.text_faint,
          i == kListed ? "..." : format_delta_ms(static_cast<double>(term.delta_ns)) + "  " + term.title());
      if (i == kListed) {
        break;
      }
    }
    const std::optional<Place>& place = state.table.terms[bar.terms.front()].place;
    if (bar.kind == WaterfallBar::Kind::kTerm) {
      ui::text(colors.text_faint,
               place ? "click: go to the step where it is largest" : "no place recorded for it");
    }
    ImGui::EndTooltip();
    if (clicked && bar.kind == WaterfallBar::Kind::kTerm && place) {
      state.go_to(*place);
    }
  }

  float unit_ = 1;
  float line_ = 20;
  float left_ = 0;
  float right_ = 0;
  float title_end_ = 0;
  float bars_x0_ = 0;
  float bars_x1_ = 1;
  float delta_x_ = 0;  // right edge of the changes
  float sum_x_ = 0;    // right edge of the sums
  double low_ns_ = 0;
  double high_ns_ = 1;
};

}  // namespace

std::unique_ptr<View> make_waterfall_view() {
  return std::make_unique<WaterfallView>();
}

}  // namespace stepscope::viewer
