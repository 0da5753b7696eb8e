// SPDX-License-Identifier: Apache-2.0
//
// Head of the timeline: time ticks, step band, and with two runs the difference of every step.
#include <algorithm>
#include <cmath>

#include "viewer/model/format.hpp"
#include "viewer/timeline/timeline_painter.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kTickPixels = 110;
constexpr float kWideStep = 3;    // pixels; narrower steps have no box in their band
constexpr float kWideSlot = 260;  // wide enough for ticks of its own

}  // namespace

void TimelinePainter::paint_ruler() {
  out_.box({geo_.x, geo_.y, geo_.right(), geo_.lanes_y(), colors_.panel});
  out_.push_clip(geo_.lanes_x(), geo_.y, geo_.right(), geo_.lanes_y());
  paint_ticks(Side::kA, 0);
  if (geo_.rulers > 1) {
    paint_ticks(Side::kB, 1);
  }
  paint_step_band();
  if (geo_.delta > 0) {
    paint_delta_band();
  }
  out_.pop_clip();
  const float text_x = geo_.x + 10 * geo_.unit;
  const float pad = 3 * geo_.unit;
  const float row = geo_.ruler / static_cast<float>(geo_.rulers);
  out_.text(text_x, geo_.y + pad, geo_.lanes_x(), colors_.text_faint, geo_.rulers > 1 ? "time of A" : "time");
  if (geo_.rulers > 1) {
    out_.text(text_x, geo_.y + row + pad, geo_.lanes_x(), colors_.text_faint, "time of B");
  }
  out_.text(text_x, geo_.y + geo_.ruler + pad / 2, geo_.lanes_x(), colors_.text_faint, "step");
  if (geo_.delta > 0) {
    out_.text(text_x, geo_.y + geo_.ruler + geo_.steps + pad / 2, geo_.lanes_x(), colors_.text_faint,
              "B − A per step");
  }
  out_.line(geo_.x, geo_.lanes_y() - 1, geo_.right(), geo_.lanes_y() - 1, colors_.border, 1);
  out_.line(geo_.lanes_x() - 1, geo_.y, geo_.lanes_x() - 1, geo_.lanes_y(), colors_.border, 1);
}

bool TimelinePainter::slots_are_wide() const {
  const auto [first, last] = visible_slots();
  if (first == last) {
    return false;
  }
  const auto slots = state_.alignment.slots();
  const double length = slots[last - 1].display.end_ns - slots[first].display.begin_ns;
  return length / static_cast<double>(last - first) / state_.view.ns_per_pixel() >=
         double{kWideSlot * geo_.unit};
}

// One row of ticks: of the steps where they are aligned and there is room, else of the run.
void TimelinePainter::paint_ticks(Side side, size_t row) {
  const float height = geo_.ruler / static_cast<float>(geo_.rulers);
  const float y = geo_.y + height * static_cast<float>(row);
  const Color color = geo_.rulers == 1 ? colors_.text_dim : side == Side::kA ? colors_.run_a : colors_.run_b;
  if (!state_.two_runs() || state_.align_mode == AlignMode::kAbsolute || !slots_are_wide()) {
    return paint_time_ticks(side, y, height, color);
  }
  const auto [first, last] = visible_slots();
  for (size_t s = first; s < last; ++s) {
    paint_step_ticks(side, s, y, height, color);
  }
}

void TimelinePainter::paint_tick(float x, float y, float height, const std::string& label, Color color) {
  out_.line(std::floor(x), y + height - 5 * geo_.unit, std::floor(x), y + height, colors_.grid_strong, 1);
  out_.text(x + 4 * geo_.unit, y + 3 * geo_.unit, geo_.right(), color, label);
}

// Round times of a run since its start, wherever the axis puts them.
void TimelinePainter::paint_time_ticks(Side side, float y, float height, Color color) {
  const RunModel& run = *state_.run(side);
  const TimeRange seen = state_.view.visible();
  const auto since_start = [&](double display) {
    return static_cast<double>(state_.alignment.to_time(side, display) - run.begin_ns);
  };
  const double first = since_start(seen.begin_ns);
  const double last = since_start(seen.end_ns);
  const double own = geo_.rulers == 1 ? state_.view.ns_per_pixel() : (last - first) / state_.view.width();
  const double step = tick_step(std::max(own, 1e-3), double{kTickPixels * geo_.unit});
  for (double t = std::ceil(first / step) * step; t <= last; t += step) {
    const float x = x_of(state_.alignment.to_display(side, run.begin_ns + std::llround(t)));
    paint_tick(x, y, height, format_ruler(t, step), color);
  }
}

