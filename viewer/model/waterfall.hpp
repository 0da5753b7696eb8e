// SPDX-License-Identifier: Apache-2.0
//
// Waterfall: from A's mean step to B's, one term after the other, each starting where the one before it ended. Terms are those
// of the DiffTable, untouched; small ones stand together as one. All sums are exact: the last term ends at B's mean step.
// Pure data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "viewer/model/diff_table.hpp"

namespace stepscope::viewer {

struct WaterfallBar {
  enum class Kind : uint8_t { kBase, kTerm, kOthers, kCandidate };
  Kind kind = Kind::kTerm;
  std::string title;
  Category category = Category::kOther;
  int64_t from_ns = 0;  // the running sum before it; 0 of the two steps
  int64_t to_ns = 0;    // and after it
  bool flagged = false;
  std::vector<size_t> terms;  // indices into DiffTable::terms: one of a term, several of kOthers
  [[nodiscard]] int64_t delta_ns() const { return to_ns - from_ns; }
};

struct Waterfall {
  std::vector<WaterfallBar>
      bars;            // base, terms by falling |delta|, others, candidate; empty without a comparison
  int64_t low_ns = 0;  // least and largest running sum of the terms, with both steps
  int64_t high_ns = 0;
  // At most `most` terms stand alone, and none below 1 % of the largest change. A single small one is no "others".
  [[nodiscard]] static Waterfall make(const DiffTable& table, size_t most);
};

}  // namespace stepscope::viewer
