// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/html_page.hpp"
#include "analyzer/cli/markup.hpp"
#include "analyzer/cli/trend_view.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr double kTrendWidth = 960;
constexpr double kTrendHeight = 320;
constexpr double kTrendLeft = 96;
constexpr double kTrendRight = 24;
constexpr double kTrendTop = 24;
constexpr double kTrendBottom = 40;

// A picture of its own: it looks the same on a page and in a viewer of pictures, which has no page to take colours from.
constexpr std::string_view kTrendStyle =
    "text{font:12px sans-serif;fill:#59636e}.ground{fill:#fff}.axis{stroke:#848d97}.run{fill:#0969da}"
    ".level{stroke:#1f2328;stroke-width:2}.change{stroke:#bc4c00;stroke-dasharray:4 3}"
    "@media screen and (prefers-color-scheme:dark){text{fill:#a3abb5}.ground{fill:#15181c}.run{fill:#58a6ff}"
    ".level{stroke:#e6e8eb}.change{stroke:#f0883e}}";

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
    return kTrendLeft + (index + 0.5) / static_cast<double>(count) * (kTrendWidth - kTrendLeft - kTrendRight);
  }
  [[nodiscard]] double y(double value) const {
    return kTrendTop + (high - value) / (high - low) * (kTrendHeight - kTrendTop - kTrendBottom);
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
      "<style>{4}</style>\n<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n",
      kTrendWidth, kTrendHeight, markup_escaped(history.metric),
      markup_escaped(history.name.empty() ? history.source : history.name), kTrendStyle);
  if (values.empty()) {
    return out + "</svg>\n";
  }
  const TrendScale scale(values);
  out += fmt::format("<line class=\"axis\" x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\"/>\n", kTrendLeft,
                     kTrendTop, kTrendHeight - kTrendBottom);
  for (const double part : {0.05, 0.5, 0.95}) {
    const double value = scale.low + part * (scale.high - scale.low);
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", kTrendLeft - 8,
                       scale.y(value) + 4, metric_value(history.metric, value));
  }
  size_t begin = 0;
  for (const ChangePoint& change : report.found.changes) {
    out += level_line(scale, begin, change.index, change.before);
    out += fmt::format(
        "<line class=\"change\" x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\"/>\n"
        "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>\n",
        scale.x(static_cast<double>(change.index) - 0.5), kTrendTop, kTrendHeight - kTrendBottom,
        kTrendHeight - kTrendBottom + 18,
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
  const std::string title = report.history.name.empty() ? report.history.source : report.history.name;
  std::string list;
  for (const ChangePoint& change : report.found.changes) {
    list += fmt::format("<li>{}</li>\n", markup_escaped(change_sentence(report, change)));
  }
  // Many runs side by side stay readable on a narrow screen only when they may be pushed about.
  const std::string body =
      fmt::format("<h1>{}</h1>\n<p>{}, {}</p>\n<div class=\"scroll\">\n{}</div>\n{}", markup_escaped(title),
                  markup_escaped(report.history.metric), counted(report.history.points.size(), "run"),
                  trend_svg(report), list.empty() ? "<p>no change</p>\n" : "<ul>\n" + list + "</ul>\n");
  return html_page(title, body);
}

}  // namespace stepscope::analysis::cli
