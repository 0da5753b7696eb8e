// SPDX-License-Identifier: Apache-2.0
//
// Selections as boxes in five dimensions: time x lanes x names x steps x run. A dimension that is not limited stands for
// all there is; so an empty selection is everything. The event in focus and the lit name are no dimensions: they say what
// is looked at, not how much; the algebra keeps them where both operands agree. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "viewer/model/selection.hpp"

namespace stepscope::viewer {

enum class Dimension : uint8_t { kTime, kLanes, kNames, kSteps, kRun };
inline constexpr Dimension kDimensions[] = {Dimension::kTime, Dimension::kLanes, Dimension::kNames,
                                            Dimension::kSteps, Dimension::kRun};

[[nodiscard]] bool limits(const Selection& selection, Dimension dimension);
[[nodiscard]] Selection without(Selection selection, Dimension dimension);
// What lies in both; none where they have nothing in common.
[[nodiscard]] std::optional<Selection> intersection(const Selection& a, const Selection& b);
// The smallest selection that contains both: of times and steps everything between them too.
[[nodiscard]] Selection hull(const Selection& a, const Selection& b);
// Whether all of `inner` lies in `outer`.
[[nodiscard]] bool contains(const Selection& outer, const Selection& inner);

// "4 steps, 2 names, 1 lane, only B": the sets that are selected, for people; "" when none is.
[[nodiscard]] std::string summary(const Selection& selection);

}  // namespace stepscope::viewer
