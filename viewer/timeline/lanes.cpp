// SPDX-License-Identifier: Apache-2.0
//
// Lanes of the timeline: rows of events, titles, labels. Hot path: one pass per visible row.
#include <algorithm>
#include <cmath>

#include "viewer/timeline/fitted_text.hpp"
#include "viewer/timeline/timeline_painter.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kLabelPixels = 26;       // narrower boxes carry no text
constexpr float kSeparate = 3.5F;        // wider boxes leave a pixel to their neighbour
constexpr double kDim = 0.22;            // what does not match the search keeps this much colour
constexpr double kManyBesideLit = 0.45;  // and columns of several events, which may be any
constexpr double kDotShare = 0.43;       // of their colour in dots that say "nothing here"
constexpr float kLeastHeight = 2;        // of a nearly idle column

// std::round of what is not negative, without a call.
float whole(float value) {
  return static_cast<float>(static_cast<int>(value + 0.5F));
}

}  // namespace

TimelinePainter::TimelinePainter(Painter& painter, const AppState& state, const TimelineGeometry& geometry,
                                 Scratch& scratch)
    : out_(painter), state_(state), geo_(geometry), scratch_(scratch), colors_(state.colors()) {
  for (const Side side : {Side::kA, Side::kB}) {
    if (state.run(side) != nullptr) {
      state.alignment.fill(side, state.view, scratch.maps[index_of(side)]);
    }
  }
}

float TimelinePainter::x_of(double display) const {
  return geo_.lanes_x() + static_cast<float>(state_.view.to_pixel(display));
}

std::pair<size_t, size_t> TimelinePainter::visible_slots() const {
  const auto slots = state_.alignment.slots();
  const TimeRange seen = state_.view.visible();
  const auto first = std::partition_point(
      slots.begin(), slots.end(), [&](const StepSlot& slot) { return slot.display.end_ns <= seen.begin_ns; });
  const auto last = std::partition_point(
      first, slots.end(), [&](const StepSlot& slot) { return slot.display.begin_ns < seen.end_ns; });
  return {static_cast<size_t>(first - slots.begin()), static_cast<size_t>(last - slots.begin())};
}

std::string_view TimelinePainter::fitted(std::string_view text, float width) {
  return fitted_text(out_, text, width, scratch_.text);
}

void TimelinePainter::paint_lanes() {
  out_.push_clip(geo_.lanes_x(), geo_.lanes_y(), geo_.right(), geo_.bottom());
  scratch_.boxes.clear();
  scratch_.labels.clear();
  paint_slots();
  scratch_.covered = {};
  const bool pairs =
      state_.two_runs() && state_.arrangement == Arrangement::kSplit && state_.shown == Shown::kBoth;
  const TrackLayout& layout = state_.layout;
  const float top = geo_.lanes_y() - state_.scroll_y;
  for (size_t i = layout.first_visible(state_.scroll_y); i < layout.items.size(); ++i) {
    const TrackItem& item = layout.items[i];
    if (top + item.y > geo_.bottom()) {
      break;
    }
    if (item.kind == TrackItem::Kind::kDelta) {
      paint_delta_lane(item, top + item.y);
    }
    if (item.kind != TrackItem::Kind::kLane) {
      continue;
    }
    const uint32_t lane = state_.tracks.tracks[item.track].lane[index_of(item.side)];
    const RunModel& run = *state_.run(item.side);
    const LaneModel& model = run.lanes[lane];
    mix_colors(item);
    paint_gaps(item, top + item.y);
    for (size_t row = 0; row < std::min(item.rows, model.rows.size()); ++row) {
      const float y = top + item.y + static_cast<float>(row) * (layout.row_height + layout.row_gap);
      if (y + layout.row_height >= geo_.lanes_y() && y <= geo_.bottom()) {
        paint_row(item.side, run, model.rows[row], y, layout.row_height);
        if (pairs && model.rows.size() == 1) {
          keep_cover(item);
        }
      }
    }
  }
  out_.many_boxes(scratch_.boxes,
                  {geo_.lanes_x(), geo_.lanes_y(), geo_.right(), geo_.bottom(), colors_.panel});
  paint_labels();
  out_.pop_clip();

  out_.push_clip(geo_.x, geo_.lanes_y(), geo_.right(), geo_.bottom());
  out_.line(geo_.lanes_x() - 1, geo_.lanes_y(), geo_.lanes_x() - 1, geo_.bottom(), colors_.border, 1);
  for (size_t i = layout.first_visible(state_.scroll_y); i < layout.items.size(); ++i) {
    const TrackItem& item = layout.items[i];
    if (top + item.y > geo_.bottom()) {
      break;
    }
    if (item.kind == TrackItem::Kind::kGroup) {
      paint_group(item, top + item.y);
    } else if (item.kind == TrackItem::Kind::kLane) {
      paint_lane_title(item, top + item.y);
    }
  }
  out_.pop_clip();
}

