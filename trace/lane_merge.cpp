// SPDX-License-Identifier: Apache-2.0
#include "trace/lane_merge.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <tuple>

namespace stepscope::trace {
namespace {

struct Cursor {
  MergeRows rows;
  size_t next = 0;
  int64_t id = 0;

  [[nodiscard]] int64_t start() const { return rows.start[next]; }
};

// For a heap with the earliest start on top; the id decides ties, so that the order is always the same.
bool later(const std::unique_ptr<Cursor>& a, const std::unique_ptr<Cursor>& b) {
  return std::pair(a->start(), a->id) > std::pair(b->start(), b->id);
}

}  // namespace

int name_column(const KindInfo& kind) {
  for (int c = 0; c < kind.column_count; ++c) {
    if (kind.columns[c].type == ColumnType::kString) {
      return c;
    }
  }
  return -1;
}

bool merge_lane(std::vector<SegmentEntry> segments,
                const std::function<bool(const SegmentEntry&, MergeRows&)>& load,
                const std::function<void(int64_t, int64_t, int64_t)>& visit) {
  std::sort(segments.begin(), segments.end(), [](const SegmentEntry& a, const SegmentEntry& b) {
    return std::tie(a.first_ns, a.id) < std::tie(b.first_ns, b.id);
  });
  std::vector<std::unique_ptr<Cursor>> heap;
  size_t next_segment = 0;
  while (!heap.empty() || next_segment < segments.size()) {
    // 1. Open every segment that begins before the earliest pending event.
    while (next_segment < segments.size() &&
           (heap.empty() || segments[next_segment].first_ns <= heap.front()->start())) {
      auto cursor = std::make_unique<Cursor>();
      cursor->id = segments[next_segment].id;
      if (!load(segments[next_segment], cursor->rows)) {
        return false;
      }
      ++next_segment;
      heap.push_back(std::move(cursor));
      std::push_heap(heap.begin(), heap.end(), later);
    }
    // 2. Emit from the earliest cursor until another cursor or an unopened segment comes first.
    std::pop_heap(heap.begin(), heap.end(), later);
    Cursor& cursor = *heap.back();
    int64_t limit = heap.size() > 1 ? heap.front()->start() : std::numeric_limits<int64_t>::max();
    limit = next_segment < segments.size() ? std::min(limit, segments[next_segment].first_ns) : limit;
    do {
      visit(cursor.start(), end_of(cursor.start(), cursor.rows.dur[cursor.next]),
            cursor.rows.name[cursor.next]);
      ++cursor.next;
    } while (cursor.next < cursor.rows.start.size() && cursor.start() < limit);
    // 3. Put it back unless it is used up.
    if (cursor.next < cursor.rows.start.size()) {
      std::push_heap(heap.begin(), heap.end(), later);
    } else {
      heap.pop_back();
    }
  }
  return true;
}

}  // namespace stepscope::trace
