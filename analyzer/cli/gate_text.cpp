// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_view.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kTermsInText = 8;
constexpr size_t kMostFindings = 4;

std::string wrapped_line(const std::string& text, const Terminal& terminal, size_t indent) {
  return wrapped(printable(text), terminal.width == 0 ? 100 : terminal.width, indent) + "\n";
}

std::string verdict_lines(const GateReport& report, const Terminal& terminal) {
  const Style style = report.verdict == "pass"         ? Style::kGood
                      : report.verdict == "regression" ? Style::kBad
                                                       : Style::kWarn;
  std::string out = styled(report.verdict, style, terminal);
  out += report.reasons.empty() ? "\n" : ": " + wrapped_line(report.reasons.front(), terminal, 2);
  for (size_t i = 1; i < report.reasons.size(); ++i) {
    out += "  " + wrapped_line(report.reasons[i], terminal, 4);
  }
  return out;
}

std::string number_lines(const GateReport& report) {
  const GateResult& r = *report.result;
  std::string out;
  if (r.step.base > 0) {
    out += fmt::format("  median    {} -> {} ms ({}{}; {} at level {:.4g})\n", milliseconds(r.step.base),
                       milliseconds(r.step.candidate), same_work_text(r), signed_share(r.step.estimate),
                       bounds_text(r.step), r.level);
  }
  if (const MetricChange* mean = mean_step(report); mean != nullptr) {
    out += fmt::format("  mean      {} -> {} ms ({}{}; {})\n", milliseconds(mean->change.base),
                       milliseconds(mean->change.candidate / (r.work.has_value() ? r.work->factor : 1.0)),
                       same_work_text(r), signed_share(mean->change.estimate), bounds_text(mean->change));
  }
  if (r.work.has_value()) {
    out +=
        fmt::format("  work      {:.6g} -> {:.6g} {} per step and rank: {} of the mean step are the work's\n",
                    r.work->change.base_per_step, r.work->change.candidate_per_step,
                    work_unit_name(r.work->change.unit), signed_milliseconds(r.work->explained_ns) + " ms");
  }
  out += fmt::format("  runs      {} base, {} candidate; run to run {} ({})\n", r.base_used, r.candidate_used,
                     r.noise == NoiseSource::kNone ? "not known" : "+-" + plain_share(r.run_sd),
                     noise_text(r.noise));
  out += fmt::format("  visible   {}: the smallest slowdown that these runs show with {:.0f} % probability\n",
                     plain_share(report.visible), 100 * report.policy.power);
  return out;
}

std::string cause_lines(const GateReport& report, const Terminal& terminal) {
  const std::vector<GateTerm> terms = shown_terms(report, kTermsInText);
  if (terms.empty()) {
    return "";
  }
  std::string out =
      "\n" + styled("why the step changed", Style::kBold, terminal) + " (" + report.causes.source + ")\n";
  for (size_t i = 0; i < std::min(kMostFindings, report.causes.findings.size()); ++i) {
    const GateCauses::Sentence& finding = report.causes.findings[i];
    out += "  " +
           wrapped_line(finding.text + (finding.advice.empty() ? "" : " -> " + finding.advice), terminal, 4);
  }
  TextTable table({{"ms per train step", Align::kLeft, Fit::kShorten},
                   {"change", Align::kRight},
                   {"base", Align::kRight},
                   {"candidate", Align::kRight}});
  for (const GateTerm& term : terms) {
    table.add_row({term.name + (term.flagged ? " *" : ""), signed_milliseconds(term.delta_ns),
                   milliseconds(term.base_ns), milliseconds(term.candidate_ns)});
  }
  return out + table.render(terminal);
}

std::string metric_lines(const GateReport& report, const Terminal& terminal) {
  TextTable table({{"metric", Align::kLeft, Fit::kShorten},
                   {"change", Align::kRight},
                   {"base", Align::kRight},
                   {"candidate", Align::kRight},
                   {"p", Align::kRight},
                   {""}});
  for (const MetricChange* metric : noteworthy(report)) {
    const Change& change = metric->change;
    table.add_row(
        {metric->name, change.base == 0 ? "new" : signed_share(change.estimate),
         metric_value(metric->name, change.base), metric_value(metric->name, change.candidate),
         fmt::format("{:.4f}", change.p),
         metric->verdict.has_value() ? std::string(gate_verdict_name(*metric->verdict)) : "warning"});
  }
  return table.empty() ? ""
                       : "\n" + styled("metrics that got worse", Style::kBold, terminal) + "\n" +
                             table.render(terminal);
}

std::string run_lines(const GateResult& result, const Terminal& terminal) {
  TextTable table({{"run", Align::kLeft, Fit::kShorten},
                   {"", Align::kLeft},
                   {"median ms", Align::kRight},
                   {"train steps", Align::kRight},
                   {"other steps", Align::kRight},
                   {"", Align::kLeft, Fit::kWrap}});
  for (const auto& [side, runs] :
       {std::pair("base", &result.base), std::pair("candidate", &result.candidate)}) {
    for (const GateRun& run : *runs) {
      table.add_row({printable(run.run), side, milliseconds(run.median_step_ns),
                     std::to_string(run.train_steps), std::to_string(run.excluded_steps),
                     run.left_out.empty() ? "" : "not counted: " + run.left_out});
    }
  }
  return "\n" + table.render(terminal);
}

}  // namespace

std::string gate_text(const GateReport& report, const Terminal& terminal) {
  std::string out = verdict_lines(report, terminal);
  if (report.result.has_value()) {
    out += number_lines(report);
    out += cause_lines(report, terminal);
    out += metric_lines(report, terminal);
    out += run_lines(*report.result, terminal);
    for (const std::string& note : report.result->notes) {
      out += "note: " + wrapped_line(note, terminal, 6);
    }
  }
  out += report.view.empty() ? "" : "view: " + report.view + "\n";
  return out + gate_last_line(report);
}

}  // namespace stepscope::analysis::cli
