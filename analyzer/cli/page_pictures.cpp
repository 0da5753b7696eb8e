// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/page_pictures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr double kPageWidth = 960;
constexpr double kStripHeight = 220;
constexpr double kStripLeft = 70;
constexpr double kStripBottom = 26;
constexpr size_t kMostColumns = 300;
constexpr size_t kShades = 6;

struct StepScale {
  double low = 0;
  double high = 1;
  size_t steps = 1;

  [[nodiscard]] double x(double step) const {
    return kStripLeft + (kPageWidth - kStripLeft) * step / static_cast<double>(steps);
  }
  [[nodiscard]] double y(double ns) const {
    const double part = (std::clamp(ns, low, high) - low) / (high - low);
    return 8 + (kStripHeight - kStripBottom - 8) * (1 - part);
  }
};

// Of the train steps; others and outliers end at the edge, so that the bulk can be seen.
StepScale step_scale(std::span<const StepSeries> series) {
  std::vector<double> all;
  size_t most = 0;
  for (const StepSeries& one : series) {
    most = std::max(most, one.steps.size());
    for (const PlotStep& step : one.steps) {
      if (step.step_class == StepClass::kTrain) {
        all.push_back(step.ns);
      }
    }
  }
  if (all.empty()) {  // then what there is
    for (const StepSeries& one : series) {
      std::transform(one.steps.begin(), one.steps.end(), std::back_inserter(all),
                     [](const PlotStep& step) { return step.ns; });
    }
  }
  std::sort(all.begin(), all.end());
  const double low = all[all.size() / 100];
  const double high = all[all.size() - 1 - all.size() / 50];
  const double margin = std::max(0.1 * (high - low), 0.002 * high + 1);
  return {std::max(0.0, low - margin), high + margin, most};
}

std::string step_axis(const StepScale& scale) {
  std::string out;
  for (int i = 0; i <= 3; ++i) {
    const double value = scale.low + (scale.high - scale.low) * (0.04 + 0.92 * i / 3);
    const double y = scale.y(value);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" y1=\"{1:.1f}\" x2=\"{2}\" y2=\"{1:.1f}\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        kStripLeft, y, kPageWidth, kStripLeft - 6, y + 4, milliseconds(value));
  }
  return out + fmt::format(
                   "<text x=\"{}\" y=\"{}\">ms over steps</text><text x=\"{}\" y=\"{}\" "
                   "text-anchor=\"end\">{}</text>\n",
                   kStripLeft, kStripHeight - 8, kPageWidth, kStripHeight - 8, scale.steps);
}

// The train steps: a line through the columns' medians in a band of what the columns span.
std::string series_lines(const StepSeries& series, const StepScale& scale) {
  const size_t columns = std::min(kMostColumns, scale.steps);
  std::string line;
  std::string top;
  std::string bottom;
  std::vector<double> values;
  for (size_t c = 0; c < columns; ++c) {
    const size_t begin = c * scale.steps / columns;
    const size_t end = std::min((c + 1) * scale.steps / columns, series.steps.size());
    values.clear();
    for (size_t i = begin; i < end; ++i) {
      if (series.steps[i].step_class == StepClass::kTrain) {
        values.push_back(series.steps[i].ns);
      }
    }
    if (values.empty()) {
      continue;
    }
    std::sort(values.begin(), values.end());
    const double x = scale.x((static_cast<double>(begin) + static_cast<double>(end)) / 2);
    line += fmt::format("{:.1f},{:.1f} ", x, scale.y(values[values.size() / 2]));
    top += fmt::format("{:.1f},{:.1f} ", x, scale.y(values.back()));
    bottom.insert(0, fmt::format("{:.1f},{:.1f} ", x, scale.y(values.front())));
  }
  const char* const side = series.candidate ? "candidate" : "base";
  const std::string band =
      columns == scale.steps ? "" : fmt::format("<polygon class=\"{}\" points=\"{}{}\"/>", side, top, bottom);
  return fmt::format("{}<polyline class=\"{}\" points=\"{}\"><title>{}</title></polyline>\n", band, side,
                     line, markup_escaped(series.label));
}

std::string odd_steps(const StepSeries& series, const StepScale& scale) {
  std::string out;
  size_t drawn = 0;
  for (size_t i = 0; i < series.steps.size() && drawn < kMostColumns; ++i) {
    const PlotStep& step = series.steps[i];
    if (step.step_class != StepClass::kTrain) {
      ++drawn;
      out += fmt::format(
          "<circle class=\"{} out\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>{}, {} ms</title></circle>\n",
          series.candidate ? "candidate" : "base", scale.x(static_cast<double>(i) + 0.5), scale.y(step.ns),
          step_class_name(step.step_class), milliseconds(step.ns));
    }
  }
  return out;
}

// Rectangles of one colour and strength, as one path. Strength goes with the square root: one step that stalled must not hide what all
// the others have.
struct Shades {
  std::array<std::string, kShades> paths;

