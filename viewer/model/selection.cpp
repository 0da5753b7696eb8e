// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/selection.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

// Walks the rows of one lane, each once and beside the one below it: linear in the events inside. Children of an event lie in the
// row below within its time, so the self time of an event is its duration less what that row holds inside it.
class LaneWalk {
 public:
  LaneWalk(const LaneModel& lane, const LaneArea& area, std::vector<NameStat>& by_name)
      : lane_(lane), area_(area), by_name_(by_name) {}

  // Adds the lane's events to by_name and returns its union.
  int64_t run() {
    for (size_t r = 0; r < lane_.rows.size(); ++r) {
      add_row(r);
    }
    return lane_.rows.empty() ? 0 : union_of_rows();
  }

 private:
  void add_row(size_t r) {
    const EventRow& row = lane_.rows[r];
    const EventRow* below = r + 1 < lane_.rows.size() ? &lane_.rows[r + 1] : nullptr;
    const size_t last = row.first_starting_at(area_.end_ns);
    size_t child = below != nullptr ? below->first_ending_after(area_.begin_ns) : 0;
    for (size_t i = row.first_ending_after(area_.begin_ns); i < last; ++i) {
      const int64_t begin = std::max(row.start(i), area_.begin_ns);
      const int64_t end = std::min(row.end(i), area_.end_ns);
      NameStat& stat = by_name_[row.name(i)];
      ++stat.count;
      stat.total_ns += end - begin;
      stat.max_ns = std::max(stat.max_ns, end - begin);
      stat.self_ns += end - begin - (below != nullptr ? time_inside(*below, begin, end, child) : 0);
    }
  }

  // Of `row`, what lies inside [begin, end). `from`: where to begin to look, moved on to the first that can matter to a later one.
  static int64_t time_inside(const EventRow& row, int64_t begin, int64_t end, size_t& from) {
    while (from < row.size() && row.end(from) <= begin) {
      ++from;
    }
    int64_t inside = 0;
    for (size_t c = from; c < row.size() && row.start(c) < end; ++c) {
      inside += std::min(row.end(c), end) - std::max(row.start(c), begin);
    }
    return inside;
  }

  // The outermost row is the union, but for ranges that cross each other: those reach past the event that they started in.
  [[nodiscard]] int64_t union_of_rows() const {
    const EventRow& top = lane_.rows.front();
    int64_t total = top.busy(area_.begin_ns, area_.end_ns);
    std::vector<std::pair<int64_t, int64_t>> past;
    for (size_t r = 1; r < lane_.rows.size(); ++r) {
      add_what_reaches_past(lane_.rows[r - 1], lane_.rows[r], past);
    }
    std::sort(past.begin(), past.end());
    for (size_t i = 0; i < past.size();) {
      const int64_t begin = past[i].first;
      int64_t end = past[i].second;
      for (++i; i < past.size() && past[i].first <= end; ++i) {
        end = std::max(end, past[i].second);
      }
      total += end - begin - top.busy(begin, end);
    }
    return total;
  }

  void add_what_reaches_past(const EventRow& above, const EventRow& row,
                             std::vector<std::pair<int64_t, int64_t>>& past) const {
    const size_t last = row.first_starting_at(area_.end_ns);
    size_t i = row.first_ending_after(area_.begin_ns);
    size_t next =
        i < last ? above.first_starting_at(row.start(i)) : 0;  // the first that starts behind the event
    for (; i < last; ++i) {
      while (next < above.size() && above.start(next) <= row.start(i)) {
        ++next;
      }
      if (next == 0 || row.end(i) > above.end(next - 1)) {
        past.emplace_back(std::max(row.start(i), area_.begin_ns), std::min(row.end(i), area_.end_ns));
      }
    }
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

AreaStats area_stats(const RunModel& run, std::span<const LaneArea> areas,
                     const std::atomic<bool>* cancelled) {
  AreaStats stats;
  std::vector<NameStat> by_name(run.names.size());
  for (const LaneArea& area : areas) {
    if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
      break;
    }
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
