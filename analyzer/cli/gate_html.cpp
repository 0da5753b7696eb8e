// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_plot.hpp"
#include "analyzer/cli/gate_view.hpp"
#include "analyzer/cli/html_page.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

// A number stays together with its unit; where a line is too long it may end at a <wbr>.
std::string number_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c == ' ' ? std::string("&nbsp;") : std::string(1, c);
  }
  return out;
}

// The first `texts` cells are HTML, the others numbers.
std::string row_of(const std::vector<std::string>& cells, size_t texts, const char* tag = "td") {
  std::string out = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool number = i >= texts;
    out += fmt::format("<{}{}>{}</{}>", tag, number ? " class=\"n\"" : "",
                       number ? number_cell(cells[i]) : cells[i], tag);
  }
  return out + "</tr>\n";
}

std::string_view css_of(std::string_view verdict) {
  return verdict == "pass" ? "better" : verdict == "regression" ? "worse" : "unsure";
}

std::string coloured_word(std::string_view text, std::string_view css) {
  return fmt::format("<span class=\"word {}\">{}</span>", css, text);
}

std::string verdict_box(const GateReport& report) {
  std::string out = fmt::format("<div class=\"verdict {}\">\n<h1>stepscope gate: {}</h1>\n",
                                css_of(report.verdict), markup_escaped(report.verdict));
  for (const std::string& reason : report.reasons) {
    out += fmt::format("<p>{}</p>\n", markup_escaped(reason));
  }
  return out + "</div>\n";
}

std::string p_text(const Change& change) {
  constexpr double kShown = 0.0001;
  return !change.known ? "" : change.p < kShown ? "&lt; 0.0001" : fmt::format("{:.4f}", change.p);
}

std::vector<std::string> change_cells(const std::string& name, const Change& change,
                                      const std::string& same_work) {
  return {name, milliseconds(change.base) + " ms", milliseconds(change.candidate) + " ms",
          same_work + signed_share(change.estimate),
          change.known ? signed_share(change.low) + " ..<wbr> " + signed_share(change.high) : "not known"};
}

std::string numbers_section(const GateReport& report) {
  const GateResult& r = *report.result;
  std::string out = "<div class=\"scroll\">\n<table>\n" +
                    row_of({"", "base", "candidate", "change", "one-sided<wbr> bounds"}, 1, "th");
  const std::string same_work(same_work_text(r));
  out += row_of(change_cells("median train step", r.step, same_work), 1);
  if (const MetricChange* mean = mean_step(report)) {
    out += row_of(change_cells("mean train step", mean->change, same_work), 1);
  }
  out += row_of({"runs", std::to_string(r.base_used), std::to_string(r.candidate_used), "", ""}, 1);
  const std::string noise = r.noise == NoiseSource::kNone
                                ? "not known"
                                : fmt::format("&plusmn;{} ({})", plain_share(r.run_sd), noise_text(r.noise));
  return out + fmt::format(
                   "</table>\n</div>\n<p>Allowed: {}. Run to run: {}. Smallest slowdown that these runs show "
                   "with {:.0f} % probability: {}.</p>\n",
                   signed_share(r.threshold), noise, 100 * report.policy.power, plain_share(report.visible));
}

std::string plots_section(const GateReport& report) {
  const auto has_steps = [](const RunSummary& run) { return !run.train_step_ns.empty(); };
  if (std::none_of(report.base.begin(), report.base.end(), has_steps) &&
      std::none_of(report.candidate.begin(), report.candidate.end(), has_steps)) {
    return "";
  }
  return "<h2>Step time</h2>\n<figure>\n<figcaption>Median step of each run, ms; dashed: what is "
         "allowed</figcaption>\n<div class=\"plot\">\n" +
         run_plot_svg(*report.result) +
         "</div>\n</figure>\n<figure>\n<figcaption>Each run from its first train step to its last:"
         "<span class=\"key\"><span class=\"swatch base\"></span>base</span><span class=\"key\">"
         "<span class=\"swatch candidate\"></span>candidate</span>; dashed: medians</figcaption>\n<div "
         "class=\"plot\">\n" +
         step_plot_svg(report.base, report.candidate) + "</div>\n</figure>\n";
}

std::string causes_section(const GateReport& report) {
  constexpr size_t kMostBars = 14;
  const std::vector<GateTerm> terms = shown_terms(report, kMostBars);
  if (terms.empty() && report.causes.findings.empty()) {
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
  return out + waterfall_table(terms, base, base + candidate) +
         fmt::format("<p class=\"quiet\">Mean train step; {}.</p>\n", markup_escaped(report.causes.source));
}

std::string verdict_word(const MetricChange& metric) {
  if (metric.verdict.has_value()) {
    const std::string_view name = gate_verdict_name(*metric.verdict);
    return coloured_word(name, css_of(name));
  }
  return metric.warned ? coloured_word("warning", "unsure") : "";
}

// Without those of which there is nothing on either side.
std::string metrics_section(const GateReport& report) {
  std::string rows;
  for (const MetricChange& metric : report.result->metrics) {
    if (metric.change.base == 0 && metric.change.candidate == 0) {
      continue;
    }
    rows += row_of(
        {markup_escaped(metric.name) + " " + verdict_word(metric),
         metric_value(metric.name, metric.change.base), metric_value(metric.name, metric.change.candidate),
         metric.change.base == 0 ? "new" : signed_share(metric.change.estimate), p_text(metric.change)},
        1);
  }
  return rows.empty() ? ""
                      : "<h2>Metrics</h2>\n<div class=\"scroll\">\n<table>\n" +
                            row_of({"metric", "base", "candidate", "change", "p"}, 1, "th") + rows +
                            "</table>\n</div>\n";
}

std::string runs_section(const GateResult& result) {
  std::string out = "<h2>Runs</h2>\n<div class=\"scroll\">\n<table>\n" +
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
  return out + "</table>\n</div>\n";
}

}  // namespace

std::string gate_html(const GateReport& report) {
  std::string body = verdict_box(report);
  if (report.result.has_value()) {
    body += numbers_section(report) + plots_section(report) + causes_section(report) +
            metrics_section(report) + runs_section(*report.result);
    for (const std::string& note : report.result->notes) {
      body += fmt::format("<p>Note: {}</p>\n", markup_escaped(note));
    }
  }
  return html_page("stepscope gate: " + report.verdict, body);
}

}  // namespace stepscope::analysis::cli
