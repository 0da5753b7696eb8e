// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/gate_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr double kStepsHeight = 220;  // of the plot of steps, pixels
constexpr double kStepsWidth = 1000;  // its width in its own unit, which is stretched to the page
constexpr size_t kMostPoints = 400;   // of a run; more than there are pixels is no picture

// From values to shares of a length.
struct Scale {
  double low = 0;
  double high = 1;

  [[nodiscard]] double share(double value) const {
    return (std::clamp(value, low, high) - low) / (high - low);
  }
  [[nodiscard]] double percent(double value) const { return 100 * share(value); }
  [[nodiscard]] double y(double value) const { return kStepsHeight * (1 - share(value)); }
};

// Round values inside the scale, three to seven of them.
std::vector<double> ticks_of(const Scale& scale) {
  const double wanted = (scale.high - scale.low) / 4;
  const double decade = std::pow(10, std::floor(std::log10(wanted)));
  const double part = wanted / decade;
  const double step = decade * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
  const double first = std::ceil(scale.low / step);
  std::vector<double> out;
  constexpr int kMost = 8;
  for (int i = 0; i < kMost && (first + i) * step <= scale.high; ++i) {
    out.push_back((first + i) * step);
  }
  return out;
}

// As many digits as tell the ticks apart.
std::string tick_text(double ns, const std::vector<double>& ticks) {
  constexpr double kNsPerMs = 1e6;
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : ns;
  const int digits =
      std::clamp(static_cast<int>(-std::floor(std::log10(std::max(step, 1.0) / kNsPerMs))), 0, 6);
  return fmt::format("{:.{}f}", ns / kNsPerMs, digits);
}

// Outliers are cut off at the edge, so that the bulk can be seen.
Scale scale_of(std::span<const RunSummary> base, std::span<const RunSummary> candidate) {
  std::vector<double> all;
  for (const std::span<const RunSummary> side : {base, candidate}) {
    for (const RunSummary& run : side) {
      all.insert(all.end(), run.train_step_ns.begin(), run.train_step_ns.end());
    }
  }
  if (all.empty()) {
    return {};
  }
  std::sort(all.begin(), all.end());
  const double low = all[all.size() / 100];
  const double high = all[all.size() - 1 - all.size() / 100];
  const double margin = std::max(0.1 * (high - low), 0.002 * high + 1);
  return {low - margin, high + margin};
}

std::string step_axis(const Scale& scale) {
  std::string out;
  const std::vector<double> ticks = ticks_of(scale);
  for (const double value : ticks) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"0\" y1=\"{0:.1f}\" x2=\"100%\" y2=\"{0:.1f}\"/>"
        "<text x=\"-8\" y=\"{1:.1f}\" text-anchor=\"end\">{2} ms</text>\n",
        scale.y(value), scale.y(value) + 4, tick_text(value, ticks));
  }
  return out + fmt::format(
                   "<text x=\"0\" y=\"{0}\">first train step</text>"
                   "<text x=\"100%\" y=\"{0}\" text-anchor=\"end\">last</text>\n",
                   kStepsHeight + 16);
}

std::string run_line(const RunSummary& run, const char* side, const Scale& scale) {
  const size_t count = run.train_step_ns.size();
  std::string points;
  for (size_t i = 0; i < std::min(count, kMostPoints); ++i) {
    const size_t at = count <= kMostPoints ? i : i * count / kMostPoints;
    const double x = kStepsWidth * (static_cast<double>(at) + 0.5) / static_cast<double>(count);
    points += fmt::format("{:.1f},{:.1f} ", x, scale.y(static_cast<double>(run.train_step_ns[at])));
  }
  return fmt::format(
      "<polyline class=\"{0}\" vector-effect=\"non-scaling-stroke\" points=\"{1}\">"
      "<title>{2}: median {3} ms</title></polyline>\n"
      "<line class=\"{0} median\" vector-effect=\"non-scaling-stroke\" x1=\"0\" y1=\"{4:.1f}\" x2=\"{5}\" "
      "y2=\"{4:.1f}\"/>\n",
      side, points, markup_escaped(run.run), milliseconds(static_cast<double>(run.median_step_ns)),
      scale.y(static_cast<double>(run.median_step_ns)), kStepsWidth);
}

}  // namespace

