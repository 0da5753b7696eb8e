// SPDX-License-Identifier: Apache-2.0
#include "viewer/app_state.hpp"

#include <algorithm>
#include <cmath>

#include "viewer/model/format.hpp"

namespace stepscope::viewer {

AppState::AppState(const Options& options) : theme(options.theme), align_mode(options.align) {
  if (options.tab) {
    tab = *options.tab;
  }
}

void AppState::set_run(Side side, std::shared_ptr<const RunModel> model) {
  // Indices of events of a preview mean nothing in the loaded run.
  selection.event.reset();
  selection.area.reset();  // its lanes are indices, too
  hovered.reset();
  hovered_gap.reset();
  gap.reset();
  flows.clear();
  details.clear();
  area = {};
  delta_map.reset();
  movers.clear();
  step_changes.clear();
  anchor.reset();
  runs_[index_of(side)] = std::move(model);
  run_numbers_[index_of(side)] = ++runs_set_;
  rebuild();
}

void AppState::set_table(DiffTable fresh) {
  table = std::move(fresh);
  table_ready = true;
  ++table_number;
  finding_.reset();
}

void AppState::rebuild() {
  const RunModel* a = run(Side::kA);
  const RunModel* b = run(Side::kB);
  if (a == nullptr) {
    return;
  }
  const double middle = (view.visible().begin_ns + view.visible().end_ns) / 2;
  const size_t slot = view_set_ ? alignment.slot_at(middle) : 0;
  const bool whole = !view_set_ || view.visible().length() >= view.bounds().length();
  const size_t slots_before = alignment.slots().size();
  tracks = make_tracks(*a, b);
  if (b != nullptr && align_mode == AlignMode::kAnchor && !anchor) {
    anchor = first_collective(*a, *b, tracks);
  }
  alignment =
      b != nullptr ? Alignment::pair(*a, *b, align_mode, anchor ? &*anchor : nullptr) : Alignment::single(*a);
  strip = StepStrip::make(*a, b, alignment.slots());
  view.set_bounds(alignment.extent());
  if (whole) {
    view.fit_all();
  } else if (slot < slots_before && slot < alignment.slots().size()) {
    // Keep looking at the same step when the axis changes under it.
    const TimeRange& display = alignment.slots()[slot].display;
    view.center_on((display.begin_ns + display.end_ns) / 2);
  }
  view_set_ = true;
  for (const Side side : {Side::kA, Side::kB}) {
    const std::string& text = search[0].text();
    search[index_of(side)] = run(side) != nullptr ? Search(*run(side), text) : Search();
  }
  refresh_emphasis();
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
      const auto at = std::find_if(strip.bars.begin(), strip.bars.end(),
                                   [&](const StepBar& bar) { return bar.number == place.step; });
      if (at != strip.bars.end()) {
        go_to_step(at->slot);
      } else {
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
  if (selection.steps && selection.steps->last < alignment.slots().size()) {
    return TimeRange{alignment.slots()[selection.steps->first].display.begin_ns,
                     alignment.slots()[selection.steps->last].display.end_ns};
  }
  return std::nullopt;
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
