// SPDX-License-Identifier: Apache-2.0
//
// Where one is: the part of AppState that tells a view as a Link, goes to one, and goes back and forward.
#include <algorithm>

#include "viewer/app_state.hpp"
#include "viewer/model/format.hpp"
#include "viewer/scope.hpp"

namespace stepscope::viewer {
namespace {

std::optional<Link::Event> link_of(const AppState& state, const EventRef& ref) {
  for (const Track& track : state.tracks.tracks) {
    if (track.lane[index_of(ref.side)] == ref.lane) {
      return Link::Event{ref.side, state.row_of(ref).start(ref.index) - state.run(ref.side)->begin_ns,
                         ref.row, track.key};
    }
  }
  return std::nullopt;
}

std::optional<EventRef> event_of(const AppState& state, const Link::Event& wanted) {
  const RunModel* run = state.run(wanted.side);
  if (run == nullptr) {
    return std::nullopt;
  }
  for (const Track& track : state.tracks.tracks) {
    const uint32_t lane = track.lane[index_of(wanted.side)];
    if (track.key != wanted.lane || lane == kNoTrackLane || wanted.row >= run->lanes[lane].rows.size()) {
      continue;
    }
    const EventRow& row = run->lanes[lane].rows[wanted.row];
    const int64_t begin = run->begin_ns + wanted.begin_ns;
    const size_t i = row.first_starting_at(begin);
    if (i < row.size() && row.start(i) == begin) {
      return EventRef{wanted.side, lane, wanted.row, static_cast<uint32_t>(i)};
    }
  }
  return std::nullopt;
}

// Slots of the steps with this number, ascending: several where a run resumed from a checkpoint and counted some again.
std::vector<size_t> slots_of(const AppState& state, int64_t number) {
  std::vector<size_t> slots;
  for (const StepBar& bar : state.strip.bars) {
    if (bar.number == number) {
      slots.push_back(bar.slot);
    }
  }
  return slots;
}

// Position in `slots` (not empty) of the one nearest to a place on the axis.
size_t nearest(const AppState& state, const std::vector<size_t>& slots, double at) {
  const auto away = [&](size_t slot) {
    const TimeRange& range = state.alignment.slots()[slot].display;
    return std::max({range.begin_ns - at, at - range.end_ns, 0.0});
  };
  const auto best =
      std::min_element(slots.begin(), slots.end(), [&](size_t x, size_t y) { return away(x) < away(y); });
  return static_cast<size_t>(best - slots.begin());
}

double middle_of(const TimeRange& range) {
  return (range.begin_ns + range.end_ns) / 2;
}

const Track* track_of(const AppState& state, Side side, uint32_t lane) {
  const auto& tracks = state.tracks.tracks;
  const auto at = std::find_if(tracks.begin(), tracks.end(),
                               [&](const Track& track) { return track.lane[index_of(side)] == lane; });
  return at == tracks.end() ? nullptr : &*at;
}

const Track* track_of(const AppState& state, const std::string& key) {
  const auto& tracks = state.tracks.tracks;
  const auto at =
      std::find_if(tracks.begin(), tracks.end(), [&](const Track& track) { return track.key == key; });
  return at == tracks.end() ? nullptr : &*at;
}

bool has_name(const AppState& state, const std::string& text) {
  for (const Side side : {Side::kA, Side::kB}) {
    const RunModel* run = state.run(side);
    if (run != nullptr && std::any_of(run->names.begin(), run->names.end(),
                                      [&](const NameEntry& name) { return name.text == text; })) {
      return true;
    }
  }
  return false;
}

std::optional<GapRef> gap_of(const AppState& state, const Link::Gap& wanted) {
  const RunModel* run = state.run(wanted.side);
  const Track* track = track_of(state, wanted.lane);
  const uint32_t lane = track == nullptr ? kNoTrackLane : track->lane[index_of(wanted.side)];
  return run == nullptr || lane == kNoTrackLane
             ? std::nullopt
             : gap_at(*run, wanted.side, lane, run->begin_ns + wanted.begin_ns);
}

std::optional<StepAnchor> anchor_of(const AppState& state, const Link::Anchor& wanted) {
  const Track* track = track_of(state, wanted.lane);
  if (track == nullptr || track->lane[0] == kNoTrackLane || track->lane[1] == kNoTrackLane) {
    return std::nullopt;
  }
  StepAnchor anchor;
  anchor.lane = {track->lane[0], track->lane[1]};
  anchor.name = wanted.name;
  anchor.n = wanted.n;
  return anchor;
}

// One sentence after the other.
void say(std::string& problem, const std::string& more) {
  problem += (problem.empty() || more.empty() ? "" : "; ") + more;
}

// Of `wanted` what `there` holds; what it does not is said.
template <typename There>
std::set<std::string> those_there(const std::set<std::string>& wanted, const char* what, const There& there,
                                  std::string& problem) {
  std::set<std::string> found;
  size_t missing = 0;
  const std::string* first = nullptr;
  for (const std::string& one : wanted) {
    if (there(one)) {
      found.insert(one);
    } else {
      first = first == nullptr ? &one : first;
      ++missing;
    }
  }
  if (missing > 0) {
    say(problem, std::string("these runs have no ") + what + " " + *first +
                     (missing == 1 ? "" : " and " + std::to_string(missing - 1) + " more of the link"));
  }
  return found;
}

int64_t number_of(const AppState& state, size_t slot) {
  const auto at = std::find_if(state.strip.bars.begin(), state.strip.bars.end(),
                               [&](const StepBar& bar) { return bar.slot == slot; });
  return at == state.strip.bars.end() ? 0 : at->number;
}

}  // namespace

Link AppState::capture() const {
  Link link;
  if (selection.steps) {
    link.steps = {number_of(*this, selection.steps->first), number_of(*this, selection.steps->last)};
  }
  if (selection.area) {
    link.time = selection.area->display;
    for (const size_t track : selection.area->tracks) {
      link.time_lanes.insert(tracks.tracks[track].key);
    }
  }
  link.names = selection.names;
  link.lanes = selection.lanes;
  link.run = selection.run;
  link.event = selection.event ? link_of(*this, *selection.event) : std::nullopt;
  if (const Track* track = gap ? track_of(*this, gap->side, gap->lane) : nullptr) {
    link.gap = Link::Gap{gap->side, gap->begin_ns - run(gap->side)->begin_ns, track->key};
  }
  link.range = view.visible();
  link.align = align_mode;
  link.shown = shown;
  link.arrangement = arrangement;
  link.tab = tab;
  link.drawer = drawer_open;
  link.folded = collapsed;
  link.search = search_box.lanes ? "" : search_box.searched;
  if (const Track* track =
          align_mode == AlignMode::kAnchor && anchor ? track_of(*this, Side::kA, anchor->lane[0]) : nullptr) {
    link.anchor = Link::Anchor{anchor->n, track->key, anchor->name};
  }
  link.scroll = static_cast<double>(scroll_y) / static_cast<double>(unit);
  link.delta = delta_measure;
  link.options = option_texts(told_options());
  return link;
}

std::string AppState::apply(const Link& link) {
  if (run(Side::kA) == nullptr) {
    return "";
  }
  shown = two_runs() ? link.shown.value_or(shown) : Shown::kBoth;
  arrangement = link.arrangement.value_or(arrangement);
  collapsed = link.folded.value_or(collapsed);
  std::string problem;
  apply_alignment(link, problem);
  if (axis_pending()) {  // all that follows are places on it
    clicks.wait();
    (void)take_answers();
  }
  if (link.search && *link.search != search_box.searched) {
    search_box.lanes = false;
    search_for(*link.search);
  }
  say(problem, apply_selection(link));
  if (link.range) {
    view.show(*link.range);
  } else if (link.steps || link.time || link.event) {
    zoom_to_selection();
  }
  if (link.term && !go_to_term(link.term->name, link.term->rank) && !go_to_term(link.term->name, -1)) {
    say(problem, "there is no place for the term " + link.term->name);
  }
  if (link.tab) {
    open_tab(*link.tab);
  }
  drawer_open = link.drawer.value_or(drawer_open);
  delta_measure = link.delta.value_or(delta_measure);
  for (const OptionRow& row : option_table()) {
    if (const auto said = link.options.find(row.key); said != link.options.end()) {
      row.set(view_options, said->second);
    }
  }
  if (link.options.contains("histogram-range")) {
    view_options.histogram.within_of = chosen_name(*this).value_or(NameChoice());
  }
  collapsed = link.folded.value_or(collapsed);  // what was selected may have unfolded its lanes
  if (link.scroll) {
    scroll_y = static_cast<float>(*link.scroll) * unit;
    reveal_track.reset();
  }
  return problem;
}

// The options as a link tells them: a range of durations only with the name it is for.
ViewOptions AppState::told_options() const {
  ViewOptions told = view_options;
  told.histogram.within = told.histogram.range_of(chosen_name(*this).value_or(NameChoice()));
  return told;
}

void AppState::apply_alignment(const Link& link, std::string& problem) {
  const AlignMode mode = link.align.value_or(align_mode);
  bool changed = mode != align_mode;
  if (link.anchor && two_runs()) {
    const auto wanted = anchor_of(*this, *link.anchor);
    if (!wanted) {
      say(problem,
          "these runs do not both have the lane " + link.anchor->lane + ", which the link aligns by");
    }
    changed = true;
    anchor = wanted;
  }
  if (changed) {
    set_alignment(mode);
  }
}

std::string AppState::apply_selection(const Link& link) {
  std::string problem;
  const auto has_lane = [&](const std::string& key) { return track_of(*this, key) != nullptr; };
  selection.clear();
  drop_focus();
  if (link.steps) {
    const std::vector<size_t> first = slots_of(*this, link.steps->first);
    const std::vector<size_t> last = slots_of(*this, link.steps->second);
    if (!first.empty() && !last.empty()) {
      const size_t from = first[nearest(*this, first, middle_of(link.range.value_or(view.visible())))];
      const auto to = std::lower_bound(last.begin(), last.end(), from);
      select_steps(from, to != last.end() ? *to : last.back(), false);
    } else {
      say(problem,
          "there is no step " + std::to_string(first.empty() ? link.steps->first : link.steps->second));
    }
  }
  if (const auto event = link.event ? event_of(*this, *link.event) : std::nullopt) {
    select_event(*event);
    reveal(event->side, event->lane);
  } else if (link.event) {
    say(problem, "the event of the link is not in this run");
  }
  if (const auto chosen = link.gap ? gap_of(*this, *link.gap) : std::nullopt) {
    select_gap(*chosen);
  } else if (link.gap) {
    say(problem, "the gap of the link is not in this run");
  }
  // An event that was picked from the list of an area stands beside the area.
  const std::set<std::string> time_lanes = those_there(link.time_lanes, "lane", has_lane, problem);
  if (link.time && time_lanes.empty() == link.time_lanes.empty()) {  // on none of its lanes is no time
    AreaSelection chosen{*link.time, {}};
    for (size_t t = 0; t < tracks.tracks.size(); ++t) {
      if (time_lanes.contains(tracks.tracks[t].key)) {
        chosen.tracks.push_back(t);
      }
    }
    selection.area = std::move(chosen);
    open_tab(Tab::kArea);
  }
  selection.names = those_there(
      link.names, "events named", [&](const std::string& text) { return has_name(*this, text); }, problem);
  const std::string focus = selection.event ? name_of(*selection.event).text : "";
  selection.highlight = selection.names.contains(focus) ? focus
                        : selection.names.empty()       ? ""
                                                        : *selection.names.begin();
  selection.lanes = those_there(link.lanes, "lane", has_lane, problem);
  if (link.run && run(*link.run) == nullptr) {
    say(problem, "there is no run B");
  } else {
    selection.run = link.run;
  }
  refresh_emphasis();
  refresh_area();
  return problem;
}

bool AppState::go_to_term(const std::string& name, int32_t rank) {
  const auto at = std::find_if(table.terms.begin(), table.terms.end(), [&](const TermRow& term) {
    return term.name == name && (rank < 0 || term.rank == rank) && term.place;
  });
  if (at == table.terms.end()) {
    return false;
  }
  go_to(*at->place);
  return true;
}

bool AppState::go_to_finding(size_t index) {
  if (index >= table.findings.size() || !table.findings[index].place) {
    return false;
  }
  finding_ = index;
  go_to(*table.findings[index].place);
  message = "finding " + std::to_string(index + 1) + " of " + std::to_string(table.findings.size()) + ": " +
            table.findings[index].text;
  return true;
}

// The next that has a place, around at the end.
void AppState::finding_by(int direction) {
  const size_t count = table.findings.size();
  size_t at = finding_.value_or(direction > 0 ? count - 1 : 0);
  for (size_t tried = 0; tried < count; ++tried) {
    at = direction > 0 ? (at + 1) % count : (at + count - 1) % count;
    if (go_to_finding(at)) {
      return;
    }
  }
  message = table_ready ? "no finding has a place to look at" : "there is no analysis yet";
}

bool AppState::go_to_step_number(int64_t number) {
  const std::vector<size_t> slots = slots_of(*this, number);
  if (slots.empty()) {
    return false;
  }
  size_t chosen = nearest(*this, slots, middle_of(view.visible()));
  if (selection.steps == StepSelection{slots[chosen], slots[chosen]}) {
    chosen = (chosen + 1) % slots.size();
  }
  go_to_step(slots[chosen]);
  if (slots.size() > 1) {
    message = "step " + std::to_string(number) + " (" + ordinal(chosen + 1) + " of " +
              std::to_string(slots.size()) + ")";
  }
  return true;
}

void AppState::remember_place(double seconds) {
  if (load.active || axis_pending() || run(Side::kA) == nullptr) {
    return;  // what moves while a run loads was moved by nobody
  }
  Seen now{view.visible(), selection, align_mode,          shown,    arrangement, tab,
           drawer_open,    collapsed, search_box.searched, scroll_y, gap};
  if (seen_ == now) {
    return;
  }
  seen_ = std::move(now);
  if (arriving_) {
    arriving_ = false;
    history.arrived(place());  // as far as this window has room for it
  } else {
    history.visit(place(), seconds);
  }
}

// How views show what they show is not where one is: going back leaves it.
Link AppState::place() const {
  Link link = capture();
  link.options.clear();
  link.delta.reset();
  return link;
}

void AppState::go_through_history(bool forward) {
  if (const auto link = forward ? history.forward() : history.back()) {
    message = apply(*link);
    history.arrived(place());
    arriving_ = true;
  } else {
    message = forward ? "there is nothing further on" : "there is nothing further back";
  }
}

}  // namespace stepscope::viewer
