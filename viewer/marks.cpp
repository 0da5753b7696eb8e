// SPDX-License-Identifier: Apache-2.0
//
// Marks: the part of AppState that sets, names and finds them again.
#include <utility>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

void AppState::toggle_mark(bool span) {
  if (run(Side::kA) == nullptr) {
    return;
  }
  const double middle = (view.visible().begin_ns + view.visible().end_ns) / 2;
  const TimeRange range = selected_range().value_or(TimeRange{middle, middle});
  const Side seen = shows(Side::kA) ? Side::kA : Side::kB;
  Mark mark{selection.event ? selection.event->side : gap ? gap->side : seen, 0, 0};
  mark.begin_ns = alignment.to_time(mark.side, range.begin_ns);
  mark.end_ns = span ? alignment.to_time(mark.side, range.end_ns) : mark.begin_ns;
  if (std::erase_if(marks, [&](const Mark& other) { return mark.same_place(other); }) == 0) {
    marks.push_back(mark);
  }
  marks_changed = true;
}

void AppState::go_to_mark(const Mark& mark) {
  if (run(mark.side) == nullptr) {
    return;
  }
  const TimeRange range = alignment.to_display(mark.side, mark.begin_ns, mark.end_ns);
  if (mark.end_ns > mark.begin_ns) {
    view.show_with_margin(range, 0.5);
  } else {
    view.center_on(range.begin_ns);
  }
}

// From the mark gone to last while it is in sight, else from the middle of what is seen.
void AppState::mark_by(int direction) {
  const auto middle_of = [&](const Mark& mark) {
    const TimeRange range = alignment.to_display(mark.side, mark.begin_ns, mark.end_ns);
    return (range.begin_ns + range.end_ns) / 2;
  };
  double from = (view.visible().begin_ns + view.visible().end_ns) / 2;
  if (visited_mark_ && view.visible().contains(middle_of(*visited_mark_))) {
    from = middle_of(*visited_mark_);
  }
  const Mark* nearest = nullptr;
  double distance = 0;
  for (const Mark& mark : marks) {
    const double away = direction * (middle_of(mark) - from);
    if (run(mark.side) != nullptr && away > 0 && (nearest == nullptr || away < distance)) {
      nearest = &mark;
      distance = away;
    }
  }
  if (nearest == nullptr) {
    message = direction > 0 ? "there is no mark further on" : "there is no mark before";
    return;
  }
  go_to_mark(*nearest);
  message = nearest->text;
  visited_mark_ = *nearest;
}

std::optional<size_t> AppState::current_mark() const {
  for (size_t i = 0; visited_mark_ && i < marks.size(); ++i) {
    if (marks[i].same_place(*visited_mark_)) {
      return i;
    }
  }
  return marks.empty() ? std::nullopt : std::optional(marks.size() - 1);
}

void AppState::set_mark_text(size_t mark, std::string text) {
  if (mark < marks.size() && marks[mark].text != text) {
    marks[mark].text = std::move(text);
    marks_changed = true;
  }
}

void AppState::remove_mark(size_t mark) {
  if (mark < marks.size()) {
    marks.erase(marks.begin() + static_cast<std::ptrdiff_t>(mark));
    marks_changed = true;
  }
}

}  // namespace stepscope::viewer
