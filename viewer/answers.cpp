// SPDX-License-Identifier: Apache-2.0
//
// The part of AppState that asks what a click wants to know of whole recordings, and takes the answers: nothing that grows with
// a run is looked for on the thread that draws.
#include <cmath>
#include <tuple>
#include <utility>

#include "viewer/app_state.hpp"
#include "viewer/scope.hpp"

namespace stepscope::viewer {

void AppState::set_wake(const std::function<void()>& wake) {
  background.set_wake(wake);
  clicks.set_wake(wake);
  queries.set_wake(wake);
}

bool AppState::take_answers() {
  bool any = false;
  if (event_.poll()) {
    any = true;
    take_event_facts();
    if (const auto later = std::exchange(follow_when_known_, std::nullopt); later && selection.event) {
      follow_flow(*later);
    }
  }
  if (gap_.poll()) {
    any = true;
    take_gap_causes();
  }
  if (area_.poll()) {
    any = true;
    refresh_area();  // asks again when the question has changed
  }
  if (find_.poll()) {
    any = true;
    take_match();
  }
  if (anchors_.poll()) {
    any = true;
    take_anchor();
  }
  return any;
}

void AppState::wait() {
  do {
    background.wait();
    clicks.wait();
    queries.wait();
  } while (take_answers());
}

void AppState::ask_about_event() {
  details.clear();
  flows.clear();
  follow_when_known_.reset();
  if (!selection.event) {
    return;
  }
  const EventRef ref = *selection.event;
  (void)event_.ask(clicks, EventQuestion{run_number(ref.side), ref}, [&] {
    return [run = run_data(ref.side), ref](const Cancelled& cancelled) {
      return facts_of(*run, ref, cancelled);
    };
  });
  take_event_facts();
}

void AppState::take_event_facts() {
  if (selection.event && event_.answer() != nullptr &&
      event_.answered() == EventQuestion{run_number(selection.event->side), *selection.event}) {
    details = event_.answer()->details;
    flows = event_.answer()->flows;
  }
}

void AppState::ask_about_gap() {
  gap_causes.clear();
  const GapRef ref = *gap;
  (void)gap_.ask(clicks, GapQuestion{run_number(ref.side), ref}, [&] {
    return [run = run_data(ref.side), ref](const Cancelled&) { return facts_of(*run, ref); };
  });
  take_gap_causes();
}

void AppState::take_gap_causes() {
  if (gap && gap_.answer() != nullptr && gap_.answered() == GapQuestion{run_number(gap->side), *gap}) {
    gap_causes = *gap_.answer();
  }
}

// As far as the other dimensions of the selection let it through.
AreaQuestion AppState::area_question() const {
  AreaQuestion question;
  const Scope scope = scope_of(*this);
  for (const Side side : {Side::kA, Side::kB}) {
    if (!looks_at(side)) {
      continue;
    }
    question.runs[index_of(side)] = run_number(side);
    for (const LaneSpan& span : spans_of(*this, scope, side)) {
      question.lanes[index_of(side)].push_back({span.lane, span.begin_ns, span.end_ns});
    }
  }
  return question;
}

void AppState::refresh_area() {
  area = {};
  if (!selection.area) {
    return area_.forget();
  }
  const AreaQuestion question = area_question();
  const AreaFacts* facts = area_.ask(clicks, question, [&] {
    Runs runs;
    for (const Side side : {Side::kA, Side::kB}) {
      runs[index_of(side)] = question.runs[index_of(side)] != 0 ? run_data(side) : nullptr;
    }
    return [runs, question](const Cancelled& cancelled) { return facts_of(runs, question, cancelled); };
  });
  if (facts != nullptr && !area_.pending()) {
    area = *facts;
  }
}

void AppState::find(bool forward) {
  if (search_box.lanes) {
    return find_lane(forward);
  }
  if (find_.pending() && selection == find_selection_) {
    find_more_ += forward ? 1 : -1;  // the key is pressed faster than matches are found
    return;
  }
  find_more_ = 0;
  ask_for_match(forward);
}

void AppState::ask_for_match(bool forward) {
  // From the selected event, else from the edge of what is seen.
  const TimeRange seen = view.visible();
  const TimeRange all = alignment.extent();
  const MatchPlace before_all{std::llround(all.begin_ns - 1e9), Side::kA, 0, 0, 0};
  const MatchPlace after_all{std::llround(all.end_ns + 1e9), Side::kB, ~0U, ~0U, ~0U};
  FindQuestion question;
  question.forward = forward;
  question.around = forward ? before_all : after_all;
  question.from = question.around;
  if (selection.event) {
    question.from = place_of_match(*run(selection.event->side), alignment, *selection.event);
  } else {
    std::get<0>(question.from) =
        forward ? std::llround(std::ceil(seen.begin_ns)) - 1 : std::llround(seen.end_ns);
  }
  question.other_than = selection.event;
  question.number = ++find_number_;
  Runs runs;
  for (const Side side : {Side::kA, Side::kB}) {
    if (shows(side)) {
      runs[index_of(side)] = run_data(side);
      question.runs[index_of(side)] = run_number(side);
    }
  }
  find_selection_ = selection;
  (void)find_.ask(clicks, question, [&] {
    return [runs, searched = search, axis = alignment, question](const Cancelled& cancelled) {
      return matches_of(runs, searched, axis, question, cancelled);
    };
  });
  if (!find_.pending()) {  // found already
    take_match();
  }
}

void AppState::drop_find() {
  find_.forget();
  find_more_ = 0;
}

void AppState::take_match() {
  const FindQuestion& asked = *find_.answered();
  for (const Side side : {Side::kA, Side::kB}) {
    if (asked.runs[index_of(side)] != 0 && asked.runs[index_of(side)] != run_number(side)) {
      return drop_find();
    }
  }
  if (!(selection == find_selection_)) {
    return drop_find();  // somebody went elsewhere in the meantime
  }
  std::optional<EventRef> best;
  for (const std::optional<EventRef>& match : *find_.answer()) {
    const auto place = [&](const EventRef& ref) { return place_of_match(*run(ref.side), alignment, ref); };
    if (match && (!best || (place(*match) < place(*best)) == asked.forward)) {
      best = match;
    }
  }
  if (!best) {
    return drop_find();
  }
  select_event(*best);
  reveal(best->side, best->lane);
  const TimeRange seen = view.visible();
  const TimeRange range = display_of(*best);
  if (range.begin_ns < seen.begin_ns || range.end_ns > seen.end_ns || range.length() < seen.length() / 2000) {
    view.show_with_margin(range, 4.0);
  }
  if (find_more_ != 0) {
    const bool forward = find_more_ > 0;
    find_more_ += forward ? -1 : 1;
    ask_for_match(forward);
  }
}

// By this event, else by the anchor there is, else by the first collective.
void AppState::ask_for_anchor(const std::optional<EventRef>& event) {
  const AnchorQuestion question{run_numbers_, event, event ? std::nullopt : anchor};
  const bool known = !event && anchor && !anchors_.pending() && anchors_.answer() != nullptr &&
                     anchors_.answered()->runs == run_numbers_ && anchors_.answer()->anchor == anchor;
  if (!known) {
    (void)anchors_.ask(clicks, question, [&] {
      return [runs = runs_, pairs = tracks, question](const Cancelled& cancelled) {
        return facts_of(runs, pairs, question, cancelled);
      };
    });
  }
  take_anchor();
}

void AppState::take_anchor() {
  if (align_mode != AlignMode::kAnchor || !two_runs() || anchors_.pending() || anchors_.answer() == nullptr ||
      anchors_.answered()->runs != run_numbers_) {
    return;
  }
  anchor = anchors_.answer()->anchor;
  anchor_offsets_ = anchors_.answer()->offsets;
  const std::optional<KeptArea> kept_selection = kept_area();
  rebuild_axis(kept_moment());
  if (kept_selection) {
    restore_area(*kept_selection);
  }
}

}  // namespace stepscope::viewer
