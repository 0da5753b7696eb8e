// SPDX-License-Identifier: Apache-2.0
//
// Batches: how the data loader supplied one training process, over the time that the timeline shows: what each worker made when, how many
// batches lay ready, how long the training thread waited, and whether it waited behind a slow batch while later ones were ready.
#include <algorithm>
#include <string>

#include "analyzer/run.hpp"
#include "viewer/batch_reader.hpp"
#include "viewer/imgui_compat.hpp"
#include "viewer/row_cursor.hpp"
#include "viewer/scope.hpp"
#include "viewer/ui.hpp"
#include "viewer/views/batch_strip.hpp"
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
    if (!processes.empty()) {
      answer.lanes[s] = read_batches(*model->source, *model, processes[consumer % processes.size()]);
    }
  }
  return answer;
}

class BatchesView final : public View {
 public:
  void draw(AppState& state, const ViewArea& area) override {
    const Palette& colors = state.colors();
    const BatchQuestion question{shown_numbers(state), state.view_options.batches_of};
    const BatchAnswer* answer = lanes_.ask(state.background, question, [&] {
      return [runs = shown_runs(state), consumer = question.consumer](const std::atomic<bool>& cancelled) {
        return read_both(runs, consumer, cancelled);
      };
    });
    if (answer == nullptr || lanes_.answered()->runs != question.runs) {
      ui::text_wrapped(colors.text_dim, lanes_.waiting("reading batches ..."));
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
    const float row = BatchStrip::row_height(answer->lanes, ImGui::GetContentRegionAvail().y, area.unit);
    for (const Side side : {Side::kA, Side::kB}) {
      if (!answer->lanes[index_of(side)].batches.empty() && state.looks_at(side)) {
        strip_.draw(state, side, answer->lanes[index_of(side)], area.unit, row);
      }
    }
    ImGui::EndChild();
    std::optional<Place> wanted = strip_.take_click();
    const Side side = answer->lanes[1].batches.empty() || !state.looks_at(Side::kB) ? Side::kA : Side::kB;
    const BatchLanes& lanes = answer->lanes[index_of(side)];
    if (cursor_.take(state, lanes.batches.size()) ||
        cursor_.moved()) {  // there is no row to see: it goes there
      const BatchBar& batch = lanes.batches[*cursor_.at()];
      wanted = strip_.place_of(state, side, batch.consumer_lane, batch.wait_begin_ns, batch.wait_end_ns);
    }
    if (wanted) {
      state.visit(*wanted);
    }
  }

 private:
  static void draw_head(AppState& state, const BatchAnswer& answer, float unit) {
    const Palette& colors = state.colors();
    const std::vector<std::string>& titles =
        answer.consumers[1].size() > answer.consumers[0].size() ? answer.consumers[1] : answer.consumers[0];
    if (titles.size() > 1) {
      ImGui::SetNextItemWidth(160 * unit);
      const size_t chosen = state.view_options.batches_of % titles.size();
      if (ImGui::BeginCombo("##process", titles[chosen].c_str())) {
        for (size_t i = 0; i < titles.size(); ++i) {
          ImGui::PushID(static_cast<int>(i));
          if (ImGui::Selectable(titles[i].c_str(), i == chosen)) {
            state.view_options.batches_of = i;
          }
          ImGui::PopID();
        }
        ImGui::EndCombo();
      }
    }
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    bool first = titles.size() <= 1;
    for (const auto& [color, words] : BatchStrip::legend(state)) {
      const float next =
          ImGui::GetItemRectMax().x + 7 * unit + ImGui::CalcTextSize(words).x + ImGui::GetFontSize() * 1.2F;
      if (!first && next <= right) {
        ImGui::SameLine(0, 7 * unit);
      }
      first = false;
      ui::swatch(color);
      ui::text(colors.text_dim, words);
    }
  }

  Latest<BatchQuestion, BatchAnswer> lanes_;
  BatchStrip strip_;
  RowCursor cursor_;  // in the batches of B, or of the only run
};

}  // namespace

std::unique_ptr<View> make_batches_view() {
  return std::make_unique<BatchesView>();
}

}  // namespace stepscope::viewer
