// SPDX-License-Identifier: Apache-2.0
#include "viewer/views/batch_strip.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kDepthRows = 1.5F;  // of the batches that lie ready, in rows
constexpr float kRowGap = 3;
constexpr float kAfter = 4;      // below a run
constexpr float kMaking = 0.8F;  // of a worker's row; below it the batches that lie ready

std::string summary_of(const BatchLanes& lanes) {
  std::string text = lanes.title + ": " + format_count(lanes.batches.size()) + " batches, waited " +
                     format_duration(static_cast<double>(lanes.waited_ns)) + " in all";
  if (lanes.held_up > 0) {
    text += ", " + (lanes.held_up == 1 ? "once" : format_count(lanes.held_up) + " times") +
            " while later batches were ready";
  }
  return text;
}

// First and past the last of a list of batches that may be on screen; by the end of one and the begin of another.
template <typename List, typename Canvas, typename End, typename Begin>
std::pair<size_t, size_t> visible(const List& list, const Canvas& canvas, End end, Begin begin) {
  const int64_t low = canvas.state->alignment.to_time(canvas.side, canvas.seen.begin_ns);
  const int64_t high = canvas.state->alignment.to_time(canvas.side, canvas.seen.end_ns);
  size_t first = static_cast<size_t>(
      std::partition_point(list.begin(), list.end(), [&](const auto& one) { return end(one) < low; }) -
      list.begin());
  const size_t last = static_cast<size_t>(
      std::partition_point(list.begin(), list.end(), [&](const auto& one) { return begin(one) <= high; }) -
      list.begin());
  first = std::min(first, last);
  return {first, last};
}

// The one to draw after i: where there are many to a pixel, the first that begins in the next one.
template <typename List, typename Canvas, typename Begin>
size_t next_of(const List& list, size_t i, size_t last, float x, const Canvas& canvas, Begin begin) {
  constexpr size_t kMany = 4096;
  if (last < kMany + i) {
    return i + 1;
  }
  const int64_t t = canvas.time_at(std::floor(x) + 1);
  const auto from = list.begin() + static_cast<std::ptrdiff_t>(i + 1);
  const auto to = list.begin() + static_cast<std::ptrdiff_t>(last);
  return static_cast<size_t>(std::partition_point(from, to, [&](const auto& one) { return begin(one) < t; }) -
                             list.begin());
}

void draw_tooltip(const AppState& state, const BatchLanes& lanes, const BatchBar& batch) {
  const Palette& colors = state.colors();
  const auto line = [&](const char* words, int64_t ns) {
    if (ns > 0) {
      ui::text(colors.text_dim, std::string(words) + format_duration(static_cast<double>(ns)));
    }
  };
  ImGui::BeginTooltip();
  ui::text(colors.text, "batch " + std::to_string(batch.task) + " of epoch " + std::to_string(batch.epoch) +
                            (batch.worker != kNoWorker ? ", " + lanes.workers[batch.worker].title : ""));
  line("waited for ", batch.wait_ns());
  line("dispatched to begun ", batch.dispatch_ns > 0 ? batch.begin_ns - batch.dispatch_ns : 0);
  line("fetch ", batch.collate_ns - batch.begin_ns);
  line("   on the CPU ", batch.cpu_ns);
  line("   blocked ", batch.blocked_ns);
  line("   I/O ", batch.io_ns);
  line("   ready to run, no CPU ", batch.starved_ns);
  line("collate ", batch.end_ns - batch.collate_ns);
  line("handed over ", batch.put_ns - batch.end_ns);
  line("lay ready ", batch.worker != kNoWorker ? batch.wait_begin_ns - batch.put_ns : 0);
  if (batch.ready_behind > 0) {
    ui::text(colors.more, std::to_string(batch.ready_behind) + " later batches were ready meanwhile");
  }
  ImGui::EndTooltip();
}

}  // namespace

struct BatchStrip::Canvas {
  ImVec2 at;
  float gutter = 0;
  float width = 0;  // of the time axis
  TimeRange seen;
  Side side = Side::kA;
  const AppState* state = nullptr;

  [[nodiscard]] int64_t time_at(float x) const {
    const double share = static_cast<double>((x - at.x - gutter) / width);
    return state->alignment.to_time(side, seen.begin_ns + share * seen.length());
  }
  [[nodiscard]] float x_of(int64_t t) const {
    const double share = (state->alignment.to_display(side, t) - seen.begin_ns) / seen.length();
    return at.x + gutter + static_cast<float>(std::clamp(share, -0.01, 1.01) * static_cast<double>(width));
  }
};

