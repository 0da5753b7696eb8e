// SPDX-License-Identifier: Apache-2.0
//
// Recording: how steps were found, which doors opened, what was lost. Nothing is lost silently.
#include <algorithm>
#include <string>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class NotesView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    for (const std::string& error : state.load.errors) {
      ui::text_wrapped(state.colors().error, error);
    }
    for (const Side side : {Side::kA, Side::kB}) {
      if (const RunModel* run = state.run(side)) {
        ImGui::PushID(static_cast<int>(side));
        draw_run(state, side, *run, area.unit);
        ImGui::PopID();
      }
    }
  }

 private:
  static void draw_run(const AppState& state, Side side, const RunModel& run, float unit) {
    const Palette& colors = state.colors();
    const Color color = !state.two_runs() || side == Side::kB ? colors.run_b : colors.run_a;
    ui::text_wrapped(color,
                     (state.two_runs() ? std::string(side == Side::kA ? "A  " : "B  ") : "") + run.path);
    ui::text_wrapped(colors.text_dim, format_count(run.events) + " events, " +
                                          std::to_string(run.processes.size()) +
                                          (run.processes.size() == 1 ? " process, " : " processes, ") +
                                          std::to_string(run.lanes.size()) + " lanes, " +
                                          format_duration(static_cast<double>(run.end_ns - run.begin_ns)));
    if (!run.step_method.empty()) {
      ui::text_wrapped(colors.text_dim, run.step_method);
    }
    const size_t losses = run.losses();
    ui::text_wrapped(losses > 0 ? colors.error : colors.text,
                     losses == 0   ? "Nothing is missing: no record was lost, no recording could not be read."
                     : losses == 1 ? "One thing is missing:"
                                   : std::to_string(losses) + " things are missing:");
    for (const Note& note : run.notes) {
      if (note.severity != "door") {
        ui::text_wrapped(note.is_loss() ? colors.error : colors.text_faint, note.text);
      }
    }
    draw_processes(colors, run, unit);
    for (const Note& note : run.notes) {
      if (note.severity == "door") {
        ui::text_wrapped(colors.text_faint, note.text);
      }
    }
    ImGui::Dummy(ImVec2(0, 6 * unit));
  }

  static void draw_processes(const Palette& colors, const RunModel& run, float unit) {
    constexpr size_t kRows = 64;
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_RowBg | ImGuiTableFlags_SizingFixedFit;
    if (run.processes.empty() || !ImGui::BeginTable("processes", 4, kFlags)) {
      return;
    }
    ImGui::TableSetupColumn("process", ImGuiTableColumnFlags_WidthFixed, 160 * unit);
    ImGui::TableSetupColumn("where", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("lanes", ImGuiTableColumnFlags_WidthFixed, 50 * unit);
    ImGui::TableSetupColumn("events", ImGuiTableColumnFlags_WidthFixed, 90 * unit);
    ImGui::TableHeadersRow();
    // Lanes stand in the order of processes.
    size_t lane = 0;
    for (uint32_t process = 0; process < std::min(run.processes.size(), kRows); ++process) {
      size_t lanes = 0;
      uint64_t events = 0;
      for (; lane < run.lanes.size() && run.lanes[lane].process <= process; ++lane) {
        ++lanes;
        events += run.lanes[lane].events;
      }
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      ui::text(colors.text, run.processes[process].title);
      ImGui::TableNextColumn();
      ui::text(colors.text_dim, run.processes[process].subtitle);
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, std::to_string(lanes));
      ImGui::TableNextColumn();
      ui::text_right(colors.text_dim, format_count(events));
    }
    ImGui::EndTable();
    if (run.processes.size() > kRows) {
      ui::text(colors.text_faint, "and " + std::to_string(run.processes.size() - kRows) + " more");
    }
  }
};

}  // namespace

std::unique_ptr<View> make_notes_view() {
  return std::make_unique<NotesView>();
}

}  // namespace stepscope::viewer
