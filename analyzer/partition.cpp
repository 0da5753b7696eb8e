// SPDX-License-Identifier: Apache-2.0
#include "analyzer/partition.hpp"

#include <algorithm>
#include <tuple>

#include "analyzer/natural_merge_sort.hpp"

namespace stepscope::analysis {
namespace {

// Total order, so that equal input in another order gives the same pieces.
auto opening_order(const LabelInterval& i) {
  return std::tuple(i.begin_ns, i.opened_ns, -i.end_ns, i.tier, i.label);
}

// Of two intervals of one tier: `a` is inside `b`, or opened with it and comes first by the rules of the header.
bool is_inner(const LabelInterval& a, const LabelInterval& b) {
  if (a.opened_ns != b.opened_ns) {
    return a.opened_ns > b.opened_ns;
  }
  return a.end_ns != b.end_ns ? a.end_ns < b.end_ns : a.label < b.label;
}

// The open intervals: a stack per tier, the innermost on top. Intervals come in the order in which they open, so that a new
// one goes on top or near it, and what ended is found there.
class Open {
 public:
  explicit Open(size_t tiers) : tiers_(tiers) {}

  void add(const LabelInterval* interval, int64_t now) {
    Stack& stack = tiers_[interval->tier];
    drop_ended(stack, now);
    auto place = stack.end();
    while (place != stack.begin() && is_inner(**(place - 1), *interval)) {
      --place;
    }
    stack.insert(place, interval);
    highest_ = std::max<size_t>(highest_, size_t{interval->tier} + 1);
  }

  // Null when nothing is open at `now`, which grows from call to call.
  const LabelInterval* winner(int64_t now) {
    for (; highest_ > 0; --highest_) {
      Stack& stack = tiers_[highest_ - 1];
      drop_ended(stack, now);
      if (!stack.empty()) {
        return stack.back();
      }
    }
    return nullptr;
  }

 private:
  using Stack = std::vector<const LabelInterval*>;

  static void drop_ended(Stack& stack, int64_t now) {
    while (!stack.empty() && stack.back()->end_ns <= now) {
      stack.pop_back();
    }
  }

  std::vector<Stack> tiers_;
  size_t highest_ = 0;  // no tier from here on has an open interval
};

size_t tier_count(const std::vector<LabelInterval>& intervals) {
  size_t count = 0;
  for (const LabelInterval& interval : intervals) {
    count = std::max<size_t>(count, size_t{interval.tier} + 1);
  }
  return count;
}

}  // namespace

void partition(std::vector<LabelInterval>& intervals, int64_t begin_ns, int64_t end_ns, uint32_t background,
               const PieceVisitor& visit) {
  natural_merge_sort(
      intervals, [](const LabelInterval& interval) { return interval.begin_ns; },
      [](const LabelInterval& a, const LabelInterval& b) { return opening_order(a) < opening_order(b); });
  Open open(tier_count(intervals));
  size_t next = 0;
  int64_t now = begin_ns;
  while (now < end_ns) {
    for (; next < intervals.size() && intervals[next].begin_ns <= now; ++next) {
      if (intervals[next].end_ns > now) {
        open.add(&intervals[next], now);
      }
    }
    const LabelInterval* winner = open.winner(now);
    int64_t until = winner == nullptr ? end_ns : std::min(end_ns, winner->end_ns);
    if (next < intervals.size()) {
      until = std::min(until, intervals[next].begin_ns);
    }
    visit(now, until, winner == nullptr ? background : winner->label);
    now = until;
  }
}

}  // namespace stepscope::analysis
