// SPDX-License-Identifier: Apache-2.0
//
// Tiles a sequence with a stretch of itself. Internal to the library; motif.hpp says what for.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "analyzer/motif.hpp"

namespace stepscope::analysis {

using MotifSpan = std::span<const MotifItem>;

// Where the sequence equals itself `lag` items later best, over `lag` items, and in how many of them. The motif may begin at
// any item from there to `lag` items later.
struct MotifPlace {
  size_t begin = 0;
  size_t matched = 0;
};
[[nodiscard]] MotifPlace best_place(MotifSpan items, size_t lag);

struct Tiling {
  std::vector<MotifPart> parts;  // from the first whole period to the last
  size_t tiles = 0;              // parts that are periods
  size_t matched = 0;  // items that equal the motif, in periods and in the parts of one at either end
  size_t covered = 0;  // items of those

  [[nodiscard]] double ratio() const {
    return covered == 0 ? 0 : static_cast<double>(matched) / static_cast<double>(covered);
  }
};

// A period is a stretch of which min_ratio equals `motif`: of its length, or longer or shorter by inserted or missing items.
// What is left between two periods joins the one before when it is short (a fifth of the motif), else it is a part of its own.
// O(n).
[[nodiscard]] Tiling tile(MotifSpan items, MotifSpan motif, double min_ratio);

}  // namespace stepscope::analysis
