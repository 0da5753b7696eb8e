// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/selection.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

// Walks the rows of one lane. Children of an event lie in the rows below within its time, so the self time of an event
// is its duration less the union of what the next row holds inside it.
class LaneWalk {
 public:
  LaneWalk(const LaneModel& lane, const LaneArea& area, std::vector<NameStat>& by_name)
      : lane_(lane), area_(area), by_name_(by_name) {}

  // Adds the lane's events to by_name and returns its union.
  int64_t run() {
    for (size_t r = 0; r < lane_.rows.size(); ++r) {
      add_row(r);
    }
    return union_of_rows();
  }

 private:
  void add_row(size_t r) {
    const EventRow& row = lane_.rows[r];
    const EventRow* below = r + 1 < lane_.rows.size() ? &lane_.rows[r + 1] : nullptr;
    for (size_t i = row.first_ending_after(area_.begin_ns); i < row.size() && row.start(i) < area_.end_ns;
         ++i) {
      const int64_t begin = std::max(row.start(i), area_.begin_ns);
      const int64_t end = std::min(row.end(i), area_.end_ns);
      NameStat& stat = by_name_[row.name(i)];
      ++stat.count;
      stat.total_ns += end - begin;
      stat.max_ns = std::max(stat.max_ns, end - begin);
      stat.self_ns += end - begin - (below != nullptr ? below->busy(begin, end) : 0);
    }
  }

  // Rows are sorted and do not overlap themselves: the outermost row is the union but for crossing ranges,
  // which reach past their parent; those parts are what deeper rows have outside of it.
  [[nodiscard]] int64_t union_of_rows() const {
    std::vector<std::pair<int64_t, int64_t>> pieces;
    for (const EventRow& row : lane_.rows) {
      for (size_t i = row.first_ending_after(area_.begin_ns); i < row.size() && row.start(i) < area_.end_ns;
           ++i) {
        const int64_t begin = std::max(row.start(i), area_.begin_ns);
        const int64_t end = std::min(row.end(i), area_.end_ns);
        if (&row != &lane_.rows.front() && lane_.rows.front().busy(begin, end) == end - begin) {
          continue;
        }
        pieces.emplace_back(begin, end);
      }
    }
    std::sort(pieces.begin(), pieces.end());
    int64_t total = 0;
    int64_t covered = area_.begin_ns;
    for (const auto& [begin, end] : pieces) {
      total += std::max<int64_t>(0, end - std::max(begin, covered));
      covered = std::max(covered, end);
    }
    return total;
  }

  const LaneModel& lane_;
  const LaneArea& area_;
  std::vector<NameStat>& by_name_;
};

// What a click does to a set, and a click with Ctrl (`add`).
void choose(std::set<std::string>& set, const std::string& text, bool add) {
  if (set.contains(text) && (add || set.size() == 1)) {
    set.erase(text);
    return;
  }
  if (!add) {
    set.clear();
  }
  set.insert(text);
}

}  // namespace

void Selection::select_event(EventRef ref, std::string text) {
  event = ref;
  names = {text};
  highlight = std::move(text);
  area.reset();
}

void Selection::select_name(const std::string& text, bool add) {
  choose(names, text, add);
  if (event && highlight != text) {
    event.reset();
  }
  highlight = names.contains(text) ? text : names.empty() ? "" : *names.begin();
}

void Selection::select_lane(const std::string& key, bool add) {
  choose(lanes, key, add);
}

void Selection::select_steps(size_t from, size_t to) {
  steps = StepSelection{std::min(from, to), std::max(from, to)};
  event.reset();
  area.reset();
}

void Selection::select_area(AreaSelection selected) {
  if (selected.display.end_ns < selected.display.begin_ns) {
    std::swap(selected.display.begin_ns, selected.display.end_ns);
  }
  area = std::move(selected);
  event.reset();
}

AreaStats area_stats(const RunModel& run, std::span<const LaneArea> areas) {
  AreaStats stats;
  std::vector<NameStat> by_name(run.names.size());
  for (const LaneArea& area : areas) {
    stats.union_ns += LaneWalk(run.lanes[area.lane], area, by_name).run();
    stats.length_ns = std::max(stats.length_ns, area.end_ns - area.begin_ns);
    ++stats.lanes;
  }
  for (size_t name = 0; name < by_name.size(); ++name) {
    if (by_name[name].count != 0) {
      by_name[name].name = static_cast<uint32_t>(name);
      stats.names.push_back(by_name[name]);
    }
  }
  std::sort(stats.names.begin(), stats.names.end(), [](const NameStat& x, const NameStat& y) {
    return x.self_ns != y.self_ns ? x.self_ns > y.self_ns : x.name < y.name;
  });
  return stats;
}

}  // namespace stepscope::viewer
