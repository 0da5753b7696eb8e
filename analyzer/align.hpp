// SPDX-License-Identifier: Apache-2.0
//
// align: what two sequences of symbols have in common, in order: a longest common subsequence, by Myers' algorithm in linear
// memory (E. W. Myers, "An O(ND) difference algorithm and its variations", 1986).
//
// Time grows with length times number of differences; sequences that differ more than max_edits at a place are cut where the
// search got furthest, so that the result may then be shorter than the longest. Long sequences are cut sooner: whatever they are,
// it takes no more than some kMostSteps comparisons, a second or so. What the other side has not is left out first.
// Pure; any thread. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace stepscope::analysis {

inline constexpr size_t kMaxEdits = 4096;
inline constexpr uint64_t kMostSteps = 400'000'000;

// Pairs of indices with a[first] == b[second], both ascending. A symbol of 0 equals nothing. `steps`: how many comparisons it took.
[[nodiscard]] std::vector<std::pair<size_t, size_t>> align(std::span<const uint64_t> a,
                                                           std::span<const uint64_t> b,
                                                           size_t max_edits = kMaxEdits,
                                                           uint64_t* steps = nullptr);

}  // namespace stepscope::analysis
