// SPDX-License-Identifier: Apache-2.0
//
// Batches: how the data loader supplied one training process, over the time that the timeline shows: what each worker made when, how many
// batches lay ready, how long the training thread waited, and whether it waited behind a slow batch while later ones were ready.
#include <algorithm>
#include <cmath>
#include <string>

#include "analyzer/run.hpp"
#include "viewer/batch_reader.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

struct BatchQuestion {
  RunNumbers runs{};
  size_t consumer = 0;  // which of those that wait for batches
  friend bool operator==(const BatchQuestion&, const BatchQuestion&) = default;
};

struct BatchAnswer {
  std::array<std::vector<std::string>, 2> consumers;  // titles
  std::array<BatchLanes, 2> lanes;
};

BatchAnswer read_both(const RunPair& runs, size_t consumer, const std::atomic<bool>& cancelled) {
  BatchAnswer answer;
  for (size_t s = 0; s < 2 && !cancelled.load(); ++s) {
    const RunModel* model = runs[s].get();
    if (model == nullptr || !model->source) {
      continue;
    }
    const std::vector<uint32_t> processes = consumers(*model->source);
    for (const uint32_t process : processes) {
      answer.consumers[s].push_back(model->processes[process].title);
    }
    if (consumer < processes.size()) {
      answer.lanes[s] = read_batches(*model->source, *model, processes[consumer]);
    }
  }
  return answer;
}

