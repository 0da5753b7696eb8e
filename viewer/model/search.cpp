// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/search.hpp"

#include <algorithm>
#include <tuple>

namespace stepscope::viewer {
namespace {
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Among those that start at one moment.
std::tuple<uint32_t, uint32_t, uint32_t> place_of(const EventRef& ref) {
  return {ref.lane, ref.row, ref.index};
}
}  // namespace

bool contains_text(std::string_view haystack, std::string_view needle) {
  return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != haystack.end();
}

Search::Search(const RunModel& run, std::string text) : text_(std::move(text)), match_(run.names.size(), 0) {
  for (size_t name = 0; active() && name < run.names.size(); ++name) {
    if (contains_text(run.names[name].text, text_)) {
      match_[name] = 1;
      ++matching_names_;
    }
  }
}

std::optional<EventRef> Search::next(const RunModel& run, Side side, int64_t t) const {
  return first_from(run, side, t + 1, nullptr);
}

std::optional<EventRef> Search::next_after(const RunModel& run, const EventRef& event) const {
  return first_from(run, event.side, run.lanes[event.lane].rows[event.row].start(event.index), &event);
}

std::optional<EventRef> Search::previous(const RunModel& run, Side side, int64_t t) const {
  return last_until(run, side, t - 1, nullptr);
}

std::optional<EventRef> Search::previous_before(const RunModel& run, const EventRef& event) const {
  return last_until(run, event.side, run.lanes[event.lane].rows[event.row].start(event.index), &event);
}

// Of those that start at t or later; at t itself only those that stand after `beyond`.
std::optional<EventRef> Search::first_from(const RunModel& run, Side side, int64_t t,
                                           const EventRef* beyond) const {
  std::optional<EventRef> best;
  int64_t best_start = 0;
  for (uint32_t lane = 0; matching_names_ > 0 && lane < run.lanes.size(); ++lane) {
    for (uint32_t r = 0; r < run.lanes[lane].rows.size(); ++r) {
      const EventRow& row = run.lanes[lane].rows[r];
      for (size_t i = row.first_starting_at(t); i < row.size(); ++i) {
        if (best && row.start(i) >= best_start) {
          break;
        }
        const EventRef ref{side, lane, r, static_cast<uint32_t>(i)};
        const bool passed = beyond != nullptr && row.start(i) == t && place_of(ref) <= place_of(*beyond);
        if (!passed && matches(row.name(i))) {
          best = ref;
          best_start = row.start(i);
          break;
        }
      }
    }
  }
  return best;
}

// Of those that start at t or earlier; at t itself only those that stand before `beyond`.
std::optional<EventRef> Search::last_until(const RunModel& run, Side side, int64_t t,
                                           const EventRef* beyond) const {
  std::optional<EventRef> best;
  int64_t best_start = 0;
  for (uint32_t lane = 0; matching_names_ > 0 && lane < run.lanes.size(); ++lane) {
    for (uint32_t r = 0; r < run.lanes[lane].rows.size(); ++r) {
      const EventRow& row = run.lanes[lane].rows[r];
      for (size_t i = row.first_starting_at(t + 1); i > 0; --i) {
        if (best && row.start(i - 1) < best_start) {
          break;
        }
        const EventRef ref{side, lane, r, static_cast<uint32_t>(i - 1)};
        const bool passed = beyond != nullptr && row.start(i - 1) == t && place_of(ref) >= place_of(*beyond);
        if (!passed && matches(row.name(i - 1))) {
          best = ref;
          best_start = row.start(i - 1);
          break;
        }
      }
    }
  }
  return best;
}

}  // namespace stepscope::viewer
