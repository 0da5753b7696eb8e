// SPDX-License-Identifier: Apache-2.0
//
// Recording: how steps were found, which doors opened, what was lost. Nothing is lost silently.
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
    const Palette& colors = state.colors();
    for (const Side side : {Side::kA, Side::kB}) {
      const RunModel* run = state.run(side);
      if (run == nullptr) {
        continue;
      }
      const Color color = !state.two_runs() || side == Side::kB ? colors.run_b : colors.run_a;
      ui::text(color, (state.two_runs() ? std::string(side == Side::kA ? "A  " : "B  ") : "") + run->path);
      ui::text_wrapped(colors.text_dim,
                       format_count(run->events) + " events, " + std::to_string(run->processes.size()) +
                           " processes, " +
                           format_duration(static_cast<double>(run->end_ns - run->begin_ns)));
      if (!run->step_method.empty()) {
        ui::text_wrapped(colors.text_dim, run->step_method);
      }
      for (const Note& note : run->notes) {
        const bool bad = note.severity == "data_loss" || note.severity == "error";
        ui::text_wrapped(bad ? colors.error : colors.text_faint, note.text);
      }
      ImGui::Dummy(ImVec2(0, 4 * area.unit));
    }
    for (const std::string& error : state.load.errors) {
      ui::text_wrapped(colors.error, error);
    }
  }
};

}  // namespace

std::unique_ptr<View> make_notes_view() {
  return std::make_unique<NotesView>();
}

}  // namespace stepscope::viewer