std::vector<std::pair<Color, const char*>> BatchStrip::legend(const AppState& state) {
  return {
      {color_of(state, Part::kCpu), "CPU"},         {color_of(state, Part::kBlocked), "blocked"},
      {color_of(state, Part::kIo), "I/O"},          {color_of(state, Part::kStarved), "no CPU"},
      {color_of(state, Part::kCollate), "collate"}, {color_of(state, Part::kReady), "ready"},
      {color_of(state, Part::kWait), "wait"},       {color_of(state, Part::kHeldUp), "wait, others ready"}};
}

// The lane of the recording is selected, or none is.
bool BatchStrip::is_selected(const AppState& state, Side side, uint32_t source_lane) {
  const RunModel& run = *state.run(side);
  return state.selection.lanes.empty() ||
         std::any_of(state.tracks.tracks.begin(), state.tracks.tracks.end(), [&](const Track& track) {
           const uint32_t lane = track.lane[index_of(side)];
           return lane != kNoTrackLane && run.lanes[lane].source_lane == source_lane &&
                  state.selection.lanes.contains(track.key);
         });
}

Color BatchStrip::color_of(const AppState& state, Part part) {
  const Palette& colors = state.colors();
  const Color work = category_color(Category::kDataWork, state.theme);
  switch (part) {
    case Part::kCpu:
      return work;
    case Part::kBlocked:
      return mix(work, colors.panel, 0.55);
    case Part::kIo:
      return category_color(Category::kIo, state.theme);
    case Part::kStarved:
      return colors.error;
    case Part::kCollate:
      return category_color(Category::kRange, state.theme);
    case Part::kReady:
      return mix(colors.panel, colors.neutral, 0.45);
    case Part::kWait:
      return category_color(Category::kDataWait, state.theme);
    case Part::kHeldUp:
      return colors.more;
  }
  return work;
}

float BatchStrip::row_height(const std::array<BatchLanes, 2>& lanes, float room, float unit) {
  constexpr float kLeast = 11;
  constexpr float kMost = 20;
  float rows = 0;
  for (const BatchLanes& of_run : lanes) {
    if (!of_run.batches.empty()) {
      const auto shown = static_cast<float>(of_run.workers.size()) + 2;
      rows += shown - 1 + kDepthRows;
      room -= ImGui::GetTextLineHeightWithSpacing() + ImGui::GetStyle().ItemSpacing.y + kAfter * unit +
              shown * kRowGap * unit;
    }
  }
  return std::floor(std::clamp(room / std::max(1.0F, rows), kLeast * unit, kMost * unit));
}

void BatchStrip::draw(AppState& state, Side side, const BatchLanes& lanes, float unit, float row) {
  const Palette& colors = state.colors();
  if (state.two_runs()) {
    ui::text(side == Side::kA ? colors.run_a : colors.run_b, side == Side::kA ? "A" : "B");
    ImGui::SameLine(0, 8 * unit);
  }
  ui::text(colors.text_dim, summary_of(lanes));
  const float depth = std::floor(row * kDepthRows);
  const float gap = kRowGap * unit;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float room = ImGui::GetContentRegionAvail().x;
  const float gutter = std::min(92 * unit, room * 0.3F);
  const Canvas canvas{at, gutter, std::max(20.0F, room - gutter), state.view.visible(), side, &state};
  ImGuiPainter paint(*ImGui::GetWindowDrawList());
  float y = at.y;
  draw_waits(paint, state, canvas, lanes, y, row);
  y += row + gap;
  draw_depth(paint, state, canvas, lanes, y, depth);
  y += depth + gap;
  for (const BatchWorker& worker : lanes.workers) {
    draw_worker(paint, state, canvas, lanes, worker, y, row);
    if (!worker.batches.empty() &&
        !is_selected(state, side, lanes.batches[worker.batches.front()].maker_lane)) {
      paint.box({at.x + gutter, y, at.x + room, y + row, with_alpha(colors.panel, 170)});
    }
    y += row + gap;
  }
  if (const auto time = selected_time(state)) {
    const float x0 = canvas.x_of(state.alignment.to_time(side, time->begin_ns));
    const float x1 = canvas.x_of(state.alignment.to_time(side, time->end_ns));
    paint.box(
        {std::max(x0, at.x + gutter), at.y, std::max(x1, at.x + gutter), y, with_alpha(colors.accent, 40)});
  }
  ImGui::Dummy(ImVec2(room, y - at.y + kAfter * unit));
}

