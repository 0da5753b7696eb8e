// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/search.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
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
  std::optional<EventRef> best;
  int64_t best_start = 0;
  for (uint32_t lane = 0; matching_names_ > 0 && lane < run.lanes.size(); ++lane) {
    for (uint32_t r = 0; r < run.lanes[lane].rows.size(); ++r) {
      const EventRow& row = run.lanes[lane].rows[r];
      for (size_t i = row.first_starting_at(t + 1); i < row.size(); ++i) {
        if (best && row.start(i) >= best_start) {
          break;
        }
        if (matches(row.name(i))) {
          best = EventRef{side, lane, r, static_cast<uint32_t>(i)};
          best_start = row.start(i);
          break;
        }
      }
    }
  }
  return best;
}

std::optional<EventRef> Search::previous(const RunModel& run, Side side, int64_t t) const {
  std::optional<EventRef> best;
  int64_t best_start = 0;
  for (uint32_t lane = 0; matching_names_ > 0 && lane < run.lanes.size(); ++lane) {
    for (uint32_t r = 0; r < run.lanes[lane].rows.size(); ++r) {
      const EventRow& row = run.lanes[lane].rows[r];
      for (size_t i = row.first_starting_at(t); i > 0; --i) {
        if (best && row.start(i - 1) <= best_start) {
          break;
        }
        if (matches(row.name(i - 1))) {
          best = EventRef{side, lane, r, static_cast<uint32_t>(i - 1)};
          best_start = row.start(i - 1);
          break;
        }
      }
    }
  }
  return best;
}

}  // namespace stepscope::viewer
