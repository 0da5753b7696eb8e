// SPDX-License-Identifier: Apache-2.0
//
// partition: which of many overlapping labelled intervals an instant belongs to, for every instant of a span.
//
// The winner at an instant is the open interval of the highest tier; within a tier the innermost, that is the one opened
// last (of those opened together: the one that ends first, then the one with the lower label). Pieces come out in order
// and cover the span exactly, without gap or overlap: this is what makes the ledger add up. O(n log n), and O(n) for intervals
// that ascend and nest.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace stepscope::analysis {

struct LabelInterval {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  int64_t opened_ns = 0;  // when the thing that this interval is part of began; decides what is innermost
  uint32_t label = 0;
  uint8_t tier = 0;
};

// Receives [begin, end) and its label; begin < end.
using PieceVisitor = std::function<void(int64_t begin_ns, int64_t end_ns, uint32_t label)>;

// Sorts `intervals` in place. Empty and reversed intervals are ignored.
void partition(std::vector<LabelInterval>& intervals, int64_t begin_ns, int64_t end_ns, uint32_t background,
               const PieceVisitor& visit);

}  // namespace stepscope::analysis
