// SPDX-License-Identifier: Apache-2.0
//
// The part of AppState that two runs side by side need.
#include <string_view>
#include <unordered_set>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

void AppState::set_delta_map(std::shared_ptr<const DeltaMap> map) {
  const bool fits = map != nullptr && !map->empty() && map->rows() == tracks.tracks.size() &&
                    map->columns() == alignment.slots().size();
  delta_map = fits ? std::move(map) : nullptr;
}

void AppState::set_movers(std::vector<MoverTable> tables) {
  movers = std::move(tables);
}

void AppState::set_step_changes(std::vector<StepChange> changes) {
  std::erase_if(changes, [&](const StepChange& change) { return change.bar >= strip.bars.size(); });
  step_changes = std::move(changes);
}

void AppState::light_up(const std::string& title, const std::array<std::vector<std::string>, 2>& names) {
  search_for("");
  selection.names.clear();
  for (const std::vector<std::string>& of_side : names) {
    selection.names.insert(of_side.begin(), of_side.end());
  }
  selection.highlight = selection.names.size() == 1 ? *selection.names.begin() : title;
  for (const Side side : {Side::kA, Side::kB}) {
    const RunModel* model = run(side);
    if (model == nullptr || (names[0].empty() && names[1].empty())) {
      continue;
    }
    const std::unordered_set<std::string_view> wanted(names.at(index_of(side)).begin(),
                                                      names.at(index_of(side)).end());
    std::vector<uint8_t>& stands_out = emphasis_.at(index_of(side));
    stands_out.assign(model->names.size(), 0);
    for (size_t name = 0; name < stands_out.size(); ++name) {
      stands_out[name] = wanted.contains(model->names[name].text) ? 1 : 0;
    }
  }
}

void AppState::align_by_selection() {
  if (!two_runs()) {
    return;
  }
  align_mode = AlignMode::kAnchor;
  selection.area.reset();  // its display times belong to the old axis
  refresh_area();
  ask_for_anchor(selection.event);
}

void AppState::go_to_cell(size_t slot, size_t track) {
  go_to_step(slot);
  if (track < tracks.tracks.size()) {
    collapsed.erase(tracks.groups[tracks.tracks[track].group].key);
    reveal_track = track;
  }
}

}  // namespace stepscope::viewer
