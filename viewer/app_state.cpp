// SPDX-License-Identifier: Apache-2.0
#include "viewer/app_state.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "viewer/model/format.hpp"

namespace stepscope::viewer {
namespace {

// The same run, read again: the steps that it had begin where they began.
bool has_grown(const RunModel& before, const RunModel& after) {
  return before.path == after.path && before.steps.size() <= after.steps.size() &&
         (before.steps.empty() ||
          before.steps.back().begin_ns == after.steps[before.steps.size() - 1].begin_ns);
}

}  // namespace

AppState::AppState(const Options& options) : theme(options.theme), align_mode(options.align) {
  if (options.tab) {
    tab = *options.tab;
  }
}

void AppState::set_run(Side side, std::shared_ptr<const RunModel> model) {
  const std::optional<Kept> kept = kept_moment();
  const std::optional<Focus> focus = focus_of(side);
  const std::optional<KeptArea> kept_selection = kept_area();
  // Indices of events and lanes mean nothing in another reading of the run.
  if (focus) {
    selection.event.reset();
  }
  if (gap && gap->side == side) {
    gap.reset();
  }
  selection.area.reset();
  hovered.reset();
  hovered_gap.reset();
  delta_map.reset();
  movers.clear();
  step_changes.clear();
  drop_find();
  const std::shared_ptr<const RunModel> before = std::exchange(runs_[index_of(side)], std::move(model));
  run_numbers_[index_of(side)] = ++runs_set_;
  refresh_area();
  if (run(Side::kA) == nullptr) {
    return;
  }
  const bool grown = before != nullptr && has_grown(*before, *run(side));
  const Tracks tracks_before = std::exchange(tracks, make_tracks(*run(Side::kA), run(Side::kB)));
  // A run that has grown is aligned as it was until the anchors of its new steps are found; another one afresh.
  if (grown && anchor) {
    keep_anchor(tracks_before);
  } else {
    anchor.reset();
    anchor_offsets_ = {};
  }
  rebuild_axis(kept);
  if (grown && kept_selection) {
    restore_area(*kept_selection);
  }
  strip = StepStrip::make(*run(Side::kA), run(Side::kB), alignment.slots());
  for (const Side one : {Side::kA, Side::kB}) {
    const std::string& text = search[0].text();
    search[index_of(one)] = run(one) != nullptr ? Search(*run(one), text) : Search();
  }
  if (focus) {
    selection.event = find_focus(side, *focus);
    ask_about_event();
  }
  refresh_emphasis();
  if (align_mode == AlignMode::kAnchor && two_runs()) {
    ask_for_anchor(std::nullopt);
  }
}

// After a reading in which lanes may have other indices.
void AppState::keep_anchor(const Tracks& tracks_before) {
  const auto track = [](const Tracks& all, const auto& wanted) {
    return std::find_if(all.tracks.begin(), all.tracks.end(), wanted);
  };
  const auto was = track(tracks_before, [&](const Track& one) { return one.lane[0] == anchor->lane[0]; });
  const auto is = was == tracks_before.tracks.end()
                      ? tracks.tracks.end()
                      : track(tracks, [&](const Track& one) { return one.key == was->key; });
  if (is != tracks.tracks.end() && is->lane[0] != kNoTrackLane && is->lane[1] != kNoTrackLane) {
    anchor->lane = {is->lane[0], is->lane[1]};
  } else {
    anchor.reset();
  }
}

void AppState::set_table(DiffTable fresh) {
  table = std::move(fresh);
  table_ready = true;
  ++table_number;
  finding_.reset();
}

std::optional<AppState::Kept> AppState::kept_moment() const {
  const TimeRange seen = view.visible();
  if (!view_set_ || seen.length() >= view.bounds().length()) {
    return std::nullopt;
  }
  const auto keep = [&](const Moment& moment) {
    return Kept{moment, view.to_pixel(alignment.to_display(moment))};
  };
  Side side = shows(Side::kA) ? Side::kA : Side::kB;
  if (selection.event && shows(selection.event->side)) {
    const EventRef& ref = *selection.event;
    const TimeRange range = display_of(ref);
    if (seen.contains(range.begin_ns)) {
      return keep({ref.side, row_of(ref).start(ref.index), 0});
    }
    if (range.begin_ns < seen.end_ns && range.end_ns > seen.begin_ns) {
      side = ref.side;
    }
  }
  const double middle = (seen.begin_ns + seen.end_ns) / 2;
  const std::optional<TimeRange> gap_here = alignment.gap_at(side, middle);
  if (!gap_here) {
    return keep(alignment.moment_at(side, middle));
  }
  // The other run's step goes on here. Where that is not on screen, what is nearest of this one.
  if (!shows(other(side)) && gap_here->begin_ns > seen.begin_ns) {
    const double short_of =
        std::max(view.ns_per_pixel() * 1e-3, gap_here->begin_ns * 4 * std::numeric_limits<double>::epsilon());
    return keep(alignment.moment_at(side, gap_here->begin_ns - short_of));
  }
  if (!shows(other(side)) && gap_here->end_ns < seen.end_ns) {
    return keep(alignment.moment_at(side, gap_here->end_ns));
  }
  return keep(alignment.moment_at(other(side), middle));
}

std::optional<AppState::KeptArea> AppState::kept_area() const {
  if (!selection.area) {
    return std::nullopt;
  }
  const TimeRange& display = selection.area->display;
  const auto moment = [&](double at) {
    return alignment.moment_at(alignment.gap_at(Side::kA, at) ? Side::kB : Side::kA, at);
  };
  KeptArea kept{moment(display.begin_ns), moment(display.end_ns), display == display_of_steps(), {}};
  for (const size_t track : selection.area->tracks) {
    kept.tracks.insert(tracks.tracks[track].key);
  }
  return kept;
}

void AppState::restore_area(const KeptArea& kept) {
  AreaSelection restored{{alignment.to_display(kept.begin), alignment.to_display(kept.end)}, {}};
  if (kept.of_steps) {
    restored.display = display_of_steps().value_or(restored.display);
  }
  for (size_t t = 0; t < tracks.tracks.size(); ++t) {
    if (kept.tracks.contains(tracks.tracks[t].key)) {
      restored.tracks.push_back(t);
    }
  }
  if (kept.tracks.empty() || !restored.tracks.empty()) {
    selection.area = std::move(restored);
    refresh_area();
  }
}

std::optional<AppState::Focus> AppState::focus_of(Side side) const {
  if (!selection.event || selection.event->side != side) {
    return std::nullopt;
  }
  const EventRef& ref = *selection.event;
  const EventRow& row = row_of(ref);
  Focus focus{"", row.start(ref.index), row.duration(ref.index), name_of(ref).text};
  for (const Track& track : tracks.tracks) {
    if (track.lane[index_of(side)] == ref.lane) {
      focus.track = track.key;
    }
  }
  return focus;
}

std::optional<EventRef> AppState::find_focus(Side side, const Focus& focus) const {
  for (const Track& track : tracks.tracks) {
    const uint32_t lane = track.lane[index_of(side)];
    if (track.key != focus.track || lane == kNoTrackLane) {
      continue;
    }
    const std::vector<EventRow>& rows = run(side)->lanes[lane].rows;
    for (uint32_t r = 0; r < rows.size(); ++r) {
      for (size_t i = rows[r].first_starting_at(focus.start_ns);
           i < rows[r].size() && rows[r].start(i) == focus.start_ns; ++i) {
        const EventRef ref{side, lane, r, static_cast<uint32_t>(i)};
        if (rows[r].duration(i) == focus.duration_ns && name_of(ref).text == focus.name) {
          return ref;
        }
      }
    }
  }
  return std::nullopt;
}

void AppState::rebuild_axis(const std::optional<Kept>& kept) {
  const RunModel* a = run(Side::kA);
  const RunModel* b = run(Side::kB);
  if (a == nullptr) {
    return;
  }
  alignment = b != nullptr ? Alignment::pair(*a, *b, align_mode, anchor ? &anchor_offsets_ : nullptr)
                           : Alignment::single(*a);
  view.set_bounds(alignment.extent());
  view_set_ = true;
  if (!kept) {
    view.fit_all();
    return;
  }
  const double at = alignment.to_display(kept->moment);
  if (at >= alignment.extent().begin_ns && at <= alignment.extent().end_ns) {
    view.hold(at, kept->pixel);
  } else {
    view.center_on(at);
  }
}

void AppState::refresh_layout(const LayoutMetrics& metrics) {
  const RunModel* a = run(Side::kA);
  if (a == nullptr) {
    layout = {};
    return;
  }
  layout = lay_out(tracks, *a, run(Side::kB), arrangement, shown, collapsed, metrics);
}

bool AppState::shows(Side side) const {
  return run(side) != nullptr && shown != (side == Side::kA ? Shown::kOnlyB : Shown::kOnlyA);
}

void AppState::apply_deep_links(const Options& options) {
  PlaceText place;
  if (!options.at.empty() && run(Side::kA) != nullptr && parse_place(options.at, place)) {
    if (place.is_step) {
      if (!go_to_step_number(place.step)) {
        load.errors.push_back("--at " + options.at + ": there is no such step; the whole run is shown");
      }
    } else {
      const double at = alignment.to_display(
          Side::kA, run(Side::kA)->begin_ns + static_cast<int64_t>(std::llround(place.time_ns)));
      const double half = std::max(strip.median_a_ns * 1.5, 1e6);
      show_display({at - half, at + half});
    }
  }
  if (!options.select.empty()) {
    search_for(options.select);
    find(true);
    wait();  // once, before anybody can do anything
  }
  if (!options.link.empty()) {
    Link link;
    const std::string wrong = parse_link(options.link, link);
    const std::string missing = wrong.empty() ? apply(link) : wrong;
    if (!missing.empty()) {
      load.errors.push_back("--link: " + missing);
    }
  }
  if (options.tab) {
    open_tab(*options.tab);
  }
}

const EventRow& AppState::row_of(const EventRef& ref) const {
  return run(ref.side)->lanes[ref.lane].rows[ref.row];
}

const NameEntry& AppState::name_of(const EventRef& ref) const {
  return run(ref.side)->names[row_of(ref).name(ref.index)];
}

TimeRange AppState::display_of(const EventRef& ref) const {
  const EventRow& row = row_of(ref);
  return alignment.to_display(ref.side, row.start(ref.index), row.end(ref.index));
}

std::optional<TimeRange> AppState::selected_range() const {
  if (selection.event) {
    return display_of(*selection.event);
  }
  if (gap) {
    return alignment.to_display(gap->side, gap->begin_ns, gap->end_ns);
  }
  if (selection.area) {
    return selection.area->display;
  }
  return display_of_steps();
}

std::optional<TimeRange> AppState::display_of_steps() const {
  if (!selection.steps || selection.steps->last >= alignment.slots().size()) {
    return std::nullopt;
  }
  return TimeRange{alignment.slots()[selection.steps->first].display.begin_ns,
                   alignment.slots()[selection.steps->last].display.end_ns};
}

std::optional<EventRef> AppState::event_at(Side side, uint32_t lane, size_t row, double display,
                                           double slack) const {
  const LaneModel& model = run(side)->lanes[lane];
  if (row >= model.rows.size() || model.rows[row].size() == 0) {
    return std::nullopt;
  }
  const EventRow& events = model.rows[row];
  const int64_t low = alignment.to_time(side, display - slack);
  const int64_t high = alignment.to_time(side, display + slack);
  const int64_t at = alignment.to_time(side, display);
  // 1. What lies under the point. 2. Else the longest of what lies within the slack (a few events looked at).
  const size_t under = events.first_ending_after(at);
  if (under < events.size() && events.start(under) <= at && events.end(under) > at) {
    return EventRef{side, lane, static_cast<uint32_t>(row), static_cast<uint32_t>(under)};
  }
  std::optional<EventRef> best;
  int64_t best_ns = -1;
  constexpr size_t kLookAt = 256;
  size_t i = events.first_ending_after(low);
  for (size_t n = 0; n < kLookAt && i < events.size() && events.start(i) <= high; ++n, ++i) {
    if (events.duration(i) > best_ns) {
      best_ns = events.duration(i);
      best = EventRef{side, lane, static_cast<uint32_t>(row), static_cast<uint32_t>(i)};
    }
  }
  return best;
}

bool AppState::dimmed(Side side, uint32_t name) const {
  const std::vector<uint8_t>& stands_out = emphasis_[index_of(side)];
  return !stands_out.empty() && (name >= stands_out.size() || stands_out[name] == 0);
}

// Names stand out that match the search; without one, those selected by name. A selected event is marked by itself.
void AppState::refresh_emphasis() {
  const bool searched = search[0].name_count() + search[1].name_count() > 0;
  const bool chosen = !selection.names.empty() && !selection.event;
  for (const Side side : {Side::kA, Side::kB}) {
    std::vector<uint8_t>& stands_out = emphasis_[index_of(side)];
    stands_out.clear();
    const RunModel* model = run(side);
    if (model == nullptr || (!searched && !chosen)) {
      continue;
    }
    stands_out.resize(model->names.size(), 0);
    for (uint32_t name = 0; name < stands_out.size(); ++name) {
      const bool stands = searched ? search[index_of(side)].matches(name) : selects_name(side, name);
      stands_out[name] = stands ? 1 : 0;
    }
  }
}

void AppState::search_for(const std::string& text) {
  std::fill(search_box.text.begin(), search_box.text.end(), '\0');
  std::copy_n(text.begin(), std::min(text.size(), search_box.text.size() - 1), search_box.text.begin());
  found_track_.reset();
  drop_find();
  search_box.searched = text;
  const std::string names_like = search_box.lanes ? "" : text;
  size_t names = 0;
  for (const Side side : {Side::kA, Side::kB}) {
    search[index_of(side)] = run(side) != nullptr ? Search(*run(side), names_like) : Search();
    names = std::max(names, search[index_of(side)].name_count());
  }
  search_box.result = text.empty() ? ""
                      : names == 0 ? "no match"
                      : names == 1 ? "1 name"
                                   : format_count(names) + " names";
  if (search_box.lanes && !text.empty()) {
    const size_t found = matching_tracks().size();
    search_box.result = found == 0 ? "no lane" : found == 1 ? "1 lane" : format_count(found) + " lanes";
  }
  refresh_emphasis();
}

}  // namespace stepscope::viewer