  void add(double strength, double x, double y, double width, double height) {
    const auto shade = static_cast<size_t>(std::sqrt(strength) * kShades);
    if (shade > 0) {
      paths[std::min(shade, kShades) - 1] +=
          fmt::format("M{:.1f} {:.1f}h{:.1f}v{:.1f}h-{:.1f}z", x, y, width, height, width);
    }
  }
  [[nodiscard]] std::string render(const char* css) const {
    std::string out;
    for (size_t i = 0; i < kShades; ++i) {
      if (!paths[i].empty()) {
        out += fmt::format("<path class=\"{}\" fill-opacity=\"{:.2f}\" d=\"{}\"/>\n", css,
                           static_cast<double>(i + 1) / kShades, paths[i]);
      }
    }
    return out;
  }
};

double farthest(const std::vector<double>& values, size_t begin, size_t end) {
  double found = 0;
  for (size_t i = begin; i < std::min(end, values.size()); ++i) {
    found = std::fabs(values[i]) > std::fabs(found) ? values[i] : found;
  }
  return found;
}

double strongest_of(std::span<const HeatRow> rows) {
  double strongest = 0;
  for (const HeatRow& row : rows) {
    strongest = std::max(strongest, std::fabs(farthest(row.ns, 0, row.ns.size())));
  }
  return strongest;
}

std::string heat_legend(double y, double strongest, bool both_ways) {
  constexpr double kSwatch = 14;
  std::string out;
  double x = kPageWidth - 260;
  const auto swatches = [&](const char* css, bool falling) {
    for (size_t i = 0; i < kShades; ++i) {
      const size_t shade = falling ? kShades - i : i + 1;
      out += fmt::format(
          "<rect class=\"{}\" fill-opacity=\"{:.2f}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"10\"/>", css,
          static_cast<double>(shade) / kShades, x, y, kSwatch);
      x += kSwatch;
    }
  };
  const std::string most = milliseconds(strongest) + " ms";
  if (both_ways) {
    out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">-{}</text>", x - 6, y + 9, most);
    swatches("less", true);
    x += kSwatch;
  } else {
    out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">0</text>", x - 6, y + 9);
  }
  swatches("more", false);
  return out + fmt::format("<text x=\"{}\" y=\"{}\">{}{}</text>\n", x + 6, y + 9, both_ways ? "+" : "", most);
}

}  // namespace

std::string step_times_svg(std::span<const StepSeries> series) {
  const bool any =
      std::any_of(series.begin(), series.end(), [](const StepSeries& s) { return !s.steps.empty(); });
  if (!any) {
    return "";
  }
  const StepScale scale = step_scale(series);
  std::string out =
      fmt::format("<svg class=\"wide\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"step times\">\n{}",
                  kPageWidth, kStripHeight, step_axis(scale));
  for (const StepSeries& one : series) {
    out += series_lines(one, scale) + odd_steps(one, scale);
  }
  return out + "</svg>\n";
}

std::string heat_map_svg(std::span<const HeatRow> rows) {
  constexpr double kRow = 18;
  constexpr double kNames = 230;
  size_t steps = 0;
  bool below_zero = false;
  for (const HeatRow& row : rows) {
    steps = std::max(steps, row.ns.size());
    below_zero = below_zero || std::any_of(row.ns.begin(), row.ns.end(), [](double ns) { return ns < 0; });
  }
  if (steps == 0) {
    return "";
  }
  const double strongest = strongest_of(rows);
  const size_t columns = std::min(kMostColumns, steps);
  const double width = (kPageWidth - kNames) / static_cast<double>(columns);
  Shades worse;
  Shades better;
  std::string names;
  double y = 0;
  for (const HeatRow& row : rows) {
    names += fmt::format("<text class=\"name\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                         kNames - 8, y + 13, markup_escaped(row.name));
    for (size_t c = 0; c < columns; ++c) {
      const double value = farthest(row.ns, c * steps / columns, (c + 1) * steps / columns);
      const double strength = strongest > 0 ? std::fabs(value) / strongest : 0;
      (value < 0 ? better : worse)
          .add(strength, kNames + static_cast<double>(c) * width, y + 1, width, kRow - 2);
    }
    names += fmt::format("<line class=\"grid\" x1=\"{0}\" y1=\"{1:.1f}\" x2=\"{2}\" y2=\"{1:.1f}\"/>\n",
                         kNames, y + kRow, kPageWidth);
    y += kRow;
  }
  return fmt::format(
             "<svg class=\"wide\" viewBox=\"0 0 {} {:.0f}\" role=\"img\" aria-label=\"time over "
             "steps\">\n{}{}{}{}",
             kPageWidth, y + 24, names, worse.render("more"), better.render("less"),
             heat_legend(y + 9, strongest, below_zero)) +
         fmt::format("<text x=\"{}\" y=\"{:.1f}\">{} steps</text>\n</svg>\n", kNames, y + 18, steps);
}

}  // namespace stepscope::analysis::cli