void BatchStrip::title(Painter& paint, const AppState& state, const Canvas& canvas, float y, float row,
                       const std::string& text) {
  paint.text(canvas.at.x, y + (row - paint.line_height()) / 2, canvas.at.x + canvas.gutter - 4,
             state.colors().text_dim, text);
  paint.box({canvas.at.x + canvas.gutter, y, canvas.at.x + canvas.gutter + canvas.width, y + row,
             state.colors().panel_alt});
}

// True when the pointer is over the box; remembers where a click leads.
bool BatchStrip::hit(const Canvas& canvas, float x0, float x1, float y, float row, uint32_t lane,
                     int64_t begin, int64_t end) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (!ImGui::IsWindowHovered() || mouse.x < x0 || mouse.x > std::max(x1, x0 + 2) || mouse.y < y ||
      mouse.y >= y + row) {
    return false;
  }
  if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) {
    wanted_ = place_of(*canvas.state, canvas.side, lane, begin, end);
  }
  return true;
}

std::optional<Place> BatchStrip::place_of(const AppState& state, Side side, uint32_t source_lane,
                                          int64_t begin_ns, int64_t end_ns) {
  const RunModel& run = *state.run(side);
  for (uint32_t i = 0; i < run.lanes.size(); ++i) {
    if (run.lanes[i].source_lane == source_lane) {
      return Place{side, i, begin_ns, end_ns};
    }
  }
  return std::nullopt;
}

void BatchStrip::draw_waits(Painter& paint, const AppState& state, const Canvas& canvas,
                            const BatchLanes& lanes, float y, float row) {
  title(paint, state, canvas, y, row, "training waits");
  const auto [first, last] = visible(
      lanes.batches, canvas, [](const BatchBar& b) { return b.wait_end_ns; },
      [](const BatchBar& b) { return b.wait_begin_ns; });
  paint.push_clip(canvas.at.x + canvas.gutter, y, canvas.at.x + canvas.gutter + canvas.width, y + row);
  boxes_.clear();
  const BatchBar* under = nullptr;
  const auto begin = [](const BatchBar& b) { return b.wait_begin_ns; };
  for (size_t i = first; i < last;) {
    const BatchBar& batch = lanes.batches[i];
    const float x0 = canvas.x_of(batch.wait_begin_ns);
    const float x1 = canvas.x_of(batch.wait_end_ns);
    add_box(x0, x1, y, y + row, color_of(state, batch.ready_behind > 0 ? Part::kHeldUp : Part::kWait));
    if (hit(canvas, x0, x1, y, row, batch.consumer_lane, batch.wait_begin_ns, batch.wait_end_ns)) {
      under = &batch;
    }
    i = next_of(lanes.batches, i, last, x0, canvas, begin);
  }
  paint.boxes(boxes_);
  paint.pop_clip();
  if (under != nullptr) {
    draw_tooltip(state, lanes, *under);
  }
}

// Columns of less than a pixel that look the same are one box.
void BatchStrip::add_box(float x0, float x1, float y0, float y1, Color color) {
  x1 = std::max(x1, x0 + 1);
  if (!boxes_.empty() && boxes_.back().color == color && boxes_.back().y0 == y0 && boxes_.back().y1 == y1 &&
      x0 <= boxes_.back().x1 && x1 - boxes_.back().x0 < 2) {
    boxes_.back().x1 = std::max(boxes_.back().x1, x1);
    return;
  }
  boxes_.push_back({x0, y0, x1, y1, color});
}

void BatchStrip::draw_depth(Painter& paint, const AppState& state, const Canvas& canvas,
                            const BatchLanes& lanes, float y, float height) {
  const Palette& colors = state.colors();
  title(paint, state, canvas, y, height, "ready (≤ " + std::to_string(lanes.most_ready) + ")");
  const auto scale = static_cast<float>(std::max(1U, lanes.most_ready));
  const auto columns = static_cast<size_t>(canvas.width);
  const Color line = canvas.side == Side::kA && state.two_runs() ? colors.run_a : colors.run_b;
  float before = -1;
  for (size_t c = 0; c < columns; ++c) {
    const double display = canvas.seen.begin_ns + canvas.seen.length() * (static_cast<double>(c) + 0.5) /
                                                      static_cast<double>(columns);
    const uint32_t ready = lanes.ready_at(state.alignment.to_time(canvas.side, display));
    const float x = canvas.at.x + canvas.gutter + static_cast<float>(c);
    const float top = y + height - 1 - static_cast<float>(ready) / scale * (height - 4);
    paint.box({x, top, x + 1, y + height, with_alpha(line, 70)});
    paint.line(x, before < 0 ? top : before, x + 1, top, line, 1);
    before = top;
  }
}

