// SPDX-License-Identifier: Apache-2.0
//
// What commands and clicks do: the part of AppState that acts.
#include <algorithm>
#include <cmath>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {
namespace {

constexpr double kKeyZoom = 1.35;
constexpr double kKeyPan = 0.15;  // of the width
constexpr float kKeyScroll = 60;
constexpr float kScaleStep = 1.1F;

AlignMode next_mode(AlignMode mode) {
  switch (mode) {
    case AlignMode::kStepStart:
      return AlignMode::kStepNormalised;
    case AlignMode::kStepNormalised:
      return AlignMode::kAbsolute;
    case AlignMode::kAbsolute:
      return AlignMode::kAnchor;
    case AlignMode::kAnchor:
      break;
  }
  return AlignMode::kStepStart;
}

// These show what is selected in their own way, so a selection does not push them aside.
bool follows_selection(Tab tab) {
  return tab == Tab::kHistogram || tab == Tab::kFlame || tab == Tab::kEvents;
}

Shown next_shown(Shown shown) {
  return shown == Shown::kBoth ? Shown::kOnlyA : shown == Shown::kOnlyA ? Shown::kOnlyB : Shown::kBoth;
}

}  // namespace

void AppState::execute(Command command) {
  message.clear();
  switch (command) {
    case Command::kZoomIn:
      return view.zoom_about(view.width() / 2, 1 / kKeyZoom);
    case Command::kZoomOut:
      return view.zoom_about(view.width() / 2, kKeyZoom);
    case Command::kPanLeft:
      return view.pan_pixels(-view.width() * kKeyPan);
    case Command::kPanRight:
      return view.pan_pixels(view.width() * kKeyPan);
    case Command::kScrollUp:
      (help_open ? help_scroll : scroll_y) -= kKeyScroll;
      return;
    case Command::kScrollDown:
      (help_open ? help_scroll : scroll_y) += kKeyScroll;
      return;
    case Command::kFocus:
      return zoom_to_selection();
    case Command::kFitAll:
      return fit_all();
    case Command::kAreaOfSelection:
      return select_area_of_selection();
    case Command::kSelectAll:
      return select_all();
    case Command::kMark:
      return toggle_mark(false);
    case Command::kMarkSpan:
      return toggle_mark(true);
    case Command::kNextStep:
      return step_by(1);
    case Command::kPreviousStep:
      return step_by(-1);
    case Command::kNextEvent:
      return event_by(1);
    case Command::kPreviousEvent:
      return event_by(-1);
    case Command::kSearch:
      return open_search(false);
    case Command::kFindLane:
      return open_search(true);
    case Command::kSearchNext:
      return find(true);
    case Command::kSearchPrevious:
      return find(false);
    case Command::kClear:
      return clear();
    case Command::kSwapRuns:
      shown = two_runs() ? next_shown(shown) : Shown::kBoth;
      return refresh_area();
    case Command::kCycleAlignment:
      return set_alignment(next_mode(align_mode));
    case Command::kToggleArrangement:
      arrangement = arrangement == Arrangement::kSplit ? Arrangement::kStacked : Arrangement::kSplit;
      return;
    case Command::kToggleDrawer:
      drawer_open = !drawer_open;
      return;
    case Command::kTabTerms:
      return open_tab(Tab::kTerms);
    case Command::kTabFindings:
      return open_tab(Tab::kFindings);
    case Command::kTabDetails:
      return open_tab(Tab::kDetails);
    case Command::kTabArea:
      return open_tab(Tab::kArea);
    case Command::kTabNotes:
      return open_tab(Tab::kNotes);
    case Command::kToggleTheme:
      theme = theme == Theme::kDark ? Theme::kLight : Theme::kDark;
      return;
    case Command::kScaleUp:
      user_scale = std::min(user_scale * kScaleStep, 3.0F);
      return;
    case Command::kScaleDown:
      user_scale = std::max(user_scale / kScaleStep, 0.6F);
      return;
    case Command::kScaleReset:
      user_scale = 1;
      return;
    case Command::kHelp:
      help_open = !help_open;
      return;
    case Command::kQuit:
      quit = true;
      return;
    case Command::kPalette:
      return open_palette();
    case Command::kBack:
      return go_through_history(false);
    case Command::kForward:
      return go_through_history(true);
    case Command::kCopyLink:
      clipboard = link_text(capture());
      message = "copied the link to this view; open it with --link";
      return;
    case Command::kCopyTable:
      table_copy = TableCopy::kTabs;
      return;
    case Command::kCopyCsv:
      table_copy = TableCopy::kCsv;
      return;
    case Command::kTabMarks:
      return open_tab(Tab::kMarks);
    case Command::kNextFinding:
      return finding_by(1);
    case Command::kPreviousFinding:
      return finding_by(-1);
    case Command::kTabDeltaMap:
      return open_tab(Tab::kDeltaMap);
    case Command::kTabWaterfall:
      return open_tab(Tab::kWaterfall);
    case Command::kTabMovers:
      return open_tab(Tab::kMovers);
    case Command::kFollowFlow:
      return follow_flow(true);
    case Command::kFollowFlowBack:
      return follow_flow(false);
    case Command::kAlignBySelection:
      return align_by_selection();
    case Command::kNextMark:
      return mark_by(1);
    case Command::kPreviousMark:
      return mark_by(-1);
    case Command::kTabHistogram:
      return open_tab(Tab::kHistogram);
    case Command::kTabRanks:
      return open_tab(Tab::kRanks);
    case Command::kTabBatches:
      return open_tab(Tab::kBatches);
    case Command::kTabCounters:
      return open_tab(Tab::kCounters);
    case Command::kTabFlame:
      return open_tab(Tab::kFlame);
    case Command::kTabEvents:
      return open_tab(Tab::kEvents);
    case Command::kTabSql:
      return open_tab(Tab::kSql);
    case Command::kToggleCounters:
      panes.counters = panes.counters < 0.5F ? 1 : 0;
      return;
    default:
      return execute_in_view(command);
  }
}

