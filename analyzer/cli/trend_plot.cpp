// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/cli/markup.hpp"
#include "analyzer/cli/trend_view.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr double kWidth = 960;
constexpr double kHeight = 320;
constexpr double kLeft = 96;
constexpr double kRight = 24;
constexpr double kTop = 24;
constexpr double kBottom = 40;

// From run numbers and values to places of the picture.
struct TrendScale {
  double low = 0;
  double high = 1;
  size_t count = 1;

  explicit TrendScale(const std::vector<double>& values) : count(values.size()) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    const double margin = *most > *least ? (*most - *least) * 0.05 : 1;
    low = *least - margin;
    high = *most + margin;
  }
  [[nodiscard]] double x(double index) const {
    return kLeft + (index + 0.5) / static_cast<double>(count) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double y(double value) const {
    return kTop + (high - value) / (high - low) * (kHeight - kTop - kBottom);
  }
};

std::string level_line(const TrendScale& scale, size_t begin, size_t end, double value) {
  return fmt::format("<line class=\"level\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
                     scale.x(static_cast<double>(begin) - 0.5), scale.y(value),
                     scale.x(static_cast<double>(end) - 0.5), scale.y(value));
}

}  // namespace

std::string trend_svg(const TrendReport& report) {
  const History& history = report.history;
  const std::vector<double> values = values_of(history);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "role=\"img\">\n"
      "<title>{2} of {3}</title>\n"
      "<style>text{{font:12px sans-serif;fill:#444}}.axis{{stroke:#999}}.run{{fill:#0072b2}}"
      ".level{{stroke:#444;stroke-width:2}}.change{{stroke:#d55e00;stroke-dasharray:4 3}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      kWidth, kHeight, markup_escaped(history.metric),
      markup_escaped(history.name.empty() ? history.source : history.name));
  if (values.empty()) {
    return out + "</svg>\n";
  }
  const TrendScale scale(values);
  out += fmt::format("<line class=\"axis\" x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\"/>\n", kLeft, kTop,
                     kHeight - kBottom);
  for (const double part : {0.05, 0.5, 0.95}) {
    const double value = scale.low + part * (scale.high - scale.low);
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", kLeft - 8,
                       scale.y(value) + 4, metric_value(history.metric, value));
  }
  size_t begin = 0;
  for (const ChangePoint& change : report.found.changes) {
    out += level_line(scale, begin, change.index, change.before);
    out += fmt::format(
        "<line class=\"change\" x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\"/>\n"
        "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>\n",
        scale.x(static_cast<double>(change.index) - 0.5), kTop, kHeight - kBottom, kHeight - kBottom + 18,
        markup_escaped(shortened(printable(name_of(history, change.index)), 24)));
    begin = change.index;
  }
  if (!report.found.changes.empty()) {
    out += level_line(scale, begin, values.size(), report.found.changes.back().after);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    out += fmt::format(
        "<circle class=\"run\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>{}: {}</title></circle>\n",
        scale.x(static_cast<double>(i)), scale.y(values[i]), markup_escaped(name_of(history, i)),
        metric_value(history.metric, values[i]));
  }
  return out + "</svg>\n";
}

std::string trend_html(const TrendReport& report) {
  const std::string title =
      markup_escaped(report.history.name.empty() ? report.history.source : report.history.name);
  std::string list;
  for (const ChangePoint& change : report.found.changes) {
    list += fmt::format("<li>{}</li>\n", markup_escaped(change_sentence(report, change)));
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{0}</title>\n"
      "<style>body{{font:14px "
      "sans-serif;margin:2em;max-width:62em}}svg{{max-width:100%;height:auto}}</style>\n</head>\n<body>\n"
      "<h1>{0}</h1>\n<p>{1}, {2} runs</p>\n{3}{4}</body>\n</html>\n",
      title, markup_escaped(report.history.metric), report.history.points.size(), trend_svg(report),
      list.empty() ? "<p>no change</p>\n" : "<ul>\n" + list + "</ul>\n");
}

}  // namespace stepscope::analysis::cli
