// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/trend_view.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kSparkWidth = 72;

bool is_worse(const History& history, const ChangePoint& change) {
  return (change.after > change.before) == larger_is_worse(history.metric);
}

std::string relative_change(const ChangePoint& change) {
  return change.before == 0 ? "-" : fmt::format("{:+.1f} %", 100 * (change.after / change.before - 1));
}

std::string title_of(const History& history) {
  const std::string what = history.name.empty() ? history.source : history.name;
  std::string out = fmt::format("{}: {}, {}", printable(what), printable(history.metric),
                                counted(history.points.size(), "run"));
  if (!history.points.empty() && !history.points.front().time.empty()) {
    out += fmt::format(", {} to {}", printable(history.points.front().time),
                       printable(history.points.back().time));
  }
  return out;
}

std::string left_out_text(const History& history) {
  std::string out;
  if (history.left_out != 0) {
    out += fmt::format("  left out: {} expired or without a value\n", counted(history.left_out, "run"));
  }
  if (history.elsewhere != 0) {
    out += fmt::format("  {} of other fingerprints; --fingerprint KEY shows those\n",
                       counted(history.elsewhere, "run"));
  }
  return out;
}

}  // namespace

std::string metric_value(std::string_view metric, double value) {
  if (metric.ends_with("_ns")) {
    return milliseconds(value) + " ms";
  }
  if (metric.ends_with("_bytes") && value >= 0) {
    return bytes(static_cast<uint64_t>(value));
  }
  return fmt::format("{:.6g}", value);
}

std::string change_sentence(const TrendReport& report, const ChangePoint& change) {
  const History& history = report.history;
  const bool worse = is_worse(history, change);
  return fmt::format("{} since {} (last before it: {}): {} -> {}, {}, p = {:.3f}", worse ? "worse" : "better",
                     printable(name_of(history, change.index)), printable(name_of(history, change.index - 1)),
                     metric_value(history.metric, change.before), metric_value(history.metric, change.after),
                     relative_change(change), change.p_value);
}

std::string sparkline(const std::vector<double>& values, size_t width) {
  if (values.empty()) {
    return "";
  }
  const size_t count = std::min(width, values.size());
  std::vector<double> means;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * values.size() / count;
    const size_t end = (i + 1) * values.size() / count;
    double sum = 0;
    for (size_t k = begin; k < end; ++k) {
      sum += values[k];
    }
    means.push_back(sum / static_cast<double>(end - begin));
  }
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string out;
  for (const double mean : means) {
    const double part = *high > *low ? (mean - *low) / (*high - *low) : 0;
    out += kBars[static_cast<size_t>(std::lround(part * 7))];
  }
  return out;
}

std::string trend_text(const TrendReport& report, const Terminal& terminal) {
  const History& history = report.history;
  const std::vector<double> values = values_of(history);
  std::string out = title_of(history) + "\n";
  out += left_out_text(history);
  if (values.empty()) {
    return out;
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  out += fmt::format("  {}  {} to {}\n", sparkline(values, kSparkWidth), metric_value(history.metric, *low),
                     metric_value(history.metric, *high));
  for (const ChangePoint& change : report.found.changes) {
    const Style style = is_worse(history, change) ? Style::kBad : Style::kGood;
    out += styled(change_sentence(report, change), style, terminal) + "\n";
  }
  if (report.found.changes.empty()) {
    out += values.size() < 2 * kShortestLevel
               ? fmt::format("too few runs: a change needs {} before and {} after it\n", kShortestLevel,
                             kShortestLevel)
               : "no change\n";
  }
  out += fmt::format("noise between runs: {}", metric_value(history.metric, report.found.noise));
  if (report.found.correlation > 0) {
    out += fmt::format("; neighbours are correlated ({:.2f}), so a change has to be larger",
                       report.found.correlation);
  }
  return out + "\n";
}

ordered_json trend_json(const TrendReport& report) {
  const History& history = report.history;
  ordered_json document = json_head("trend", 1);
  document["source"] = history.source;
  document["name"] = history.name;
  document["fingerprint"] = history.fingerprint;
  document["metric"] = history.metric;
  document["noise"] = report.found.noise;
  document["correlation"] = report.found.correlation;
  document["left_out"] = history.left_out;
  document["changes"] = ordered_json::array();
  for (const ChangePoint& change : report.found.changes) {
    document["changes"].push_back({{"index", change.index},
                                   {"first", name_of(history, change.index)},
                                   {"last_before", name_of(history, change.index - 1)},
                                   {"worse", is_worse(history, change)},
                                   {"before", change.before},
                                   {"after", change.after},
                                   {"p_value", change.p_value}});
  }
  document["runs"] = ordered_json::array();
  for (const HistoryPoint& point : history.points) {
    document["runs"].push_back(
        {{"time", point.time}, {"commit", point.commit}, {"run", point.run}, {"value", point.value}});
  }
  return document;
}

}  // namespace stepscope::analysis::cli
