// SPDX-License-Identifier: Apache-2.0
//
// Details: everything recorded about the selected event.
#include <optional>
#include <string>
#include <utility>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class DetailsView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (!state.selection.event) {
      ui::text_wrapped(colors.text_dim,
                       "Click an event in the timeline. Double-click or F zooms to it, . and , go along "
                       "its lane.");
      return;
    }
    const EventRef ref = *state.selection.event;
    const EventRow& row = state.row_of(ref);
    const NameEntry& name = state.name_of(ref);
    const RunModel& run = *state.run(ref.side);
    const LaneModel& lane = run.lanes[ref.lane];
    ui::swatch(category_color(name.category, state.theme));
    ui::text_wrapped(colors.text, name.text);
    std::optional<Tab> wanted;
    constexpr std::pair<const char*, Tab> kOthers[] = {
        {"All its durations", Tab::kHistogram}, {"All its events", Tab::kEvents}, {"Flame", Tab::kFlame}};
    for (const auto& [label, tab] : kOthers) {
      if (ImGui::SmallButton(label)) {
        wanted = tab;
      }
      ImGui::SameLine(0, 6 * area.unit);
    }
    ImGui::NewLine();
    if (wanted) {
      state.highlight(name.text);
      state.open_tab(*wanted);
    }
    if (!ImGui::BeginTable("details", 2, ImGuiTableFlags_SizingFixedFit)) {
      return;
    }
    ImGui::TableSetupColumn("key", ImGuiTableColumnFlags_WidthFixed, 110 * area.unit);
    ImGui::TableSetupColumn("value", ImGuiTableColumnFlags_WidthStretch);
    line(colors, "duration", format_duration(static_cast<double>(row.duration(ref.index))));
    line(colors, "starts at", format_duration(static_cast<double>(row.start(ref.index) - run.begin_ns)));
    line(colors, "category", category_label(name.category));
    line(colors, "lane",
         (state.two_runs() ? std::string(ref.side == Side::kA ? "A · " : "B · ") : "") +
             run.processes[lane.process].title + " · " + lane.title);
    for (const auto& [key, value] : state.details) {
      if (key != "start_ns" && key != "dur_ns" && key != "name") {
        line(colors, key, value);
      }
    }
    if (state.event_pending()) {
      line(colors, "...", "");
    }
    ImGui::EndTable();
  }

 private:
  static void line(const Palette& colors, std::string_view key, std::string_view value) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ui::text(colors.text_faint, key);
    ImGui::TableNextColumn();
    ui::text_wrapped(colors.text, value);
  }
};

}  // namespace

std::unique_ptr<View> make_details_view() {
  return std::make_unique<DetailsView>();
}

}  // namespace stepscope::viewer
