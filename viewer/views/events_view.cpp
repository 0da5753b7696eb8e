// SPDX-License-Identifier: Apache-2.0
//
// Events: every event of the selected area, steps or run (of the highlighted name, or what is searched for), sortable. Sorted off the
// frame path; what is drawn are the rows on screen, so ten million are as smooth as ten.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "viewer/imgui_compat.hpp"
#include "viewer/imgui_painter.hpp"
#include "viewer/model/event_list.hpp"
#include "viewer/model/format.hpp"
#include "viewer/model/table_text.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/scope.hpp"
#include "viewer/table_sort.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

struct ListQuestion {
  Scope scope;
  NameChoice names;
  EventOrder order = EventOrder::kStart;
  bool descending = false;
  friend bool operator==(const ListQuestion&, const ListQuestion&) = default;
};

class EventsView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const ListQuestion question{scope_of(state), chosen_name(state).value_or(NameChoice()),
                                state.view_options.events.order, state.view_options.events.descending};
    const auto* answer = list_.ask(state.background, question, [&] {
      return [question, runs = chosen_runs(state),
              filters =
                  filters_of(state, question.scope, question.names)](const std::atomic<bool>& cancelled) {
        return std::make_shared<const EventList>(std::array<const RunModel*, 2>{runs[0].get(), runs[1].get()},
                                                 filters, question.order, question.descending, cancelled);
      };
    });
    if (answer == nullptr || list_.answered()->scope.runs != question.scope.runs) {
      ui::text_wrapped(colors.text_dim, list_.waiting("sorting ..."));
      return;
    }
    const EventList& list = **answer;
    draw_head(state, list, question, area.unit);
    draw_table(state, list, area.unit);
  }

  [[nodiscard]] TableText table(const AppState& state) const override {
    const auto* list = list_.answer();
    return list != nullptr && list_.answered()->scope.runs == scope_of(state).runs ? table_of(state, **list)
                                                                                   : TableText();
  }

 private:
  void draw_head(AppState& state, const EventList& list, const ListQuestion& question, float unit) {
    const Palette& colors = state.colors();
    if (ImGui::Button("copy as CSV")) {
      ImGui::SetClipboardText(to_csv(table_of(state, list)).c_str());
    }
    ui::tooltip("the first 10 000 rows, to the clipboard");
    ImGui::SameLine(0, 10 * unit);
    ImGui::AlignTextToFramePadding();
    std::string text = format_count(list.size()) + " events of the " + scope_words(state);
    text += question.names.text.empty() ? ""
            : question.names.part       ? ", names with \"" + question.names.text + "\""
                                        : ", " + question.names.text;
    text += list.left_out() > 0 ? ", " + format_count(list.left_out()) + " more are not listed" : "";
    ui::text(colors.text_faint, text + (list_.pending() ? "   sorting ..." : ""));
  }

  // Rows are placed by their number, not by a scroll position in pixels: a float cannot count 20 M rows of pixels.
  void draw_table(AppState& state, const EventList& list, float unit) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float bar = 14 * unit;
    const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    const auto shown = static_cast<size_t>(std::max(1.0F, std::floor(room.y / row) - 1));
    const size_t last = list.size() > shown ? list.size() - shown : 0;
    first_ = std::min(first_, last);
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Sortable | ImGuiTableFlags_RowBg |
                                       ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_BordersInnerH |
                                       ImGuiTableFlags_NoHostExtendX;
    std::optional<EventRef> wanted;
    if (cursor_.take(state, list.size())) {
      wanted = list.at(*cursor_.at());
    }
    if (cursor_.moved() && (*cursor_.at() < first_ || *cursor_.at() >= first_ + shown)) {
      first_ = std::min(*cursor_.at() < first_ ? *cursor_.at() : *cursor_.at() - shown + 1, last);
    }
    if (ImGui::BeginTable("events", 4, kFlags, ImVec2(room.x - bar - 4 * unit, 0))) {
      ImGui::TableSetupColumn("start", ImGuiTableColumnFlags_DefaultSort, 96 * unit,
                              id_of(EventOrder::kStart));
      ImGui::TableSetupColumn("duration", ImGuiTableColumnFlags_PreferSortDescending, 84 * unit,
                              id_of(EventOrder::kDuration));
      ImGui::TableSetupColumn("name", ImGuiTableColumnFlags_WidthStretch, 3, id_of(EventOrder::kName));
      ImGui::TableSetupColumn("lane", ImGuiTableColumnFlags_WidthStretch, 2, id_of(EventOrder::kLane));
      ImGui::TableHeadersRow();
      if (sort_.sync(state.view_options.events)) {
        first_ = 0;
      }
      for (size_t i = first_; i < std::min(list.size(), first_ + shown); ++i) {
        draw_row(state, list.at(i), {static_cast<int>(i - first_), cursor_.on(i)}, wanted);
      }
      ImGui::EndTable();
    }
    const bool over = ImGui::IsWindowHovered();
    if (over && ImGui::GetIO().MouseWheel != 0 && !ImGui::GetIO().KeyCtrl) {
      const double rows = -static_cast<double>(ImGui::GetIO().MouseWheel) * 3;
      first_ =
          static_cast<size_t>(std::clamp(static_cast<double>(first_) + rows, 0.0, static_cast<double>(last)));
    }
    draw_scrollbar(state, room, bar, shown, last);
    if (wanted) {
      state.visit(*wanted);
    }
  }

  void draw_scrollbar(const AppState& state, ImVec2 room, float bar, size_t shown, size_t last) {
    if (last == 0) {
      return;
    }
    const ImVec2 window = ImGui::GetWindowPos();
    const ImVec2 at(window.x + ImGui::GetWindowSize().x - bar,
                    ImGui::GetWindowPos().y + ImGui::GetWindowSize().y - room.y);
    ImGui::SetCursorScreenPos(at);
    ImGui::InvisibleButton("##scroll", ImVec2(bar, room.y));
    const float whole = static_cast<float>(last + shown);
    const float grip = std::max(20.0F, room.y * static_cast<float>(shown) / whole);
    if (ImGui::IsItemActive()) {
      const double share =
          static_cast<double>((ImGui::GetIO().MousePos.y - at.y - grip / 2) / std::max(1.0F, room.y - grip));
      first_ = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(last));
    }
    const Palette& colors = state.colors();
    const float y =
        at.y + (room.y - grip) * static_cast<float>(static_cast<double>(first_) / static_cast<double>(last));
    ImGuiPainter paint(*ImGui::GetWindowDrawList());
    paint.box({at.x, at.y, at.x + bar, at.y + room.y, colors.panel_alt});
    paint.box({at.x + 2, y, at.x + bar - 2, y + grip, ImGui::IsItemActive() ? colors.accent : colors.border});
  }

  static ImGuiID id_of(EventOrder order) { return static_cast<ImGuiID>(order); }

  static std::array<std::string, 4> cells_of(const AppState& state, const EventRef& ref) {
    const RunModel& run = *state.run(ref.side);
    const LaneModel& lane = run.lanes[ref.lane];
    const EventRow& events = lane.rows[ref.row];
    return {format_duration(static_cast<double>(events.start(ref.index) - run.begin_ns)),
            format_duration(static_cast<double>(events.duration(ref.index))),
            run.names[events.name(ref.index)].text, run.processes[lane.process].title + " · " + lane.title};
  }

  struct RowPlace {
    int id = 0;
    bool chosen = false;  // by keys
  };

  static void draw_row(const AppState& state, const EventRef& ref, RowPlace place,
                       std::optional<EventRef>& wanted) {
    const Palette& colors = state.colors();
    const std::array<std::string, 4> cells = cells_of(state, ref);
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushID(place.id);
    if (ImGui::Selectable("##row", place.chosen || state.selection.event == ref,
                          ImGuiSelectableFlags_SpanAllColumns)) {
      wanted = ref;
    }
    ImGui::PopID();
    ImGui::SameLine(0, 0);
    if (state.two_runs()) {
      ui::text(ref.side == Side::kA ? colors.run_a : colors.run_b, ref.side == Side::kA ? "A" : "B");
      ImGui::SameLine(0, 6);
    }
    ui::text_right(colors.text_dim, cells[0]);
    ImGui::TableNextColumn();
    ui::text_right(colors.text, cells[1]);
    ImGui::TableNextColumn();
    ui::swatch(category_color(state.name_of(ref).category, state.theme));
    ui::text(colors.text, std::string_view(cells[2]).substr(0, kLongestName));
    ImGui::TableNextColumn();
    ui::text(colors.text_dim, cells[3]);
  }

  static TableText table_of(const AppState& state, const EventList& list) {
    constexpr size_t kRows = 10000;
    TableText table;
    table.columns = {"run", "start_ns", "dur_ns", "name", "lane"};
    for (size_t i = 0; i < std::min(list.size(), kRows); ++i) {
      const EventRef ref = list.at(i);
      const EventRow& events = state.row_of(ref);
      const std::array<std::string, 4> cells = cells_of(state, ref);
      table.rows.push_back({ref.side == Side::kA ? "A" : "B",
                            std::to_string(events.start(ref.index) - state.run(ref.side)->begin_ns),
                            std::to_string(events.duration(ref.index)), cells[2], cells[3]});
    }
    return table;
  }

  static constexpr size_t kLongestName = 512;  // drawn of one that can have 10 kB

  Latest<ListQuestion, std::shared_ptr<const EventList>> list_;
  TableSort sort_;
  RowCursor cursor_;
  size_t first_ = 0;
};

}  // namespace

std::unique_ptr<View> make_events_view() {
  return std::make_unique<EventsView>();
}

}  // namespace stepscope::viewer
