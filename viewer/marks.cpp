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
  Mark mark{selection.event ? selection.event->side : Side::kA, 0, 0};
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
