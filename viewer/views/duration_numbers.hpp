// SPDX-License-Identifier: Apache-2.0
//
// Duration numbers: count, mean, median, p99 of both runs and their change, in the two shapes of the histogram.
#pragma once

#include "viewer/app_state.hpp"
#include "viewer/model/durations.hpp"

namespace stepscope::viewer {

// Colour of a run where both are drawn over each other; one run alone has that of B.
[[nodiscard]] Color run_color(const AppState& state, Side side);
// Lines of A, B and the change, above a plot: as many columns as there is room for.
void draw_duration_numbers(const AppState& state, const DurationReport& report, float unit);
// A number a line, beside a wide plot.
void draw_duration_column(const AppState& state, const DurationReport& report, float unit);

}  // namespace stepscope::viewer
