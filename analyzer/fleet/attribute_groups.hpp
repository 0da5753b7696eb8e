// SPDX-License-Identifier: Apache-2.0
//
// Values of attributes that lie on nearly the same observations, as groups: these runs cannot tell which of them matters, so
// they are one hypothesis. Found without looking at outcomes. Internal to analyzer/fleet.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "analyzer/fleet/observations.hpp"

namespace stepscope::analysis {

inline constexpr double kInseparable = 0.9;  // Cramer's V of two values, and more: one group

// Of having one value and having the other: `a` and `b` of the observations have them, `both` have both. Negative where they exclude
// each other, 0 where one is everywhere or nowhere.
[[nodiscard]] double cramers_v(size_t a, size_t b, size_t both, size_t observations);

// Values that at least `least` observations have and as many lack, in groups of indices into Observations::values. The first of a
// group is its leader, of those that most observations have, and every other one is inseparable from that; leaders by size,
// then by order of values. A value stands in one group.
[[nodiscard]] std::vector<std::vector<size_t>> group_values(const Observations& observations, size_t least);

}  // namespace stepscope::analysis