// Ticks since the start of one step, or its anchor, in the time of one run.
void TimelinePainter::paint_step_ticks(Side side, size_t s, float y, float height, Color color) {
  const auto slots = state_.alignment.slots();
  const StepSlot& slot = slots[s];
  const bool stretched = state_.align_mode == AlignMode::kStepNormalised && side == Side::kB &&
                         slot.duration_a > 0 && slot.duration_b > 0;
  const double scale =
      stretched ? static_cast<double>(slot.duration_a) / static_cast<double>(slot.duration_b) : 1;
  const double step = tick_step(state_.view.ns_per_pixel() / scale, double{kTickPixels * geo_.unit});
  const TimeRange seen = state_.view.visible();
  const float right_limit = s + 1 < slots.size() ? x_of(slots[s + 1].display.begin_ns) : geo_.right();
  const double begin = (std::max(slot.display.begin_ns, seen.begin_ns) - slot.origin_ns) / scale;
  const double end = (std::min(slot.display.end_ns, seen.end_ns) - slot.origin_ns) / scale;
  for (double t = std::ceil(begin / step) * step; t < end; t += step) {
    const float x = x_of(slot.origin_ns + t * scale);
    const bool zero = std::abs(t) < step / 2;
    std::string label = zero ? "0" : (t < 0 ? "-" : "+") + format_ruler(std::abs(t), step);
    if (x + out_.text_width(label) + 8 * geo_.unit >= right_limit) {
      label.clear();
    }
    paint_tick(x, y, height, label, color);
  }
}

// Every so many steps get their number where there is no room for all: 1, 2, 5, 10, 20, ...
int64_t TimelinePainter::label_stride(size_t first, size_t last) {
  const auto slots = state_.alignment.slots();
  const std::string widest = std::to_string(state_.run(Side::kA)->steps[slots[last - 1].index_a].number);
  const double slot = (slots[last - 1].display.end_ns - slots[first].display.begin_ns) /
                      static_cast<double>(last - first) / state_.view.ns_per_pixel();
  const double wanted = double{out_.text_width(widest) + 14 * geo_.unit} / std::max(slot, 1e-6);
  return wanted <= 1 ? 1 : static_cast<int64_t>(tick_step(1, wanted));
}

void TimelinePainter::paint_step_band() {
  const auto slots = state_.alignment.slots();
  const auto [first, last] = visible_slots();
  if (first == last) {
    return;
  }
  const float y = geo_.y + geo_.ruler;
  const auto chosen = [&](size_t s) {
    return state_.selection.steps && s >= state_.selection.steps->first && s <= state_.selection.steps->last;
  };
  scratch_.boxes.clear();
  const double wide_ns = double{kWideStep} * state_.view.ns_per_pixel();
  for (size_t s = first; s < last; ++s) {
    if (slots[s].display.length() < wide_ns && !chosen(s)) {
      continue;  // there may be a hundred thousand of these
    }
    const float x0 = std::max(x_of(slots[s].display.begin_ns), geo_.lanes_x());
    const float x1 = std::min(x_of(slots[s].display.end_ns), geo_.right());
    if (x1 - x0 >= kWideStep || chosen(s)) {
      const Color ground = chosen(s) ? colors_.accent_soft : s % 2 == 1 ? colors_.header : colors_.panel_alt;
      scratch_.boxes.push_back({x0, y, std::max(x1 - 1, x0 + 1), y + geo_.steps - 1, ground});
    }
  }
  out_.boxes(scratch_.boxes);
  const int64_t stride = label_stride(first, last);
  const auto number_of = [&](size_t s) { return state_.run(Side::kA)->steps[slots[s].index_a].number; };
  for (size_t s = first; s < last;) {
    const int64_t number = number_of(s);
    const int64_t past = (number % stride + stride) % stride;
    if (past == 0) {
      // Over the steps that have no label, but not under the next one that has.
      const size_t next = s + static_cast<size_t>(stride);
      const float end = next < last ? x_of(slots[next].display.begin_ns) : geo_.right();
      paint_step_label(slots[s], number, y, end, chosen(s));
    }
    // Steps count up by one as a rule; where they do not, none is left out.
    const size_t next = s + static_cast<size_t>(stride - past);
    s = next < last && number_of(next) - number == stride - past ? next : s + 1;
  }
}