class BatchesView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const BatchQuestion question{shown_numbers(state), consumer_};
    const BatchAnswer* answer = lanes_.ask(state.background, question, [&] {
      return [runs = shown_runs(state), consumer = consumer_](const std::atomic<bool>& cancelled) {
        return read_both(runs, consumer, cancelled);
      };
    });
    if (answer == nullptr || lanes_.answered()->runs != question.runs) {
      ui::text(colors.text_dim, "reading batches ...");
      return;
    }
    if (answer->lanes[0].batches.empty() && answer->lanes[1].batches.empty()) {
      const std::string& error =
          answer->lanes[0].error.empty() ? answer->lanes[1].error : answer->lanes[0].error;
      ui::text_wrapped(error.empty() ? colors.text_dim : colors.error,
                       error.empty()
                           ? "No batches were recorded: the run has no PyTorch data loader, or was imported."
                           : error);
      return;
    }
    draw_head(state, *answer, area.unit);
    compat::begin_child("supply", ImGui::GetContentRegionAvail(), 0);
    wanted_.reset();
    for (const Side side : {Side::kA, Side::kB}) {
      if (!answer->lanes[index_of(side)].batches.empty()) {
        draw_side(state, side, answer->lanes[index_of(side)], area.unit);
      }
    }
    ImGui::EndChild();
    if (wanted_) {
      state.visit(*wanted_);
    }
  }

 private:
  struct Canvas {
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

  void draw_head(AppState& state, const BatchAnswer& answer, float unit) {
    const Palette& colors = state.colors();
    const std::vector<std::string>& titles =
        answer.consumers[1].size() > answer.consumers[0].size() ? answer.consumers[1] : answer.consumers[0];
    if (titles.size() > 1) {
      ImGui::SetNextItemWidth(160 * unit);
      const size_t chosen = std::min(consumer_, titles.size() - 1);
      if (ImGui::BeginCombo("##process", titles[chosen].c_str())) {
        for (size_t i = 0; i < titles.size(); ++i) {
          ImGui::PushID(static_cast<int>(i));
          if (ImGui::Selectable(titles[i].c_str(), i == chosen)) {
            consumer_ = i;
          }
          ImGui::PopID();
        }
        ImGui::EndCombo();
      }
      ImGui::SameLine(0, 12 * unit);
    }
    for (const auto& [color, words] : legend(state)) {
      ImGui::AlignTextToFramePadding();
      ui::swatch(color);
      ui::text(colors.text_dim, words);
      ImGui::SameLine(0, 10 * unit);
    }
    ImGui::NewLine();
  }

  [[nodiscard]] static std::vector<std::pair<Color, const char*>> legend(const AppState& state) {
    return {{color_of(state, Part::kCpu), "fetch: CPU"},
            {color_of(state, Part::kBlocked), "blocked"},
            {color_of(state, Part::kIo), "I/O"},
            {color_of(state, Part::kStarved), "no CPU"},
            {color_of(state, Part::kCollate), "collate"},
            {color_of(state, Part::kReady), "ready"},
            {color_of(state, Part::kWait), "wait"},
            {color_of(state, Part::kHeldUp), "wait behind a slower one"}};
  }

  enum class Part : uint8_t { kCpu, kBlocked, kIo, kStarved, kCollate, kReady, kWait, kHeldUp };
  static Color color_of(const AppState& state, Part part) {
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

  void draw_side(AppState& state, Side side, const BatchLanes& lanes, float unit) {
    const Palette& colors = state.colors();
    if (state.two_runs()) {
      ui::text(side == Side::kA ? colors.run_a : colors.run_b, side == Side::kA ? "A" : "B");
      ImGui::SameLine(0, 8 * unit);
    }
    ui::text(colors.text_dim, summary_of(lanes));
    const float row = 20 * unit;
    const float depth = 30 * unit;
    const float gap = 3 * unit;
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
      y += row + gap;
    }
    ImGui::Dummy(ImVec2(room, y - at.y + 4 * unit));
  }

  static std::string summary_of(const BatchLanes& lanes) {
    std::string text = lanes.title + ": " + format_count(lanes.batches.size()) + " batches, waited " +
                       format_duration(static_cast<double>(lanes.waited_ns)) + " in all";
    if (lanes.held_up > 0) {
      text += ", " + format_count(lanes.held_up) + " times while later batches were ready";
    }
    return text;
  }

  // First and past the last of a list of batches that may be on screen; by the end of one and the begin of another.
  template <typename List, typename End, typename Begin>
  static std::pair<size_t, size_t> visible(const List& list, const Canvas& canvas, End end, Begin begin) {
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
  template <typename List, typename Begin>
  static size_t next_of(const List& list, size_t i, size_t last, float x, const Canvas& canvas, Begin begin) {
    constexpr size_t kMany = 4096;
    if (last < kMany + i) {
      return i + 1;
    }
    const int64_t t = canvas.time_at(std::floor(x) + 1);
    const auto from = list.begin() + static_cast<std::ptrdiff_t>(i + 1);
    const auto to = list.begin() + static_cast<std::ptrdiff_t>(last);
    return static_cast<size_t>(
        std::partition_point(from, to, [&](const auto& one) { return begin(one) < t; }) - list.begin());
  }

  static void title(ImGuiPainter& paint, const AppState& state, const Canvas& canvas, float y, float row,
                    const std::string& text) {
    paint.text(canvas.at.x, y + (row - paint.line_height()) / 2, canvas.at.x + canvas.gutter - 4,
               state.colors().text_dim, text);
    paint.box({canvas.at.x + canvas.gutter, y, canvas.at.x + canvas.gutter + canvas.width, y + row,
               state.colors().panel_alt});
  }

  // True when the pointer is over the box; remembers where a click leads.
  bool hit(const Canvas& canvas, float x0, float x1, float y, float row, uint32_t lane, int64_t begin,
           int64_t end) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (!ImGui::IsWindowHovered() || mouse.x < x0 || mouse.x > std::max(x1, x0 + 2) || mouse.y < y ||
        mouse.y >= y + row) {
      return false;
    }
    if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) {
      const RunModel& run = *canvas.state->run(canvas.side);
      for (uint32_t i = 0; i < run.lanes.size(); ++i) {
        if (run.lanes[i].source_lane == lane) {
          wanted_ = Place{canvas.side, i, begin, end};
        }
      }
    }
    return true;
  }

  void draw_waits(ImGuiPainter& paint, const AppState& state, const Canvas& canvas, const BatchLanes& lanes,
                  float y, float row) {
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
  void add_box(float x0, float x1, float y0, float y1, Color color) {
    x1 = std::max(x1, x0 + 1);
    if (!boxes_.empty() && boxes_.back().color == color && boxes_.back().y0 == y0 && boxes_.back().y1 == y1 &&
        x0 <= boxes_.back().x1 && x1 - boxes_.back().x0 < 2) {
      boxes_.back().x1 = std::max(boxes_.back().x1, x1);
      return;
    }
    boxes_.push_back({x0, y0, x1, y1, color});
  }

  static void draw_depth(ImGuiPainter& paint, const AppState& state, const Canvas& canvas,
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

  void draw_worker(ImGuiPainter& paint, const AppState& state, const Canvas& canvas, const BatchLanes& lanes,
                   const BatchWorker& worker, float y, float row) {
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
      if (x1 - x0 > 30) {
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
                 y + (row * kMaking - paint.line_height()) / 2, label.x1,
                 text_on(color_of(state, Part::kCpu)), std::to_string(label.task));
    }
    paint.pop_clip();
    if (under != nullptr) {
      draw_tooltip(state, lanes, *under);
    }
  }

  // A thin bar from when it is made until it is taken.
  void add_ready(const AppState& state, const Canvas& canvas, const BatchBar& batch, float y, float row) {
    const float x0 = canvas.x_of(batch.end_ns);
    const float x1 = canvas.x_of(std::max(batch.wait_end_ns, batch.put_ns));
    if (x1 - x0 >= 1) {
      boxes_.push_back({x0, y + row * kMaking, x1, y + row, color_of(state, Part::kReady)});
    }
  }

  void add_making(const AppState& state, const Canvas& canvas, const BatchBar& batch, float y, float row) {
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

  static void draw_tooltip(const AppState& state, const BatchLanes& lanes, const BatchBar& batch) {
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

  static constexpr float kMaking = 0.8F;  // of a worker's row; below it the batches that lie ready
  struct BatchLabel {
    float x0;
    float x1;
    int64_t task;
  };

  Latest<BatchQuestion, BatchAnswer> lanes_;
  size_t consumer_ = 0;
  std::vector<Box> boxes_;
  std::vector<BatchLabel> labels_;
  std::optional<Place> wanted_;
};

}  // namespace

std::unique_ptr<View> make_batches_view() {
  return std::make_unique<BatchesView>();
}

}  // namespace stepscope::viewer
