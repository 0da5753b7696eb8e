// SPDX-License-Identifier: Apache-2.0
//
// Lags at which a sequence may repeat. Internal to the library; motif.hpp says what for.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "analyzer/motif.hpp"

namespace stepscope::analysis {

// Every window of 1, 8 and 64 items is a class by its content, and every class that comes at least three times votes once, for
// the usual distance between its occurrences: so the few windows that are rare, and tell one step from the next, are not
// drowned by those of layers and micro-batches. The lags with most votes, of all classes and of those that begin with an
// optimizer's kernel; ascending, from 2 to `longest`. O(n).
[[nodiscard]] std::vector<size_t> candidate_lags(std::span<const MotifItem> items, size_t longest);

}  // namespace stepscope::analysis
