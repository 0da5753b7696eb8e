// SPDX-License-Identifier: Apache-2.0
#include "analyzer/partition.hpp"

#include <algorithm>
#include <tuple>

namespace stepscope::analysis {
namespace {

// Total order, so that equal input in another order gives the same pieces.
auto opening_order(const LabelInterval& i) {
  return std::tuple(i.begin_ns, i.opened_ns, -i.end_ns, i.tier, i.label);
}

// The heap's top is the winner.
bool loses_to(const LabelInterval* a, const LabelInterval* b) {
  return std::tuple(a->tier, a->opened_ns, -a->end_ns, ~a->label) <
         std::tuple(b->tier, b->opened_ns, -b->end_ns, ~b->label);
}

}  // namespace

void partition(std::vector<LabelInterval>& intervals, int64_t begin_ns, int64_t end_ns, uint32_t background,
               const PieceVisitor& visit) {
  std::sort(intervals.begin(), intervals.end(), [](const LabelInterval& a, const LabelInterval& b) {
    return opening_order(a) < opening_order(b);
  });
  std::vector<const LabelInterval*> open;  // a heap; intervals that ended leave it when they reach the top
  size_t next = 0;
  int64_t now = begin_ns;
  while (now < end_ns) {
    while (next < intervals.size() && intervals[next].begin_ns <= now) {
      if (intervals[next].end_ns > now) {
        open.push_back(&intervals[next]);
        std::push_heap(open.begin(), open.end(), loses_to);
      }
      ++next;
    }
    while (!open.empty() && open.front()->end_ns <= now) {
      std::pop_heap(open.begin(), open.end(), loses_to);
      open.pop_back();
    }
    int64_t until = end_ns;
    if (!open.empty()) {
      until = std::min(until, open.front()->end_ns);
    }
    if (next < intervals.size()) {
      until = std::min(until, intervals[next].begin_ns);
    }
    visit(now, until, open.empty() ? background : open.front()->label);
    now = until;
  }
}

}  // namespace stepscope::analysis