void BatchStrip::draw_worker(Painter& paint, const AppState& state, const Canvas& canvas,
                             const BatchLanes& lanes, const BatchWorker& worker, float y, float row) {
  title(paint, state, canvas, y, row, worker.title);
  // By the end of its making; some of those before may lie ready still.
  constexpr size_t kMostReady = 16;
  const auto [first, last] = visible(
      worker.batches, canvas,
      [&](uint32_t b) { return std::max(lanes.batches[b].put_ns, lanes.batches[b].end_ns); },
      [&](uint32_t b) { return lanes.batches[b].begin_ns; });
  paint.push_clip(canvas.at.x + canvas.gutter, y, canvas.at.x + canvas.gutter + canvas.width, y + row);
  boxes_.clear();
  labels_.clear();
  const BatchBar* under = nullptr;
  const auto begin = [&](uint32_t b) { return lanes.batches[b].begin_ns; };
  for (size_t i = first > kMostReady ? first - kMostReady : 0; i < last;) {
    const BatchBar& batch = lanes.batches[worker.batches[i]];
    add_ready(state, canvas, batch, y, row);
    add_making(state, canvas, batch, y, row);
    const float x0 = canvas.x_of(batch.begin_ns);
    const float x1 = canvas.x_of(batch.end_ns);
    if (x1 - x0 > 30 && row * kMaking >= paint.line_height() * 0.85F) {
      labels_.push_back({x0, x1, batch.task});
    }
    if (hit(canvas, x0, x1, y, row, batch.maker_lane, batch.begin_ns, batch.end_ns)) {
      under = &batch;
    }
    i = next_of(worker.batches, i, last, x0, canvas, begin);
  }
  paint.boxes(boxes_);
  for (const BatchLabel& label : labels_) {
    paint.text(std::max(label.x0, canvas.at.x + canvas.gutter) + 3,
               y + (row * kMaking - paint.line_height()) / 2, label.x1, text_on(color_of(state, Part::kCpu)),
               std::to_string(label.task));
  }
  paint.pop_clip();
  if (under != nullptr) {
    draw_tooltip(state, lanes, *under);
  }
}

// A thin bar from when it is made until it is taken.
void BatchStrip::add_ready(const AppState& state, const Canvas& canvas, const BatchBar& batch, float y,
                           float row) {
  const float x0 = canvas.x_of(batch.end_ns);
  const float x1 = canvas.x_of(std::max(batch.wait_end_ns, batch.put_ns));
  if (x1 - x0 >= 1) {
    boxes_.push_back({x0, y + row * kMaking, x1, y + row, color_of(state, Part::kReady)});
  }
}

void BatchStrip::add_making(const AppState& state, const Canvas& canvas, const BatchBar& batch, float y,
                            float row) {
  const float fetch0 = canvas.x_of(batch.begin_ns);
  const float fetch1 = canvas.x_of(batch.collate_ns);
  const float y1 = y + row * kMaking;
  const auto whole = static_cast<float>(
      std::max<int64_t>(1, batch.cpu_ns + batch.starved_ns + batch.io_ns + batch.blocked_ns));
  float x = fetch0;
  // Where in the fetch its parts lay is not recorded: they stand in a fixed order, as long as they were in all.
  for (const auto& [ns, part] :
       {std::pair(batch.cpu_ns, Part::kCpu), std::pair(batch.blocked_ns, Part::kBlocked),
        std::pair(batch.io_ns, Part::kIo), std::pair(batch.starved_ns, Part::kStarved)}) {
    const float end = x + (fetch1 - fetch0) * static_cast<float>(ns) / whole;
    if (end > x) {
      add_box(x, end, y, y1, color_of(state, part));
    }
    x = end;
  }
  if (batch.end_ns > batch.collate_ns) {
    add_box(fetch1, canvas.x_of(batch.end_ns), y, y1, color_of(state, Part::kCollate));
  }
}

}  // namespace stepscope::viewer