// Step boundaries behind the lanes: alternating bands, or nothing when they would only be noise.
void TimelinePainter::paint_slots() {
  const auto slots = state_.alignment.slots();
  const auto [first, last] = visible_slots();
  if (first == last || static_cast<float>(last - first) * 8 > geo_.lanes_width()) {
    return;
  }
  const auto down = [&](float x0, float x1, Color color) {
    scratch_.boxes.push_back({x0, geo_.lanes_y(), x1, geo_.bottom(), color});
  };
  const auto line = [&](double display, Color color) {
    const float x = std::floor(x_of(display));
    down(x, x + 1, color);
  };
  for (size_t s = first; s < last; ++s) {
    const TimeRange& shown = slots[s].display;
    if (s % 2 == 1) {
      down(x_of(shown.begin_ns), x_of(shown.end_ns), colors_.panel_alt);
    }
    line(shown.begin_ns, colors_.grid_strong);
    if (slots[s].origin_ns > shown.begin_ns) {
      line(slots[s].origin_ns, colors_.accent);  // the anchor
    }
    if (s + 1 == last) {
      line(shown.end_ns, colors_.grid_strong);
    }
  }
}

// With steps aligned by their start or an event the shorter one does not fill its slot: dotted ground says "nothing here".
void TimelinePainter::paint_gaps(const TrackItem& item, float y) {
  if (!state_.two_runs() ||
      (state_.align_mode != AlignMode::kStepStart && state_.align_mode != AlignMode::kAnchor)) {
    return;
  }
  const auto slots = state_.alignment.slots();
  const auto [first, last] = visible_slots();
  if (static_cast<float>(last - first) * 8 > geo_.lanes_width()) {
    return;
  }
  const float middle = std::floor(y + item.height / 2);
  for (size_t s = first; s < last; ++s) {
    const size_t index = item.side == Side::kA ? slots[s].index_a : slots[s].index_b;
    const StepModel& step = state_.run(item.side)->steps[index];
    const TimeRange own = state_.alignment.to_display(item.side, step.begin_ns, step.end_ns);
    paint_dots(slots[s].display.begin_ns, own.begin_ns, middle);
    paint_dots(own.end_ns, slots[s].display.end_ns, middle);
  }
}

void TimelinePainter::paint_dots(double from, double to, float y) {
  const float pitch = 6 * geo_.unit;
  const float x0 = std::max(x_of(from), geo_.lanes_x());
  const float x1 = std::min(x_of(to), geo_.right());
  if (x1 - x0 < 4) {
    return;
  }
  const Color dot = mix(colors_.panel, colors_.text_faint, kDotShare);
  for (float x = std::ceil(x0 / pitch) * pitch; x < x1 - 1; x += pitch) {
    scratch_.boxes.push_back({x, y, x + 2, y + 1, dot});
  }
}

// The colours of a lane, mixed once and not for each of its boxes.
void TimelinePainter::mix_colors(const TrackItem& item) {
  const bool faded = !state_.selects_track(item.track) || !state_.looks_at(item.side);
  const bool others_stand_out = !state_.emphasis(item.side).empty();
  for (size_t c = 0; c < one_color_.size(); ++c) {
    const Color color = category_color(static_cast<Category>(c), state_.theme);
    one_color_[c] = faded ? mix(colors_.panel, color, kFadedShare) : color;
    many_color_[c] = others_stand_out ? mix(colors_.panel, one_color_[c], kManyBesideLit) : one_color_[c];
  }
}

void TimelinePainter::paint_row(Side side, const RunModel& run, const EventRow& row, float y, float height) {
  scratch_.spans.clear();
  level_of_detail(row, scratch_.maps[index_of(side)], run.category_of, scratch_.spans);
  for (const LodSpan& span : scratch_.spans) {
    add_span(side, row, span, y, height);
  }
}

