// SPDX-License-Identifier: Apache-2.0
//
// Flame: what ran inside what, of the selected steps, area or run, as boxes below each other; with two runs a box is as wide as B's
// time (or A's, so that what is gone shows) and its colour says how much it grew or shrank. Ranges and kernels of lanes, or sampled
// Python stacks. A click zooms to a box, a double-click goes to its longest event.
#include <algorithm>
#include <cmath>
#include <string>

#include "analyzer/run.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/call_tree.hpp"
#include "viewer/model/format.hpp"
#include "viewer/model/search.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/scope.hpp"
#include "viewer/stack_reader.hpp"
#include "viewer/timeline/fitted_text.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

struct FlameQuestion {
  Scope scope;
  FlameSource source = FlameSource::kHost;
  friend bool operator==(const FlameQuestion&, const FlameQuestion&) = default;
};

struct FlameAnswer {
  CallTree tree;
  std::array<size_t, 2> steps{1, 1};  // 1 for an area: its times are as they are
  std::array<size_t, 2> ranks{1, 1};
  std::array<double, 2> divisor{1, 1};  // both
  std::string error;
};

bool of_source(LaneRole role, FlameSource source) {
  const bool gpu = role == LaneRole::kStream || role == LaneRole::kCommunicator || role == LaneRole::kDevice;
  return gpu == (source == FlameSource::kGpu);
}

std::shared_ptr<const FlameAnswer> grow_flame(const FlameQuestion& question, const RunPair& runs,
                                              const std::array<std::vector<LaneSpan>, 2>& spans,
                                              const std::atomic<bool>& cancelled) {
  auto answer = std::make_shared<FlameAnswer>();
  for (const Side side : {Side::kA, Side::kB}) {
    const RunModel* run = runs[index_of(side)].get();
    if (run == nullptr) {
      continue;
    }
    const size_t steps = question.scope.whole ? run->steps.size() : question.scope.steps;
    answer->steps[index_of(side)] = std::max<size_t>(1, steps);
    answer->ranks[index_of(side)] = ranks_of(*run, spans[index_of(side)]);
    if (question.source != FlameSource::kPython) {
      add_ranges(answer->tree, *run, side, spans[index_of(side)], cancelled);
    } else if (run->source && !spans[index_of(side)].empty()) {
      const LaneSpan& span = spans[index_of(side)].front();
      const std::string error =
          add_stacks(answer->tree, *run->source, side, span.begin_ns, span.end_ns, cancelled);
      answer->error = error.empty() ? answer->error : error;
    }
  }
  for (const size_t s : {size_t{0}, size_t{1}}) {
    answer->divisor[s] = static_cast<double>(answer->steps[s] * answer->ranks[s]);
  }
  answer->tree.finish();
  return answer;
}

