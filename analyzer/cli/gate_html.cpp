// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_plot.hpp"
#include "analyzer/cli/gate_view.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr std::string_view kStyle = R"(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
.pass { color: #1a7f37 } .regression { color: #cf222e } .other { color: #9a6700 }
table { border-collapse: collapse; width: 100% } th, td { padding: .3em .6em; border-bottom: 1px solid #ddd; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif }
svg text { fill: #444 } .grid { stroke: #e4e4e4 }
polyline { fill: none; stroke-width: 1; opacity: .55 } .median { stroke-width: 1.5; stroke-dasharray: 6 4 }
polyline.base, line.base { stroke: #0969da } polyline.candidate, line.candidate { stroke: #d1570b }
rect.base { fill: #0969da } rect.candidate { fill: #d1570b } rect.worse { fill: #cf222e } rect.better { fill: #1a7f37 }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #161616 } svg text { fill: #bbb } .grid { stroke: #333 }
  th, td { border-color: #333 } }
)";

std::string row_of(const std::vector<std::string>& cells, size_t texts, const char* tag = "td") {
  std::string out = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    out += fmt::format("<{}{}>{}</{}>", tag, i < texts ? "" : " class=\"n\"", cells[i], tag);
  }
  return out + "</tr>\n";
}

std::string numbers_section(const GateReport& report) {
  const GateResult& r = *report.result;
  std::string out = "<table>\n" + row_of({"", "base", "candidate", "change"}, 1, "th");
  out += row_of(
      {"median train step, ms", milliseconds(r.step.base), milliseconds(r.step.candidate),
       std::string(same_work_text(r)) + signed_share(r.step.estimate) + " (" + bounds_text(r.step) + ")"},
      1);
  out += row_of({"runs", std::to_string(r.base_used), std::to_string(r.candidate_used),
                 r.noise == NoiseSource::kNone ? "" : "run to run &plusmn;" + plain_share(r.run_sd)},
                1);
  return out + fmt::format(
                   "</table>\n<p>Allowed: {}. Smallest slowdown that these runs show with {:.0f} % "
                   "probability: {}.</p>\n",
                   signed_share(r.threshold), 100 * report.policy.power, plain_share(report.visible));
}

std::string causes_section(const GateReport& report) {
  constexpr size_t kMostTerms = 14;
  const std::vector<GateTerm> terms = shown_terms(report, kMostTerms);
  if (terms.empty()) {
    return "";
  }
  std::string out = "<h2>Why the step changed</h2>\n";
  if (!report.causes.findings.empty()) {
    out += "<ul>\n";
    for (const GateCauses::Sentence& finding : report.causes.findings) {
      out += fmt::format("<li>{} <em>{}</em></li>\n", markup_escaped(finding.text),
                         markup_escaped(finding.advice));
    }
    out += "</ul>\n";
  }
  double base = 0;
  double candidate = 0;
  for (const GateTerm& term : report.causes.terms) {
    base += term.base_ns;
    candidate += term.delta_ns;
  }
  return out + waterfall_svg(terms, base, base + candidate) +
         fmt::format("<p>Mean train step; {}.</p>\n", markup_escaped(report.causes.source));
}

std::string metrics_section(const GateReport& report) {
  std::string out =
      "<h2>Metrics</h2>\n<table>\n" + row_of({"metric", "", "base", "candidate", "change", "p"}, 2, "th");
  for (const MetricChange& metric : report.result->metrics) {
    out += row_of(
        {markup_escaped(metric.name),
         metric.verdict.has_value() ? std::string(gate_verdict_name(*metric.verdict))
         : metric.warned            ? "warning"
                                    : "",
         metric_value(metric.name, metric.change.base), metric_value(metric.name, metric.change.candidate),
         metric.change.base == 0 ? "" : signed_share(metric.change.estimate),
         metric.change.known ? fmt::format("{:.4f}", metric.change.p) : ""},
        2);
  }
  return out + "</table>\n";
}

std::string runs_section(const GateResult& result) {
  std::string out = "<h2>Runs</h2>\n<table>\n" +
                    row_of({"run", "side", "", "median ms", "train steps", "other steps"}, 3, "th");
  for (const auto& [side, runs] :
       {std::pair("base", &result.base), std::pair("candidate", &result.candidate)}) {
    for (const GateRun& run : *runs) {
      out += row_of({markup_escaped(run.run), side,
                     run.left_out.empty() ? "" : "not counted: " + markup_escaped(run.left_out),
                     milliseconds(run.median_step_ns), std::to_string(run.train_steps),
                     std::to_string(run.excluded_steps)},
                    3);
    }
  }
  return out + "</table>\n";
}

}  // namespace

std::string gate_html(const GateReport& report) {
  const std::string css =
      report.verdict == "pass" || report.verdict == "regression" ? report.verdict : "other";
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>stepscope gate: {0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<h1>stepscope gate: <span class=\"{2}\">{0}</span></h1>\n",
      markup_escaped(report.verdict), kStyle, css);
  for (const std::string& reason : report.reasons) {
    out += fmt::format("<p>{}</p>\n", markup_escaped(reason));
  }
  if (report.result.has_value()) {
    out += numbers_section(report);
    out += "<h2>Step time</h2>\n<p>Base blue, candidate orange; dashed: the runs' medians.</p>\n" +
           step_plot_svg(report.base, report.candidate);
    out += causes_section(report) + metrics_section(report) + runs_section(*report.result);
    for (const std::string& note : report.result->notes) {
      out += fmt::format("<p>Note: {}</p>\n", markup_escaped(note));
    }
  }
  return out + "</body>\n</html>\n";
}

}  // namespace stepscope::analysis::cli
