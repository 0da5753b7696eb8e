// SPDX-License-Identifier: Apache-2.0
//
// Timeline: input and tooltip; painting is timeline/timeline_painter.hpp.
#include <algorithm>
#include <cmath>
#include <optional>

#include "viewer/counter_board.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/timeline/counter_rows.hpp"
#include "viewer/timeline/timeline_painter.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

constexpr double kWheelZoom = 1.25;
constexpr float kDragPixels = 4;  // less is a click

class TimelineView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const RunModel* a = state.run(Side::kA);
    if (a == nullptr) {
      draw_message(state, area);
      return;
    }
    find_counters(state, area);
    set_geometry(state, area);
    state.refresh_layout({.header = 22 * area.unit,
                          .row = std::round(18 * area.unit),
                          .row_gap = std::round(area.unit),
                          .lane_gap = 8 * area.unit,
                          .delta = state.two_runs() ? std::round(8 * area.unit) : 0});
    handle_input(state);
    ImGuiPainter painter(*ImGui::GetWindowDrawList(), &sheet_);
    TimelinePainter timeline(painter, state, geo_, scratch_);
    timeline.paint_lanes();
    timeline.paint_ruler();
    const bool pointing = over_lanes_ && !ImGui::IsMouseDown(ImGuiMouseButton_Right);
    timeline.paint_overlay(pointing ? ImGui::GetIO().MousePos.x : -1, dragging_);
    paint_counter_rows(painter, state, geo_, room_, counters_, scratch_.maps,
                       over_ ? std::optional(ImGui::GetIO().MousePos.x) : std::nullopt, counter_scratch_);
    paint_scrollbar(painter, state);
    if (pointing && !dragging_ && state.hovered) {
      draw_tooltip(state);
    } else if (pointing && !dragging_ && state.hovered_gap && state.hovered_gap != state.gap) {
      draw_gap_tooltip(state);
    } else if (pointing && !dragging_) {
      draw_delta_tooltip(state, ImGui::GetIO().MousePos);
    }
  }

 private:
  static void draw_message(const AppState& state, const ViewArea& area) {
    const Palette& colors = state.colors();
    float y = area.pos.y + area.size.y * 0.3F;
    ImGuiPainter painter(*ImGui::GetWindowDrawList());
    const auto centred = [&](Color color, const std::string& text) {
      const float width = std::min(painter.text_width(text), area.size.x * 0.8F);
      ImGui::SetCursorScreenPos(ImVec2(area.pos.x + (area.size.x - width) / 2, y));
      ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + area.size.x * 0.8F + 1);
      ui::text(color, text);
      ImGui::PopTextWrapPos();
      y = ImGui::GetItemRectMax().y + painter.line_height();
    };
    if (state.load.errors.empty()) {
      centred(colors.text_dim, state.load.text.empty() ? "opening ..." : state.load.text);
      return;
    }
    centred(colors.error, "This run cannot be shown");
    for (const std::string& error : state.load.errors) {
      centred(colors.text, error);
    }
  }

  // Which counters stand under the lanes. What is folded away is not read.
  void find_counters(AppState& state, const ViewArea& area) {
    counters_.clear();
    room_ = counter_room(0, false, area.size.y, area.unit);
    if (state.panes.counters < 0.5F || room_.header <= 0) {
      return;
    }
    const CounterBoard* board = counter_board(state);
    if (board == nullptr || board->pairs.empty()) {
      room_ = {};
      return;
    }
    for (const size_t row : timeline_counters(state, *board)) {
      counters_.push_back(&board->pairs[row]);
    }
    room_ = counter_room(counters_.size(), true, area.size.y, area.unit);
  }

  void set_geometry(AppState& state, const ViewArea& area) {
    const bool two_scales = state.two_runs() && state.align_mode == AlignMode::kStepNormalised;
    geo_ = {.x = area.pos.x,
            .y = area.pos.y,
            .width = area.size.x,
            .height = area.size.y,
            .gutter = area.gutter,
            .ruler = (two_scales ? 38 : 22) * area.unit,
            .rulers = two_scales ? size_t{2} : size_t{1},
            .steps = 20 * area.unit,
            .delta = state.two_runs() ? 20 * area.unit : 0,
            .counters = room_.height(),
            .unit = area.unit};
    state.view.set_width(double{std::max(1.0F, std::floor(geo_.lanes_width()))});
    state.scroll_room = geo_.lanes_height();
    state.unit = area.unit;
  }

  void handle_input(AppState& state) {
    const ImGuiIO& io = ImGui::GetIO();
    ImGui::SetCursorScreenPos(ImVec2(geo_.x, geo_.y));
    ImGui::InvisibleButton("##timeline", ImVec2(std::max(1.0F, geo_.width), std::max(1.0F, geo_.height)),
                           ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight |
                               ImGuiButtonFlags_MouseButtonMiddle);
    const bool hovered = ImGui::IsItemHovered();
    over_ = hovered;
    over_lanes_ = hovered && in_lanes(io.MousePos) && io.MousePos.x >= geo_.lanes_x();
    reveal(state);
    if (hovered) {
      handle_wheel(state);
    }
    state.hovered.reset();
    state.hovered_gap.reset();
    if (hovered && !ImGui::IsItemActive()) {
      state.hovered = event_under(state, io.MousePos);
      state.hovered_gap = state.hovered ? std::nullopt : gap_under(state, io.MousePos);
    }
    handle_buttons(state, hovered);
    const float most = std::max(0.0F, state.layout.height - geo_.lanes_height());
    state.scroll_y = std::floor(std::clamp(state.scroll_y, 0.0F, most));
  }

  [[nodiscard]] bool in_lanes(ImVec2 at) const { return at.y >= geo_.lanes_y() && at.y < geo_.bottom(); }
  // The item of the layout there, if it is one of that kind.
  [[nodiscard]] const TrackItem* item_under(const AppState& state, ImVec2 at, TrackItem::Kind kind) const {
    const auto found = in_lanes(at) ? state.layout.item_at(lanes_y_of(state, at.y)) : std::nullopt;
    return found && state.layout.items[*found].kind == kind ? &state.layout.items[*found] : nullptr;
  }

  void reveal(AppState& state) const {
    if (!state.reveal_track) {
      return;
    }
    for (const TrackItem& item : state.layout.items) {
      if (item.kind == TrackItem::Kind::kLane && item.track == *state.reveal_track &&
          (item.y < state.scroll_y || item.y + item.height > state.scroll_y + geo_.lanes_height())) {
        state.scroll_y = item.y - geo_.lanes_height() / 3;
        break;
      }
    }
    state.reveal_track.reset();
  }

  void handle_wheel(AppState& state) const {
    const ImGuiIO& io = ImGui::GetIO();
    if (io.MouseWheel == 0 && io.MouseWheelH == 0) {
      return;
    }
    if (io.KeyCtrl) {
      state.view.zoom_about(double{io.MousePos.x - geo_.lanes_x()},
                            std::pow(kWheelZoom, -double{io.MouseWheel}));
    } else if (io.KeyShift || io.MouseWheelH != 0) {
      const double wheel = io.MouseWheelH != 0 ? double{io.MouseWheelH} : double{io.MouseWheel};
      state.view.pan_pixels(-wheel * 80);
    } else {
      state.scroll_y -= io.MouseWheel * 60 * geo_.unit;
    }
  }

  void handle_buttons(AppState& state, bool hovered) {
    const ImGuiIO& io = ImGui::GetIO();
    const bool panning = ImGui::IsMouseDragging(ImGuiMouseButton_Right, 0) ||
                         ImGui::IsMouseDragging(ImGuiMouseButton_Middle, 0) ||
                         (ImGui::IsMouseDragging(ImGuiMouseButton_Left, 0) && pan_with_left_);
    if (hovered && ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
      pan_with_left_ = io.KeyShift;
      press_ = io.MousePos;
      pressed_ = io.MousePos.x >= geo_.lanes_x();
      toggle_group_at(state, io.MousePos);
      toggle_counters_at(state, io.MousePos);
      select_lane_at(state, io.MousePos);
    }
    if (ImGui::IsItemActive() && panning) {
      state.view.pan_pixels(-double{io.MouseDelta.x});
      state.scroll_y -= io.MouseDelta.y;
      return;
    }
    if (pressed_ && !pan_with_left_ && ImGui::IsMouseDown(ImGuiMouseButton_Left) &&
        (dragging_ || std::abs(io.MousePos.x - press_.x) >= kDragPixels)) {
      dragging_ = TimeRange{time_at(state, press_.x), time_at(state, io.MousePos.x)};
    }
    if (ImGui::IsMouseReleased(ImGuiMouseButton_Left) && pressed_) {
      finish_press(state);
    }
    if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left) && over_target(state, io.MousePos)) {
      state.zoom_to_selection();
    }
    if (hovered && ImGui::IsMouseReleased(ImGuiMouseButton_Middle) &&
        io.MouseDragMaxDistanceSqr[ImGuiMouseButton_Middle] < kDragPixels * kDragPixels) {
      zoom_to_event_under(state, io.MousePos);
    }
  }

  // Something that a click selects: an event or a step. The title of a group, a gap or an empty lane is none.
  [[nodiscard]] bool over_target(const AppState& state, ImVec2 at) const {
    return at.x >= geo_.lanes_x() && (at.y < geo_.lanes_y() ? state.alignment.slot_at(time_at(state, at.x)) <
                                                                  state.alignment.slots().size()
                                                            : event_under(state, at) || gap_under(state, at));
  }

  void zoom_to_event_under(AppState& state, ImVec2 at) const {
    if (const auto event = event_under(state, at)) {
      state.select_event(*event);
      state.zoom_to_selection();
    }
  }

  void finish_press(AppState& state) {
    const ImGuiIO& io = ImGui::GetIO();
    if (dragging_) {
      TimeRange range = *dragging_;
      if (range.end_ns < range.begin_ns) {
        std::swap(range.begin_ns, range.end_ns);
      }
      if (io.KeyCtrl) {
        state.show_display(range);
      } else {
        state.select_area({range, tracks_between(state, press_.y, io.MousePos.y)});
      }
    } else if (io.MousePos.y < geo_.lanes_y()) {
      const size_t slot = state.alignment.slot_at(time_at(state, io.MousePos.x));
      if (slot < state.alignment.slots().size()) {
        state.select_steps(slot, slot, false);
      }
    } else if (const auto event = event_under(state, io.MousePos)) {
      state.select_event(*event);
    } else if (const auto gap = gap_under(state, io.MousePos)) {
      state.select_gap(*gap);
    } else {
      state.drop_focus();
    }
    dragging_.reset();
    pressed_ = false;
  }

  [[nodiscard]] double time_at(const AppState& state, float x) const {
    return state.view.to_time(double{std::clamp(x, geo_.lanes_x(), geo_.right()) - geo_.lanes_x()});
  }

  [[nodiscard]] float lanes_y_of(const AppState& state, float screen_y) const {
    return screen_y - geo_.lanes_y() + state.scroll_y;
  }

  void toggle_group_at(AppState& state, ImVec2 at) {
    if (const TrackItem* item = item_under(state, at, TrackItem::Kind::kGroup)) {
      state.toggle_group(state.tracks.groups[item->group].key);
      pressed_ = false;
    }
  }

  void toggle_counters_at(AppState& state, ImVec2 at) {
    if (at.y >= geo_.bottom() && at.y < geo_.bottom() + room_.header) {
      state.execute(Command::kToggleCounters);
      pressed_ = false;
    }
  }

  // A click on the title of a lane.
  void select_lane_at(AppState& state, ImVec2 at) const {
    const TrackItem* item = item_under(state, at, TrackItem::Kind::kLane);
    if (at.x < geo_.lanes_x() && item != nullptr) {
      state.select_lane(item->track, ImGui::GetIO().KeyCtrl);
    }
  }

  [[nodiscard]] std::vector<size_t> tracks_between(const AppState& state, float y0, float y1) const {
    std::vector<size_t> tracks;
    if (std::min(y0, y1) >= geo_.bottom()) {
      return tracks;  // over the counters: all lanes
    }
    const float low = lanes_y_of(state, std::min(y0, y1));
    const float high = lanes_y_of(state, std::min(std::max(y0, y1), geo_.bottom() - 1));
    for (const TrackItem& item : state.layout.items) {
      if (item.kind == TrackItem::Kind::kLane && item.y <= high && item.y + item.height >= low &&
          std::find(tracks.begin(), tracks.end(), item.track) == tracks.end()) {
        tracks.push_back(item.track);
      }
    }
    return tracks;
  }

  [[nodiscard]] std::optional<EventRef> event_under(const AppState& state, ImVec2 at) const {
    const TrackItem* under = item_under(state, at, TrackItem::Kind::kLane);
    if (at.x < geo_.lanes_x() || under == nullptr) {
      return std::nullopt;
    }
    const TrackItem& item = *under;
    const float y = lanes_y_of(state, at.y);
    const auto row = static_cast<size_t>((y - item.y) / (state.layout.row_height + state.layout.row_gap));
    const uint32_t lane = state.tracks.tracks[item.track].lane[index_of(item.side)];
    return state.event_at(item.side, lane, row, time_at(state, at.x), 2.5 * state.view.ns_per_pixel());
  }

  // Wide enough to be seen as one.
  [[nodiscard]] std::optional<GapRef> gap_under(const AppState& state, ImVec2 at) const {
    constexpr double kLeastPixels = 3;
    const TrackItem* under = item_under(state, at, TrackItem::Kind::kLane);
    if (at.x < geo_.lanes_x() || under == nullptr) {
      return std::nullopt;
    }
    const TrackItem& item = *under;
    const uint32_t lane = state.tracks.tracks[item.track].lane[index_of(item.side)];
    const auto gap = gap_at(*state.run(item.side), item.side, lane,
                            state.alignment.to_time(item.side, time_at(state, at.x)));
    if (!gap || static_cast<double>(gap->end_ns - gap->begin_ns) < kLeastPixels * state.view.ns_per_pixel()) {
      return std::nullopt;
    }
    return gap;
  }

  void paint_scrollbar(ImGuiPainter& painter, const AppState& state) const {
    const float room = geo_.lanes_height();
    if (state.layout.height <= room || state.layout.height <= 0) {
      return;
    }
    const float size = std::max(24.0F, room * room / state.layout.height);
    const float at = (room - size) * state.scroll_y / (state.layout.height - room);
    const float x1 = geo_.right() - 2;
    painter.box({x1 - 5 * geo_.unit, geo_.lanes_y() + at, x1, geo_.lanes_y() + at + size,
                 with_alpha(state.colors().text_faint, 150)});
  }

  static void draw_tooltip(const AppState& state) {
    const EventRef& ref = *state.hovered;
    const Palette& colors = state.colors();
    const NameEntry& name = state.name_of(ref);
    const EventRow& row = state.row_of(ref);
    ImGui::BeginTooltip();
    ui::swatch(category_color(name.category, state.theme));
    ui::name(colors.text, name.text);
    ui::text(colors.text, format_duration(static_cast<double>(row.duration(ref.index))));
    ImGui::SameLine(0, 10);
    ui::text(colors.text_faint, category_label(name.category));
    const RunModel& run = *state.run(ref.side);
    const LaneModel& lane = run.lanes[ref.lane];
    ui::name(colors.text_faint,
             (state.two_runs() ? std::string(ref.side == Side::kA ? "A · " : "B · ") : "") +
                 run.processes[lane.process].title + " · " + lane.title);
    ui::text(colors.text_faint,
             "at " + format_duration(static_cast<double>(row.start(ref.index) - run.begin_ns)));
    ImGui::EndTooltip();
  }

  static void draw_gap_tooltip(const AppState& state) {
    const GapRef& gap = *state.hovered_gap;
    const Palette& colors = state.colors();
    const RunModel& run = *state.run(gap.side);
    const LaneModel& lane = run.lanes[gap.lane];
    ImGui::BeginTooltip();
    ui::text(colors.text, "idle " + format_duration(static_cast<double>(gap.end_ns - gap.begin_ns)));
    ui::name(colors.text_faint, run.processes[lane.process].title + " · " + lane.title);
    ui::text(colors.text_faint, "click: what the ledger calls it");
    ImGui::EndTooltip();
  }

  // Over the row under a pair of lanes: what the two lanes did in the step under the pointer.
  void draw_delta_tooltip(const AppState& state, ImVec2 at) const {
    const TrackItem* item = item_under(state, at, TrackItem::Kind::kDelta);
    const size_t slot = state.alignment.slot_at(time_at(state, at.x));
    if (item == nullptr || !state.delta_map || slot >= state.delta_map->columns()) {
      return;
    }
    const Palette& colors = state.colors();
    const size_t track = item->track;
    const auto busy = [&](Side side) {
      return state.delta_map->value_ns(side, DeltaMeasure::kBusy, track, slot);
    };
    const double delta = busy(Side::kB) - busy(Side::kA);
    ImGui::BeginTooltip();
    ui::text(colors.text, "busy in step " + std::to_string(state.strip.bars[slot].number));
    ui::text(colors.run_a, "A  " + format_duration(busy(Side::kA)));
    ui::text(colors.run_b, "B  " + format_duration(busy(Side::kB)));
    ui::text(delta > 0 ? colors.more : colors.less, format_delta_ms(delta) + " ms");
    ui::text(colors.text_faint, "here: orange where B is busier, blue where it is less");
    ImGui::EndTooltip();
  }

  TimelineGeometry geo_;
  TimelinePainter::Scratch scratch_;
  CounterRoom room_;
  std::vector<const CounterPair*> counters_;  // of this frame
  CounterScratch counter_scratch_;
  bool over_ = false;
  PixelSheet sheet_;  // of the lanes
  bool over_lanes_ = false;
  bool pressed_ = false;
  bool pan_with_left_ = false;
  ImVec2 press_;
  std::optional<TimeRange> dragging_;
};

}  // namespace

std::unique_ptr<View> make_timeline_view() {
  return std::make_unique<TimelineView>();
}

}  // namespace stepscope::viewer
