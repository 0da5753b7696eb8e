// SPDX-License-Identifier: Apache-2.0
//
// Findings: sentences with a confidence, an advice and a place to look at.
#include <string>

#include "viewer/imgui_painter.hpp"
#include "viewer/model/format.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

class FindingsView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    if (!state.table_ready) {
      ui::text(colors.text_dim, state.load.active ? "waiting for the analysis ..." : "no analysis");
      return;
    }
    if (state.table.findings.empty()) {
      ui::text_wrapped(colors.text_dim, "Nothing stands out. The numbers are in the table on the left.");
    }
    Wanted wanted;
    const bool opens = cursor_.take(state, state.table.findings.size());
    for (size_t i = 0; i < state.table.findings.size(); ++i) {
      const ImVec2 top = ImGui::GetCursorScreenPos();
      ImGui::PushID(static_cast<int>(i));
      draw_finding(state, state.table.findings[i], area, wanted);
      ImGui::PopID();
      if (cursor_.on(i)) {
        frame_row(colors, top);
      }
    }
    if (opens) {
      wanted.finding = *cursor_.at();
    }
    if (!state.table.status.empty() || !state.table.remarks.empty()) {
      ImGui::Dummy(ImVec2(0, 2 * area.unit));
    }
    if (!state.table.status.empty()) {
      ui::text_wrapped(colors.text_dim, state.table.status);
    }
    for (const std::string& remark : state.table.remarks) {
      ui::text_wrapped(colors.text_faint, remark);
    }
    if (wanted.finding && !state.go_to_finding(*wanted.finding)) {
      state.message = "this finding has no place to look at";
    }
    if (wanted.place) {
      state.go_to(*wanted.place);
    }
    if (wanted.tab) {
      state.open_tab(*wanted.tab);
    }
  }

 private:
  // What was clicked: opened after drawing, since it changes what is drawn.
  struct Wanted {
    std::optional<Place> place;
    std::optional<Tab> tab;
    std::optional<size_t> finding;  // by keys
  };

  // Around what was drawn since, and brought into sight where keys came to it just now.
  void frame_row(const Palette& colors, ImVec2 top) const {
    const ImVec2 end(top.x + ImGui::GetContentRegionAvail().x, ImGui::GetItemRectMax().y - 2);
    ImGui::GetWindowDrawList()->AddRect(ImVec2(top.x, top.y - 2), end, to_im(colors.hover));
    if (cursor_.moved()) {
      ImGui::SetScrollHereY(1.0F);
    }
  }

  // "data.fetch.io  0.00 ms → 31.2 ms", on as many lines as it takes.
  static void draw_evidence(const Palette& colors, const FindingRow& finding) {
    std::string text;
    for (const EvidenceRow& row : finding.evidence) {
      text += (text.empty() ? "" : "    ") + row.name + " " + (row.before.empty() ? "" : row.before + " → ") +
              (row.after.empty() ? "-" : row.after);
    }
    if (!text.empty()) {
      ui::text_wrapped(colors.text_faint, text);
    }
  }

  static void draw_finding(const AppState& state, const FindingRow& finding, const ViewArea& area,
                           Wanted& wanted) {
    const Palette& colors = state.colors();
    const ImVec2 top = ImGui::GetCursorScreenPos();
    ImGui::Indent(12 * area.unit);
    ui::text_wrapped(colors.text, finding.text);
    if (!finding.advice.empty()) {
      ui::text_wrapped(colors.text_dim, finding.advice);
    }
    draw_evidence(colors, finding);
    std::string foot = finding.confidence + " confidence";
    if (finding.effect_ns != 0) {
      foot = format_delta_ms(static_cast<double>(finding.effect_ns)) + " ms/step · " + foot;
    }
    ui::text(colors.text_faint, foot);
    if (finding.place) {
      ImGui::SameLine(0, 12 * area.unit);
      if (ImGui::SmallButton("Show me")) {
        wanted.place = finding.place;
      }
    }
    const EvidenceView view = evidence_view(finding.id);
    if (view != EvidenceView::kTimeline) {
      ImGui::SameLine(0, 6 * area.unit);
      if (ImGui::SmallButton(std::string(evidence_view_title(view)).c_str())) {
        wanted = {finding.place, evidence_tab(view), std::nullopt};
      }
    }
    ImGui::Unindent(12 * area.unit);
    const Color bar = finding.effect_ns < 0   ? colors.less
                      : finding.effect_ns > 0 ? colors.more
                                              : colors.neutral;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(top.x + 1, top.y + 1),
                                              ImVec2(top.x + 1 + 3 * area.unit, ImGui::GetItemRectMax().y),
                                              to_im(bar));
    ImGui::Dummy(ImVec2(0, 5 * area.unit));
  }

  RowCursor cursor_;
};

}  // namespace

std::unique_ptr<View> make_findings_view() {
  return std::make_unique<FindingsView>();
}

}  // namespace stepscope::viewer
