// SPDX-License-Identifier: Apache-2.0
//
// Step changes: where in a run the step time shifted for good, by the analyzer's method for series (change_points.hpp). With
// two runs of their difference, so that what both runs do at the same step is none. Steps that are no training are left out.
#pragma once

#include <cstddef>
#include <vector>

#include "viewer/model/step_strip.hpp"

namespace stepscope::viewer {

struct StepChange {
  size_t bar = 0;        // in StepStrip::bars: the first of the new level
  double before_ns = 0;  // medians of the levels: of the step, or of B - A
  double after_ns = 0;
  [[nodiscard]] double delta_ns() const { return after_ns - before_ns; }
};

// Ascending. Shifts of less than 1 % of the median step, or 50 us, are left out. Of more than 512 steps neighbours are taken
// together by their median, which is where a place is off by some steps. Tens of ms: not for the frame path.
[[nodiscard]] std::vector<StepChange> find_step_changes(const StepStrip& strip, bool two_runs);

}  // namespace stepscope::viewer