void TimelinePainter::add_span(Side side, const EventRow& row, const LodSpan& span, float y, float height) {
  const auto category = static_cast<size_t>(span.category);
  const float x0 = geo_.lanes_x() + span.x0;
  float x1 = geo_.lanes_x() + span.x1;
  if (span.event == LodSpan::kMany) {
    const Color color = many_color_[category];
    const float tall = std::max(kLeastHeight, whole(height * static_cast<float>(span.fill) / kFull));
    const Box box{x0, y + height - tall, x1, y + height, color};
    if (Box* last = scratch_.boxes.empty() ? nullptr : &scratch_.boxes.back();
        last != nullptr && last->x1 == x0 && last->y0 == box.y0 && last->y1 == box.y1 &&
        last->color == color) {
      last->x1 = x1;  // the next column is as tall in whole pixels
    } else {
      scratch_.boxes.push_back(box);
    }
    return;
  }
  Color color = one_color_[category];
  const uint32_t name = row.name(span.event);
  if (state_.dimmed(side, name)) {
    color = mix(colors_.panel, color, kDim);
  }
  if (span.width() > kSeparate) {
    x1 -= 1;
  }
  scratch_.boxes.push_back({x0, y, x1, y + height, color});
  if (span.width() >= kLabelPixels * geo_.unit) {
    scratch_.labels.push_back({x0, x1, y, color, name, side});
  }
}

void TimelinePainter::paint_labels() {
  const float pad = 4 * geo_.unit;
  const float drop = (state_.layout.row_height - out_.line_height()) / 2;
  for (const Label& label : scratch_.labels) {
    const float x0 = std::max(label.x0, geo_.lanes_x()) + pad;
    const float x1 = std::min(label.x1, geo_.right()) - pad;
    const std::string& name = state_.run(label.side)->names[label.name].text;
    const std::string_view text = fitted(name, x1 - x0);
    if (!text.empty()) {
      out_.text(x0, label.y + drop, x1 + pad, text_on(label.color), text);
    }
  }
}

void TimelinePainter::paint_group(const TrackItem& item, float y) {
  const TrackGroup& group = state_.tracks.groups[item.group];
  out_.box({geo_.x, y, geo_.right(), y + item.height - 1, colors_.header});
  out_.box({geo_.x, y + item.height - 1, geo_.right(), y + item.height, colors_.border});
  const float middle = std::floor(y + item.height / 2);
  const float size = 4 * geo_.unit;
  out_.triangle(geo_.x + 12 * geo_.unit, middle + (item.collapsed ? size / 2 : -size / 2), size,
                item.collapsed, colors_.text_dim);
  const float text_y = y + (item.height - out_.line_height()) / 2;
  const float x = geo_.x + 24 * geo_.unit;
  out_.text(x, text_y, geo_.right(), colors_.text, group.title);
  const std::string_view seen = std::string_view(group.title).substr(0, visible_bytes(geo_.right() - x));
  const float after = x + out_.text_width(seen) + 14 * geo_.unit;
  out_.text(after, text_y, geo_.right() - 8, colors_.text_faint, group.subtitle);
}

void TimelinePainter::paint_lane_title(const TrackItem& item, float y) {
  const float row = state_.layout.row_height;
  const float text_y = y + (row - out_.line_height()) / 2;
  const bool both = state_.two_runs();
  const float tag = both ? 20 * geo_.unit : 0;
  if (item.first) {
    const float x0 = geo_.x + 24 * geo_.unit;
    const float x1 = geo_.lanes_x() - tag - 8 * geo_.unit;
    const Track& track = state_.tracks.tracks[item.track];
    const bool selected = state_.selection.lanes.contains(track.key);
    if (selected) {
      out_.box({geo_.x, y, geo_.x + 3 * geo_.unit, y + item.height - 1, colors_.accent});
    }
    out_.text(x0, text_y, x1, selected ? colors_.text : colors_.text_dim, fitted(track.title, x1 - x0));
  }
  if (both) {
    const Color color = item.side == Side::kA ? colors_.run_a : colors_.run_b;
    const float x1 = geo_.lanes_x() - 4 * geo_.unit;
    out_.box({x1 - 3 * geo_.unit, y, x1, y + item.height - 1, color});
    out_.text(x1 - 16 * geo_.unit, text_y, x1, color, item.side == Side::kA ? "A" : "B");
  }
}

}  // namespace stepscope::viewer
