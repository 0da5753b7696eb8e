// SPDX-License-Identifier: Apache-2.0
//
// A history and its changes as text, JSON, SVG and one self-contained HTML page.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/trend/change_points.hpp"
#include "analyzer/trend/history.hpp"

namespace stepscope::analysis::cli {

struct TrendReport {
  const History& history;
  const ChangePoints& found;
};

// A value of the report's metric as people read it: "182.34 ms", "1.5 GiB", "12.3".
[[nodiscard]] std::string metric_value(std::string_view metric, double value);
// "slower since c7 (last before: c6)": a change in words, first what it means.
[[nodiscard]] std::string change_sentence(const TrendReport& report, const ChangePoint& change);
// One character per value, at most `width`; of more values the mean of neighbours.
[[nodiscard]] std::string sparkline(const std::vector<double>& values, size_t width);

[[nodiscard]] std::string trend_text(const TrendReport& report, const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json trend_json(const TrendReport& report);
[[nodiscard]] std::string trend_svg(const TrendReport& report);
[[nodiscard]] std::string trend_html(const TrendReport& report);

}  // namespace stepscope::analysis::cli
