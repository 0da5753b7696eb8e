// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/gate_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 260;
constexpr double kLeft = 70;  // for the labels of the axis
constexpr double kBottom = 30;
constexpr size_t kMostPoints = 400;  // of a run; more than there are pixels is no picture

// From values to pixels, upwards.
struct Scale {
  double low = 0;
  double high = 1;

  [[nodiscard]] double y(double value) const {
    return 10 + (kHeight - kBottom - 10) * (1 - (value - low) / (high - low));
  }
};

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

std::string axis(const Scale& scale) {
  std::string out;
  for (int i = 0; i <= 4; ++i) {
    const double value = scale.low + (scale.high - scale.low) * i / 4;
    const double y = scale.y(value);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\"/>"
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        kLeft, y, kWidth, y, kLeft - 6, y + 4, milliseconds(value));
  }
  return out + fmt::format("<text x=\"{}\" y=\"{}\">train steps (ms over step)</text>\n", kLeft, kHeight - 8);
}

std::string run_line(const RunSummary& run, const char* side, const Scale& scale) {
  const size_t count = run.train_step_ns.size();
  std::string points;
  for (size_t i = 0; i < std::min(count, kMostPoints); ++i) {
    const size_t at = count <= kMostPoints ? i : i * count / kMostPoints;
    const double x = kLeft + (kWidth - kLeft) * (static_cast<double>(at) + 0.5) /
                                 static_cast<double>(std::max<size_t>(1, count));
    const double value = std::clamp(static_cast<double>(run.train_step_ns[at]), scale.low, scale.high);
    points += fmt::format("{:.1f},{:.1f} ", x, scale.y(value));
  }
  const double middle = scale.y(std::clamp(static_cast<double>(run.median_step_ns), scale.low, scale.high));
  return fmt::format(
      "<polyline class=\"{}\" points=\"{}\"><title>{}: median {} ms</title></polyline>\n"
      "<line class=\"{} median\" x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\"/>\n",
      side, points, markup_escaped(run.run), milliseconds(static_cast<double>(run.median_step_ns)), side,
      kLeft, middle, kWidth, middle);
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

std::string step_plot_svg(std::span<const RunSummary> base, std::span<const RunSummary> candidate) {
  const Scale scale = scale_of(base, candidate);
  std::string out =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"step times\">\n", kWidth, kHeight);
  out += axis(scale);
  for (const RunSummary& run : base) {
    out += run_line(run, "base", scale);
  }
  for (const RunSummary& run : candidate) {
    out += run_line(run, "candidate", scale);
  }
  return out + "</svg>\n";
}

std::string waterfall_svg(std::span<const GateTerm> terms, double base_ns, double candidate_ns) {
  constexpr double kRow = 22;
  constexpr double kNames = 260;
  double low = std::min(base_ns, candidate_ns);
  double high = std::max(base_ns, candidate_ns);
  double at = base_ns;
  for (const GateTerm& term : terms) {
    at += term.delta_ns;
    low = std::min(low, at);
    high = std::max(high, at);
  }
  const double margin = std::max(0.05 * (high - low), 1.0);
  const auto x = [&](double ns) {
    return kNames + (kWidth - kNames - 80) * (ns - low + margin) / (high - low + 2 * margin);
  };
  std::string out;
  double y = 4;
  const auto row = [&](const std::string& name, const char* css, double from, double to,
                       const std::string& label) {
    out += fmt::format(
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>"
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
        kNames - 8, y + 14, markup_escaped(name), css, x(std::min(from, to)), y,
        std::max(1.0, x(std::max(from, to)) - x(std::min(from, to))), kRow - 6, x(std::max(from, to)) + 5,
        y + 13, label);
    y += kRow;
  };
  row("base", "base", low - margin, base_ns, milliseconds(base_ns) + " ms");
  at = base_ns;
  for (const GateTerm& term : terms) {
    row(term.name, term.delta_ns > 0 ? "worse" : "better", at, at + term.delta_ns,
        signed_milliseconds(term.delta_ns) + " ms");
    at += term.delta_ns;
  }
  if (std::fabs(candidate_ns - at) >= 0.5) {
    row("all else", candidate_ns > at ? "worse" : "better", at, candidate_ns,
        signed_milliseconds(candidate_ns - at) + " ms");
  }
  row("candidate", "candidate", low - margin, candidate_ns, milliseconds(candidate_ns) + " ms");
  return fmt::format(
      "<svg viewBox=\"0 0 {} {:.0f}\" role=\"img\" aria-label=\"terms of the change\">\n{}</svg>\n", kWidth,
      y + 4, out);
}

}  // namespace stepscope::analysis::cli
