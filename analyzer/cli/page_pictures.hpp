// SPDX-License-Identifier: Apache-2.0
//
// Pictures of pages (html_page.hpp), as SVG that takes its colours from the page: step times, and values over rows and steps.
//
// More steps than a picture has room for are drawn together: step times as the band of what they span with their median, cells as the one
// farthest from zero, so that a single bad step is never dropped.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/steps.hpp"

namespace stepscope::analysis::cli {

struct PlotStep {
  double ns = 0;
  StepClass step_class = StepClass::kTrain;
};

// One run's steps in order.
struct StepSeries {
  std::string label;
  bool candidate = false;  // which of the two colours
  std::vector<PlotStep> steps;
};

// Step time over steps. Steps that are no train steps are rings. "" without steps.
[[nodiscard]] std::string step_times_svg(std::span<const StepSeries> series);

struct HeatRow {
  std::string name;
  std::vector<double> ns;  // one per step; the longest row tells how many there are
};

// Rows x steps, stronger colour (by the square root) for more; below zero in the colour of what got better. The legend tells what the strongest is. ""
// without rows.
[[nodiscard]] std::string heat_map_svg(std::span<const HeatRow> rows);

}  // namespace stepscope::analysis::cli