void AppState::open_tab(Tab wanted) {
  tab = wanted;
  tab_requested = true;
  drawer_open = true;
  row_command = {};
}

void AppState::open_palette() {
  palette_box = {.open = true, .focus = true};
  help_open = false;
}

void AppState::clear() {
  if (help_open || palette_box.open) {
    help_open = false;
    palette_box.open = false;
    return;
  }
  // With nothing to clear, Esc ends what is going on.
  stop_loading =
      load.active && !search[0].active() && !search[1].active() && selection == Selection() && !gap;
  selection.clear();
  gap.reset();
  flows.clear();
  details.clear();
  area = {};
  search_box.lanes = false;
  search_for("");  // and with it what stands out
}

void AppState::set_alignment(AlignMode mode) {
  align_mode = mode;
  selection.area.reset();  // its display times belong to the old axis
  refresh_area();
  if (mode == AlignMode::kAnchor && two_runs()) {
    ask_for_anchor(std::nullopt);
  } else {
    rebuild_axis(kept_moment());
  }
}

void AppState::select_event(EventRef ref) {
  selection.select_event(ref, name_of(ref).text);
  refresh_emphasis();
  gap.reset();
  refresh_area();
  ask_about_event();
  if (!follows_selection(tab)) {
    open_tab(Tab::kDetails);
  }
}

void AppState::select_area(AreaSelection chosen) {
  selection.select_area(std::move(chosen));
  drop_steps_beside_area();
  event_left();
  gap.reset();
  refresh_area();
  if (!follows_selection(tab)) {
    open_tab(Tab::kArea);
  }
}

void AppState::select_area_of_selection() {
  const std::optional<TimeRange> range = selected_range();
  if (!range || selection.area) {
    return;
  }
  AreaSelection chosen{*range, {}};
  if (selection.event) {
    for (size_t t = 0; t < tracks.tracks.size(); ++t) {
      if (tracks.tracks[t].lane[index_of(selection.event->side)] == selection.event->lane) {
        chosen.tracks.push_back(t);
      }
    }
  }
  select_area(std::move(chosen));
}