class FlameView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const FlameQuestion question{scope_of(state), state.view_options.flame.source};
    const auto* answer = flame_.ask(state.background, question, [&] {
      return [question, runs = chosen_runs(state), spans = chosen_spans(state, question)](
                 const std::atomic<bool>& cancelled) { return grow_flame(question, runs, spans, cancelled); };
    });
    draw_head(state, area.unit);
    if (answer == nullptr || flame_.answered()->scope.runs != question.scope.runs) {
      ui::text_wrapped(colors.text_dim, flame_.waiting("adding up ..."));
      return;
    }
    const FlameAnswer& flame = **answer;
    if (*answer != drawn_ || state.view_options.flame.zoom != zoom_path_) {
      drawn_ = *answer;
      laid_ = {};
      zoom_path_ = state.view_options.flame.zoom;
      keep_zoom(flame.tree);
    }
    if (!flame.error.empty()) {
      ui::text_wrapped(colors.error, flame.error);
    }
    if (flame.tree.nodes().size() < 2) {
      ui::text_wrapped(colors.text_dim, question.source == FlameSource::kPython
                                            ? "No Python stacks were sampled here."
                                            : "Nothing of that kind was recorded here.");
      return;
    }
    draw_boxes(state, flame, area.unit);
  }

 private:
  static std::array<std::vector<LaneSpan>, 2> chosen_spans(const AppState& state,
                                                           const FlameQuestion& question) {
    std::array<std::vector<LaneSpan>, 2> out;
    for (const Side side : {Side::kA, Side::kB}) {
      for (const LaneSpan& span : spans_of(state, question.scope, side)) {
        const bool python = question.source == FlameSource::kPython;  // only its time is looked at
        if (python || of_source(state.run(side)->lanes[span.lane].role, question.source)) {
          out[index_of(side)].push_back(span);
        }
      }
    }
    return out;
  }

  void draw_head(AppState& state, float unit) {
    const Palette& colors = state.colors();
    const auto choice = [&](const char* label, auto value, auto& chosen, float gap) {
      if (ui::toggle(label, chosen == value, colors)) {
        chosen = value;
      }
      ImGui::SameLine(0, gap);
    };
    ViewOptions::Flame& shows = state.view_options.flame;
    choice("threads", FlameSource::kHost, shows.source, 3 * unit);
    choice("GPU", FlameSource::kGpu, shows.source, 3 * unit);
    choice("Python", FlameSource::kPython, shows.source, 14 * unit);
    if (state.two_runs()) {
      ImGui::AlignTextToFramePadding();
      ui::text(colors.text_faint, "width");
      ImGui::SameLine(0, 5 * unit);
      choice("A", FlameWidth::kA, shows.width, 3 * unit);
      choice("B", FlameWidth::kB, shows.width, 3 * unit);
      choice("larger", FlameWidth::kLarger, shows.width, 14 * unit);
    }
    if (zoom_ != CallTree::kRoot) {
      if (ImGui::Button("whole")) {
        shows.zoom.clear();
      }
      ImGui::SameLine(0, 14 * unit);
    }
    ImGui::AlignTextToFramePadding();
    ui::text(colors.text_faint, scope_words(state) + (flame_.pending() ? "   adding up ..." : ""));
  }

  // The box zoomed to, in a tree made anew: by the texts on the way to it.
  void keep_zoom(const CallTree& tree) {
    zoom_ = CallTree::kRoot;
    for (const std::string& text : zoom_path_) {
      uint32_t at = tree.node(zoom_).first_child;
      while (at != kNoNode && tree.text(at) != text) {
        at = tree.node(at).next_sibling;
      }
      if (at == kNoNode) {
        break;
      }
      zoom_ = at;
    }
  }

  static void zoom_to(AppState& state, const CallTree& tree, uint32_t node) {
    std::vector<std::string>& path = state.view_options.flame.zoom;
    path.clear();
    for (uint32_t at = node; at != CallTree::kRoot; at = tree.node(at).parent) {
      path.insert(path.begin(), tree.text(at));
    }
  }

  [[nodiscard]] static FlameWidth width_of(const AppState& state) {
    const bool a = state.looks_at(Side::kA);
    const bool b = state.looks_at(Side::kB);
    return a && b ? state.view_options.flame.width : a ? FlameWidth::kA : FlameWidth::kB;
  }

  void draw_boxes(AppState& state, const FlameAnswer& flame, float unit) {
    compat::begin_child("boxes", ImGui::GetContentRegionAvail(), 0);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float room = std::max(20.0F, ImGui::GetContentRegionAvail().x);
    const float row = std::floor(ImGui::GetTextLineHeight() + 4 * unit);
    lay_out(flame, {zoom_, width_of(state), room});
    const std::vector<FlameBox>& boxes = boxes_;
    ImGuiPainter paint(*ImGui::GetWindowDrawList());
    // 1. The way up from the box zoomed to, then the boxes below it.
    std::vector<uint32_t> above;
    for (uint32_t node = flame.tree.node(zoom_).parent; node != kNoNode;
         node = flame.tree.node(node).parent) {
      above.insert(above.begin(), node);
    }
    if (cursor_.take(state, boxes.size())) {
      open(state, flame, boxes[*cursor_.at()].node);
    }
    float bottom = 0;
    for (size_t i = 0; i < above.size(); ++i) {
      draw_box(paint, state, flame, {above[i], static_cast<uint32_t>(i), 0, 1}, at, room, row, scale_);
    }
    for (FlameBox box : boxes) {
      box.depth += static_cast<uint32_t>(above.size());
      draw_box(paint, state, flame, box, at, room, row, scale_);
      if (cursor_.at() && boxes[*cursor_.at()].node == box.node) {
        const float y = at.y + static_cast<float>(box.depth) * row;
        paint.outline({at.x + box.x0 * room, y, at.x + box.x1 * room - 1, y + row - 1, state.colors().hover},
                      2);
      }
      bottom = std::max(bottom, row * static_cast<float>(box.depth + 1));
    }
    ImGui::InvisibleButton("##flame", ImVec2(room, std::max(1.0F, bottom)));
    if (ImGui::IsItemHovered()) {
      const ImVec2 mouse = ImGui::GetIO().MousePos;
      const auto depth = static_cast<uint32_t>((mouse.y - at.y) / row);
      const float x = (mouse.x - at.x) / room;
      if (depth < above.size()) {
        handle_box(state, flame, above[depth]);
      }
      for (const FlameBox& box : boxes) {
        if (box.depth + above.size() == depth && x >= box.x0 && x < box.x1) {
          handle_box(state, flame, box.node);
        }
      }
    }
    ImGui::EndChild();
  }

  // What the boxes of drawn_ depend on besides.
  struct Laid {
    uint32_t zoom = 0;
    FlameWidth width = FlameWidth::kLarger;
    float room = 0;  // 0: not laid out
    friend bool operator==(const Laid&, const Laid&) = default;
  };

  void lay_out(const FlameAnswer& flame, const Laid& wanted) {
    if (laid_ == wanted) {
      return;
    }
    laid_ = wanted;
    boxes_ = flame_boxes(flame.tree, wanted.zoom, wanted.width, flame.divisor, 1 / wanted.room);
    scale_ = largest_change(flame, boxes_);
  }

  static std::pair<double, double> sizes(const FlameAnswer& flame, uint32_t node) {
    return {flame_size(flame.tree.node(node), FlameWidth::kA, flame.divisor),
            flame_size(flame.tree.node(node), FlameWidth::kB, flame.divisor)};
  }

  // What the full colour stands for.
  static double largest_change(const FlameAnswer& flame, const std::vector<FlameBox>& boxes) {
    double most = 1;
    for (const FlameBox& box : boxes) {
      if (box.node == CallTree::kRoot) {
        continue;  // a sum over lanes that ran at the same time
      }
      const auto [a, b] = sizes(flame, box.node);
      most = std::max(most, std::abs(b - a));
    }
    return most;
  }

  void draw_box(ImGuiPainter& paint, const AppState& state, const FlameAnswer& flame, const FlameBox& box,
                ImVec2 at, float room, float row, double scale) {
    const Palette& colors = state.colors();
    const CallNode& node = flame.tree.node(box.node);
    const float x0 = at.x + box.x0 * room;
    const float x1 = std::max(at.x + box.x1 * room, x0 + 1);
    const float y0 = at.y + static_cast<float>(box.depth) * row;
    const auto [a, b] = sizes(flame, box.node);
    const bool both = state.looks_at(Side::kA) && state.looks_at(Side::kB);
    Color fill =
        both ? difference_color((b - a) / scale, state.theme) : category_color(node.category, state.theme);
    if (box.node == CallTree::kRoot || (!both && node.parent == CallTree::kRoot)) {
      fill = colors.header;
    }
    const bool searched = !state.search_box.searched.empty() && !state.search_box.lanes;
    if (searched && !contains_text(flame.tree.text(box.node), state.search_box.searched)) {
      fill = mix(fill, colors.panel, 0.7);
    }
    const float y1 = y0 + row - 1;
    paint.box({x0, y0, x1 - (x1 - x0 > 3 ? 1.0F : 0.0F), y1, fill});
    if (both && (a == 0 || b == 0)) {  // gone or new: an outline says so where colour is not enough
      paint.outline({x0, y0, x1 - 1, y1, a == 0 ? colors.more : colors.less}, 1);
    }
    if (state.selection.names.contains(flame.tree.text(box.node))) {
      paint.outline({x0, y0, x1 - 1, y1, colors.selection}, 2);
    }
    if (x1 - x0 > 28) {
      paint.text(x0 + 3, y0 + (row - paint.line_height()) / 2, x1 - 3, text_on(fill),
                 fitted_text(paint, label_of(state, flame, box.node, a, b), x1 - x0 - 6, fitted_));
    }
  }

  static std::string label_of(const AppState& state, const FlameAnswer& flame, uint32_t node, double a,
                              double b) {
    const std::string& text = flame.tree.text(node);
    if (!state.looks_at(Side::kA) || !state.looks_at(Side::kB)) {
      return text + "  " + format_duration(state.looks_at(Side::kA) ? a : b);
    }
    return text + "  " + format_delta_ms(b - a) + " ms";
  }

  void handle_box(AppState& state, const FlameAnswer& flame, uint32_t id) {
    const CallNode& node = flame.tree.node(id);
    draw_tooltip(state, flame, id);
    if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
      if (node.longest_ns > 0) {
        state.visit(node.longest);
      }
    } else if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) {
      open(state, flame, id);
    }
  }

  static void open(AppState& state, const FlameAnswer& flame, uint32_t id) {
    zoom_to(state, flame.tree, id);
    if (id != CallTree::kRoot) {
      state.highlight(flame.tree.text(id));
    }
  }

  static std::string per_what(const FlameAnswer& flame, size_t s) {
    return flame.steps[s] == 1   ? flame.ranks[s] == 1 ? "" : " per rank"
           : flame.ranks[s] == 1 ? " per step"
                                 : " per step and rank";
  }

  static void draw_tooltip(const AppState& state, const FlameAnswer& flame, uint32_t id) {
    const Palette& colors = state.colors();
    const CallNode& node = flame.tree.node(id);
    const auto [a, b] = sizes(flame, id);
    const auto [whole_a, whole_b] = sizes(flame, CallTree::kRoot);
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 40);
    ui::text(colors.text, flame.tree.text(id).substr(0, 1000));
    ImGui::PopTextWrapPos();
    for (const Side side : {Side::kA, Side::kB}) {
      if (!state.looks_at(side)) {
        continue;
      }
      const size_t s = index_of(side);
      const double size = side == Side::kA ? a : b;
      const double whole = side == Side::kA ? whole_a : whole_b;
      const double self = static_cast<double>(node.self_ns[s]) / flame.divisor[s];
      ui::text(side == Side::kA && state.two_runs() ? colors.run_a : colors.run_b,
               (state.two_runs() ? side == Side::kA ? "A  " : "B  " : "") + format_duration(size) +
                   per_what(flame, s) + ", " + format_percent(whole > 0 ? size / whole : 0) + ", itself " +
                   format_duration(self) + ", " + format_count(node.count[s]) + " times");
    }
    if (state.looks_at(Side::kA) && state.looks_at(Side::kB)) {
      ui::text(b > a ? colors.more : colors.less, format_delta_ms(b - a) + " ms" +
                                                      (a == 0   ? ", new"
                                                       : b == 0 ? ", gone"
                                                                : ""));
    }
    ui::text(colors.text_faint,
             node.longest_ns > 0 ? "click: zoom   double-click: go to the longest" : "click: zoom");
    ImGui::EndTooltip();
  }

  Latest<FlameQuestion, std::shared_ptr<const FlameAnswer>> flame_;
  std::shared_ptr<const FlameAnswer> drawn_;  // kept, so that no other has its address
  RowCursor cursor_;                          // in the boxes
  uint32_t zoom_ = CallTree::kRoot;           // in the tree that is drawn
  std::vector<std::string> zoom_path_;        // that led to it
  Laid laid_;
  std::vector<FlameBox> boxes_;
  double scale_ = 1;    // what the full colour stands for
  std::string fitted_;  // scratch
};

}  // namespace

std::unique_ptr<View> make_flame_view() {
  return std::make_unique<FlameView>();
}

}  // namespace stepscope::viewer
