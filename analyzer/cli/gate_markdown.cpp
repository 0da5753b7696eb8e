// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_plot.hpp"
#include "analyzer/cli/gate_view.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kTermsInMarkdown = 10;

// Names come from recorded programs: nothing of them may end a cell or become markup.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("|\\`*_{}[]<>#~!&$").find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

// Of a leaf or a metric, which may have the name of a kernel: pages long.
std::string name_cell(std::string_view name) {
  constexpr size_t kMostColumns = 200;
  return cell(shortened(printable(name), kMostColumns));
}

std::string numbers(const GateReport& report) {
  const GateResult& r = *report.result;
  std::vector<double> medians;
  for (const RunSummary& run : report.base) {
    medians.push_back(static_cast<double>(run.median_step_ns));
  }
  const size_t split = medians.size();
  for (const RunSummary& run : report.candidate) {
    medians.push_back(static_cast<double>(run.median_step_ns));
  }
  const std::string line = sparkline(medians);
  constexpr size_t kBlockBytes = 3;  // of UTF-8
  return fmt::format(
      "| | base | candidate | change |\n| --- | ---: | ---: | ---: |\n"
      "| median train step | {} ms | {} ms | {}**{}** ({}) |\n"
      "| runs | {} | {} | run to run {} |\n"
      "| medians | {} | {} | |\n\n"
      "Allowed: {}. Smallest slowdown that these runs show with {:.0f} % probability: {}.\n",
      milliseconds(r.step.base), milliseconds(r.step.candidate), same_work_text(r),
      signed_share(r.step.estimate), bounds_text(r.step), r.base_used, r.candidate_used,
      r.noise == NoiseSource::kNone ? "not known" : "± " + plain_share(r.run_sd),
      line.substr(0, split * kBlockBytes), line.substr(split * kBlockBytes), signed_share(r.threshold),
      100 * report.policy.power, plain_share(report.visible));
}

std::string causes(const GateReport& report) {
  const std::vector<GateTerm> terms = shown_terms(report, kTermsInMarkdown);
  if (terms.empty()) {
    return "";
  }
  std::string out = fmt::format("\n#### Why the step changed\n\n");
  for (const GateCauses::Sentence& finding : report.causes.findings) {
    out += fmt::format("- {}{}\n", cell(finding.text),
                       finding.advice.empty() ? "" : " *" + cell(finding.advice) + "*");
  }
  out += "\n| ms per train step | change | base | candidate |\n| --- | ---: | ---: | ---: |\n";
  for (const GateTerm& term : terms) {
    out += fmt::format("| {}{} | {} | {} | {} |\n", name_cell(term.name), term.flagged ? " \\*" : "",
                       signed_milliseconds(term.delta_ns), milliseconds(term.base_ns),
                       milliseconds(term.candidate_ns));
  }
  return out + fmt::format("\n<sub>{}</sub>\n", cell(report.causes.source));
}

std::string metrics(const GateReport& report) {
  std::string rows;
  for (const MetricChange* metric : noteworthy(report)) {
    rows += fmt::format("| {} | {} | {} | {} |\n", name_cell(metric->name),
                        metric->change.base == 0 ? "new" : signed_share(metric->change.estimate),
                        metric_value(metric->name, metric->change.base),
                        metric_value(metric->name, metric->change.candidate));
  }
  return rows.empty() ? ""
                      : "\n#### Metrics that got worse\n\n| metric | change | base | candidate |\n| --- | "
                        "---: | ---: | ---: "
                        "|\n" +
                            rows;
}

std::string run_list(const GateResult& result) {
  std::string out =
      "\n<details><summary>Runs</summary>\n\n| run | side | median ms | train steps | other steps | |\n"
      "| --- | --- | ---: | ---: | ---: | --- |\n";
  for (const auto& [side, runs] :
       {std::pair("base", &result.base), std::pair("candidate", &result.candidate)}) {
    for (const GateRun& run : *runs) {
      out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", cell(run.run), side,
                         milliseconds(run.median_step_ns), run.train_steps, run.excluded_steps,
                         run.left_out.empty() ? "" : "not counted: " + cell(run.left_out));
    }
  }
  return out + "\n</details>\n";
}

}  // namespace

std::string gate_markdown(const GateReport& report) {
  const std::string_view mark = report.verdict == "pass"         ? "✅"
                                : report.verdict == "regression" ? "❌"
                                                                 : "⚠️";
  std::string out = fmt::format("### {} stepscope gate: {}\n\n", mark, cell(report.verdict));
  for (const std::string& reason : report.reasons) {
    out += cell(reason) + ".\n\n";
  }
  if (report.result.has_value()) {
    out += numbers(report) + causes(report) + metrics(report) + run_list(*report.result);
    for (const std::string& note : report.result->notes) {
      out += "\n> " + cell(note) + "\n";
    }
  }
  return out;
}

}  // namespace stepscope::analysis::cli