void AppState::select_all() {
  if (run(Side::kA) != nullptr) {
    select_area({alignment.extent(), {}});
  }
}

void AppState::select_steps(size_t from, size_t to, bool zoom) {
  if (alignment.slots().empty()) {
    return;
  }
  const size_t last = alignment.slots().size() - 1;
  selection.select_steps(std::min(from, last), std::min(to, last));
  event_left();
  gap.reset();
  area = {};
  if (zoom) {
    zoom_to_selection();
  }
}

void AppState::show_display(TimeRange range) {
  view.show(range);
}

void AppState::zoom_to_selection() {
  if (const auto range = selected_range()) {
    view.show_with_margin(*range, selection.event ? 0.5 : 0.04);
  }
}

void AppState::fit_all() {
  view.fit_all();
}

void AppState::go_to_step(size_t slot) {
  select_steps(slot, slot, true);
}

// What was in focus is not what will be.
void AppState::drop_focus() {
  selection.event.reset();
  selection.area.reset();
  gap.reset();
  flows.clear();
  details.clear();
  area = {};
}

void AppState::go_to(const Place& place) {
  if (run(place.side) == nullptr || place.lane >= run(place.side)->lanes.size()) {
    return;
  }
  drop_focus();
  const TimeRange target = alignment.to_display(place.side, place.begin_ns, place.end_ns);
  // The place with its surroundings: the whole step it lies in, when there is one.
  const size_t slot = alignment.slot_at((target.begin_ns + target.end_ns) / 2);
  if (slot < alignment.slots().size()) {
    const TimeRange& step = alignment.slots()[slot].display;
    view.show_with_margin({std::min(step.begin_ns, target.begin_ns), std::max(step.end_ns, target.end_ns)},
                          0.08);
    selection.steps = StepSelection{slot, slot};
  } else {
    view.show_with_margin(target, 1.0);
  }
  const auto& rows = run(place.side)->lanes[place.lane].rows;
  for (uint32_t r = 0; r < rows.size(); ++r) {
    const size_t i = rows[r].first_starting_at(place.begin_ns);
    if (i < rows[r].size() && rows[r].start(i) == place.begin_ns && rows[r].end(i) == place.end_ns) {
      select_event({place.side, place.lane, r, static_cast<uint32_t>(i)});
      break;
    }
  }
  reveal(place.side, place.lane);
}

void AppState::reveal(Side side, uint32_t lane) {
  for (size_t t = 0; t < tracks.tracks.size(); ++t) {
    if (tracks.tracks[t].lane[index_of(side)] == lane) {
      collapsed.erase(tracks.groups[tracks.tracks[t].group].key);
      reveal_track = t;
    }
  }
}

void AppState::toggle_group(const std::string& key) {
  if (collapsed.erase(key) == 0) {
    collapsed.insert(key);
  }
}

void AppState::step_by(int direction) {
  const size_t count = alignment.slots().size();
  if (count == 0) {
    return;
  }
  const double middle = (view.visible().begin_ns + view.visible().end_ns) / 2;
  size_t slot = selection.steps ? selection.steps->first : alignment.slot_at(middle);
  if (slot >= count) {
    slot = 0;
  } else if (direction > 0) {
    slot = std::min(slot + 1, count - 1);
  } else if (slot > 0) {
    --slot;
  }
  go_to_step(slot);
}

void AppState::event_by(int direction) {
  if (!selection.event) {
    return;
  }
  EventRef ref = *selection.event;
  const size_t size = row_of(ref).size();
  if ((direction > 0 && ref.index + 1 < size) || (direction < 0 && ref.index > 0)) {
    ref.index = direction > 0 ? ref.index + 1 : ref.index - 1;
    select_event(ref);
    const TimeRange range = display_of(ref);
    if (range.begin_ns < view.visible().begin_ns || range.end_ns > view.visible().end_ns) {
      view.center_on((range.begin_ns + range.end_ns) / 2);
    }
  }
}

}  // namespace stepscope::viewer