std::string sparkline(std::span<const double> values) {
  static constexpr std::array<std::string_view, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string out;
  if (values.empty()) {
    return out;
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  for (const double value : values) {
    const double part = *high > *low ? (value - *low) / (*high - *low) : 0.0;
    out += kBlocks.at(static_cast<size_t>(std::min(7.0, std::floor(8 * part))));
  }
  return out;
}

std::string run_plot_svg(const GateResult& result) {
  constexpr double kRow = 26;
  const double allowed = result.step.base * (1 + result.threshold);  // 0: no run of the base counts
  std::vector<double> shown{result.step.base, allowed};
  for (const auto* runs : {&result.base, &result.candidate}) {
    for (const GateRun& run : *runs) {
      shown.push_back(run.median_step_ns);
    }
  }
  std::erase(shown, 0);
  if (shown.empty()) {
    return "";
  }
  const auto [least, most] = std::minmax_element(shown.begin(), shown.end());
  const double margin = std::max(0.05 * (*most - *least), 0.0005 * *most + 1);
  const Scale scale{*least - margin, *most + margin};
  std::string out =
      fmt::format("<svg class=\"runs\" height=\"{}\" role=\"img\" aria-label=\"median step of each run\">\n",
                  2 * kRow + 22);
  const std::vector<double> ticks = ticks_of(scale);
  for (const double value : ticks) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.2f}%\" y1=\"0\" x2=\"{0:.2f}%\" y2=\"{1}\"/>"
        "<text x=\"{0:.2f}%\" y=\"{2}\" text-anchor=\"middle\">{3}</text>\n",
        scale.percent(value), 2 * kRow, 2 * kRow + 16, tick_text(value, ticks));
  }
  if (allowed > 0) {
    out += fmt::format(
        "<line class=\"allowed\" x1=\"{0:.2f}%\" y1=\"0\" x2=\"{0:.2f}%\" y2=\"{1}\"><title>allowed: {2} ms"
        "</title></line>\n",
        scale.percent(allowed), 2 * kRow, milliseconds(allowed));
  }
  double y = kRow / 2;
  for (const auto& [side, runs] :
       {std::pair("base", &result.base), std::pair("candidate", &result.candidate)}) {
    out += fmt::format("<text x=\"-8\" y=\"{}\" text-anchor=\"end\">{}</text>\n", y + 4, side);
    for (const GateRun& run : *runs) {
      if (run.median_step_ns > 0) {
        out += fmt::format(
            "<circle class=\"{}{}\" cx=\"{:.2f}%\" cy=\"{}\" r=\"5\" fill-opacity=\".6\"><title>{}: {} ms"
            "</title></circle>\n",
            side, run.left_out.empty() ? "" : " out", scale.percent(run.median_step_ns), y,
            markup_escaped(run.run), milliseconds(run.median_step_ns));
      }
    }
    y += kRow;
  }
  return out + "</svg>\n";
}

std::string step_plot_svg(std::span<const RunSummary> base, std::span<const RunSummary> candidate) {
  const Scale scale = scale_of(base, candidate);
  std::string out = fmt::format(
      "<svg class=\"steps\" height=\"{}\" role=\"img\" aria-label=\"step time over the steps of each "
      "run\">\n{}"
      "<svg width=\"100%\" height=\"{}\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\">\n",
      kStepsHeight + 22, step_axis(scale), kStepsHeight, kStepsWidth, kStepsHeight);
  for (const RunSummary& run : base) {
    out += run_line(run, "base", scale);
  }
  for (const RunSummary& run : candidate) {
    out += run_line(run, "candidate", scale);
  }
  return out + "</svg>\n</svg>\n";
}

std::string waterfall_table(std::span<const GateTerm> terms, double base_ns, double candidate_ns) {
  Scale scale{std::min(base_ns, candidate_ns), std::max(base_ns, candidate_ns)};
  double at = base_ns;
  for (const GateTerm& term : terms) {
    at += term.delta_ns;
    scale.low = std::min(scale.low, at);
    scale.high = std::max(scale.high, at);
  }
  // A change of a fraction of a percent is not drawn from edge to edge.
  constexpr double kLeastRange = 0.02;  // share of the base
  const double range = scale.high - scale.low;
  const double margin = std::max(0.02 * range, (kLeastRange * std::fabs(base_ns) - range) / 2 + 1);
  scale = {scale.low - margin, scale.high + margin};
  std::string out =
      "<div class=\"scroll\">\n<table class=\"waterfall\">\n<tr><th>ms per train step</th><th "
      "aria-hidden=\"true\"></th>"
      "<th class=\"n\">change</th><th class=\"n\">base &rarr; candidate</th></tr>\n";
  // A bar, or for a whole step a mark; the thin line is the base.
  const auto row = [&](const std::string& name, const std::string& shape, const std::string& change,
                       const std::string& sides) {
    out += fmt::format(
        "<tr><td>{0}</td><td class=\"picture\"><svg width=\"100%\" height=\"18\" aria-hidden=\"true\">"
        "<line class=\"grid\" x1=\"{1:.2f}%\" y1=\"0\" x2=\"{1:.2f}%\" y2=\"18\"/>{2}</svg></td>"
        "<td class=\"n\">{3}</td><td class=\"n\">{4}</td></tr>\n",
        markup_escaped(name), scale.percent(base_ns), shape, change, sides);
  };
  const auto mark = [&](const char* side, double ns) {
    return fmt::format(
        "<line class=\"{0}\" stroke-width=\"3\" x1=\"{1:.2f}%\" y1=\"1\" x2=\"{1:.2f}%\" y2=\"17\"/>", side,
        scale.percent(ns));
  };
  const auto bar = [&](double from, double to) {
    const double left = scale.percent(std::min(from, to));
    return fmt::format("<rect class=\"{}\" x=\"{:.2f}%\" y=\"2\" width=\"{:.2f}%\" height=\"14\"/>",
                       to > from ? "worse" : "better", left, scale.percent(std::max(from, to)) - left);
  };
  const auto row_of_term = [&](const std::string& name, double delta_ns, const std::string& sides) {
    row(name, bar(at, at + delta_ns), signed_milliseconds(delta_ns), sides);
    at += delta_ns;
  };
  row("base", mark("base", base_ns), "", milliseconds(base_ns));
  at = base_ns;
  for (const GateTerm& term : terms) {
    row_of_term(term.name, term.delta_ns,
                milliseconds(term.base_ns) + " &rarr;<wbr>&nbsp;" + milliseconds(term.candidate_ns));
  }
  constexpr double kShownNs = 5000;  // less shows as 0.00 ms
  if (std::fabs(candidate_ns - at) >= kShownNs) {
    row_of_term("all else", candidate_ns - at, "");
  }
  row("candidate", mark("candidate", candidate_ns), signed_milliseconds(candidate_ns - base_ns),
      milliseconds(candidate_ns));
  return out + "</table>\n</div>\n";
}

}  // namespace stepscope::analysis::cli