void TimelinePainter::paint_step_label(const StepSlot& slot, int64_t number, float y, float end,
                                       bool chosen) {
  const float pad = 4 * geo_.unit;
  const float x0 = std::max(x_of(slot.display.begin_ns), geo_.lanes_x());
  const float room = std::min(x_of(slot.display.end_ns), geo_.right()) - x0 - 2 * pad;
  std::string label = std::to_string(number);
  if (room > 60 * geo_.unit) {
    label = "step " + label;
    std::string longer = label + "   " + format_duration(static_cast<double>(slot.duration_a));
    if (state_.two_runs()) {
      longer += " → " + format_duration(static_cast<double>(slot.duration_b));
    }
    label = out_.text_width(longer) <= room ? longer : label;
  }
  if (x0 + pad + out_.text_width(label) < end) {
    out_.text(x0 + pad, y + 1.5F * geo_.unit, geo_.right(), chosen ? colors_.text : colors_.text_dim, label);
  }
}

void TimelinePainter::paint_delta_band() {
  const auto slots = state_.alignment.slots();
  const auto [first, last] = visible_slots();
  const float y = geo_.y + geo_.ruler + geo_.steps;
  const double scale = std::max({1.0, std::abs(state_.strip.median_b_ns - state_.strip.median_a_ns) * 1.5,
                                 state_.strip.median_a_ns * 0.1});
  scratch_.boxes.clear();
  // Hot where steps are many: as x_of and std::floor, without their calls.
  const double begin_ns = state_.view.visible().begin_ns;
  const double per_pixel = state_.view.ns_per_pixel();
  const auto pixel_of = [&](double display) {
    return geo_.lanes_x() + static_cast<float>((display - begin_ns) / per_pixel);
  };
  const auto whole = [](float x) { return static_cast<float>(static_cast<int>(x)); };
  double kept = 0;
  for (size_t s = first; s < last; ++s) {
    const float x0 = whole(std::max(pixel_of(slots[s].display.begin_ns), geo_.lanes_x()));
    const auto delta = static_cast<double>(slots[s].delta());
    const bool shared = !scratch_.boxes.empty() && scratch_.boxes.back().x0 == x0;
    if (shared && std::abs(delta) <= kept) {  // of several steps on a pixel, the largest stands for them
      continue;
    }
    kept = std::abs(delta);
    const Color color = difference_color(delta / scale, state_.theme);
    if (shared) {
      scratch_.boxes.back().color = color;
    } else {
      const float x1 = std::max(whole(std::min(pixel_of(slots[s].display.end_ns), geo_.right())), x0 + 1);
      scratch_.boxes.push_back({x0, y, x1 - (x1 - x0 > 3 ? 1.0F : 0.0F), y + geo_.delta - 2, color});
    }
  }
  out_.boxes(scratch_.boxes);
  for (size_t s = first; s < last && static_cast<float>(last - first) * 20 < geo_.lanes_width(); ++s) {
    const float x0 = std::max(x_of(slots[s].display.begin_ns), geo_.lanes_x());
    const float x1 = std::min(x_of(slots[s].display.end_ns), geo_.right());
    const auto delta = static_cast<double>(slots[s].delta());
    std::string label = format_delta_ms(delta);
    const float pad = 4 * geo_.unit;
    if (out_.text_width(label + " ms") <= x1 - x0 - 2 * pad) {
      label += " ms";
    }
    if (out_.text_width(label) <= x1 - x0 - 2 * pad) {
      out_.text(x0 + pad, y, x1, text_on(difference_color(delta / scale, state_.theme)), label);
    }
  }
}

}  // namespace stepscope::viewer
