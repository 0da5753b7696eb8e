// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "analyzer/cli/diff_view.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_plot.hpp"
#include "analyzer/cli/html_page.hpp"
#include "analyzer/cli/markup.hpp"
#include "analyzer/cli/page_parts.hpp"
#include "analyzer/cli/page_pictures.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kMostBars = 14;
constexpr size_t kMostLeafRows = 16;
constexpr size_t kMostGroups = 20;

// The ledger a run is compared by, and whose steps it has: the job's, else those of the first process that has any.
struct SideSteps {
  const Ledger* ledger = nullptr;
  const ProcessLedger* process = nullptr;
};

SideSteps side_steps(const AnalyzedRun& run, bool by_ranks) {
  if (by_ranks && run.ranks != nullptr && run.ranks->known) {
    return {&run.ranks->ledger, &run.ranks->ledger.processes[0]};
  }
  for (const ProcessLedger& process : run.ledger->processes) {
    if (!process.steps.steps.empty()) {
      return {run.ledger, &process};
    }
  }
  return {};
}

std::string times_section(const DiffReport& report, std::span<const AnalyzedRun> base,
                          std::span<const AnalyzedRun> candidate) {
  std::vector<StepSeries> series;
  for (const auto& [side, is_candidate] : {std::pair(base, false), std::pair(candidate, true)}) {
    for (const AnalyzedRun& run : side) {
      StepSeries one{std::string(run.run->label()), is_candidate, {}};
      if (const SideSteps steps = side_steps(run, report.diff.by_ranks); steps.process != nullptr) {
        for (const Step& step : steps.process->steps.steps) {
          one.steps.push_back({static_cast<double>(step.duration_ns()), step.step_class});
        }
      }
      series.push_back(std::move(one));
    }
  }
  return "<h2>Step time</h2>\n<figure>" + step_times_svg(series) +
         "<figcaption>Base blue, candidate orange. Rings: steps that are no train "
         "steps.</figcaption></figure>\n";
}

// The terms in order of size; what does not fit is one bar, so that the bars add up.
std::string waterfall_section(const Diff& diff) {
  std::vector<GateTerm> bars;
  GateTerm rest{"all else", 0, 0, 0, false};
  for (const Term& term : diff.terms) {
    const bool shown = bars.size() < kMostBars && (term.flagged || std::llabs(term.delta_ns) >= 5000);
    if (shown) {
      const std::string whose = term.rank < 0 ? "" : fmt::format(" (rank {})", term.rank);
      bars.push_back({term.name + whose, static_cast<double>(term.base_ns),
                      static_cast<double>(term.candidate_ns), static_cast<double>(term.delta_ns),
                      term.flagged});
    } else {
      rest.delta_ns += static_cast<double>(term.delta_ns);
    }
  }
  if (rest.delta_ns != 0) {
    bars.push_back(rest);
  }
  return "<h2>From the one step to the other</h2>\n" +
         waterfall_table(bars, static_cast<double>(diff.base.mean_step_ns),
                         static_cast<double>(diff.candidate.mean_step_ns)) +
         "<p class=\"quiet\">Mean train steps; the terms add up to the change.</p>\n";
}

std::string terms_section(const Diff& diff) {
  HtmlTable table({"term", "change, ms", "of it", "95 % interval", "base", "candidate"}, 1);
  for (const Term& term : diff.terms) {
    if (!term.flagged && std::llabs(term.delta_ns) < 5000) {
      continue;
    }
    const std::string whose = term.rank < 0 ? "" : fmt::format(" (rank {})", term.rank);
    table.add({markup_escaped(term.name + whose), signed_milliseconds(static_cast<double>(term.delta_ns)),
               percent(term.share, 1),
               diff.intervals_known ? fmt::format("{} .. {}", signed_milliseconds(term.interval.low_ns),
                                                  signed_milliseconds(term.interval.high_ns))
                                    : "not known",
               term.modelled ? "~" : milliseconds(static_cast<double>(term.base_ns)),
               term.modelled ? "~" : milliseconds(static_cast<double>(term.candidate_ns))},
              !term.flagged       ? Tone::kPlain
              : term.delta_ns > 0 ? Tone::kBad
                                  : Tone::kGood);
  }
  std::string out = table.empty() ? ""
                                  : table.render() +
                                        "<p class=\"quiet\">Coloured: clear of noise. ~: modelled, "
                                        "not the difference of two leaves.</p>\n";
  HtmlTable hidden({"grew, but hidden behind other work", "ms"}, 1);
  for (const HiddenTerm& term : diff.hidden) {
    hidden.add({markup_escaped(term.name), signed_milliseconds(static_cast<double>(term.delta_ns))});
  }
  return out + (hidden.empty() ? "" : hidden.render());
}

std::vector<size_t> train_steps(const ProcessLedger& process) {
  std::vector<size_t> out;
  for (size_t i = 0; i < process.steps.steps.size(); ++i) {
    if (process.steps.steps[i].step_class == StepClass::kTrain) {
      out.push_back(i);
    }
  }
  return out;
}

// Leaf by leaf, the n-th train step of the candidate's first run less the n-th of the base's.
std::string map_section(const SideSteps& a, const SideSteps& b) {
  const std::vector<size_t> steps_a = train_steps(*a.process);
  const std::vector<size_t> steps_b = train_steps(*b.process);
  const size_t steps = std::min(steps_a.size(), steps_b.size());
  std::vector<std::string> names = a.ledger->leaves;
  names.insert(names.end(), b.ledger->leaves.begin(), b.ledger->leaves.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto value = [](const SideSteps& side, const std::string& name, size_t step) {
    const size_t leaf = side.ledger->leaf_index(name);
    return leaf == side.ledger->leaves.size()
               ? 0.0
               : static_cast<double>(side.ledger->row(*side.process, step)[leaf]);
  };
  std::vector<std::pair<double, HeatRow>> rows;
  for (const std::string& name : names) {
    HeatRow row{name, {}};
    double sum = 0;
    for (size_t i = 0; i < steps; ++i) {
      row.ns.push_back(value(b, name, steps_b[i]) - value(a, name, steps_a[i]));
      sum += row.ns.back();
    }
    rows.emplace_back(std::fabs(sum), std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& x, const auto& y) { return x.first > y.first; });
  std::vector<HeatRow> shown;
  for (size_t i = 0; i < std::min(kMostLeafRows, rows.size()); ++i) {
    shown.push_back(std::move(rows[i].second));
  }
  const std::string picture = heat_map_svg(shown);
  return picture.empty()
             ? ""
             : "<h2>What changed in which step</h2>\n<figure>" + picture +
                   "<figcaption>Leaves, the n-th train step of the candidate less the n-th of the base: "
                   "orange takes longer, blue shorter.</figcaption></figure>\n";
}

std::string kernels_section(const KernelDiff& kernels) {
  HtmlTable table({"kernels", "what happened", "match", "base, ms", "candidate", "change"}, 3);
  size_t rows = 0;
  for (const KernelGroup& group : kernels.groups) {
    if (rows == kMostGroups || std::llabs(group.delta_ns) < 5000) {
      break;
    }
    ++rows;
    table.add({markup_escaped(group.label), markup_escaped(group.change),
               std::string(match_tier_name(group.tier)), milliseconds(static_cast<double>(group.base_ns)),
               milliseconds(static_cast<double>(group.candidate_ns)),
               signed_milliseconds(static_cast<double>(group.delta_ns))});
  }
  return table.empty() ? "" : "<h2>Kernels</h2>\n" + table.render();
}

}  // namespace

std::string diff_html(const DiffReport& report, std::span<const AnalyzedRun> base,
                      std::span<const AnalyzedRun> candidate) {
  const Diff& diff = report.diff;
  const std::string answer = diff_headline(report, Terminal());
  std::vector<std::string> beside;
  size_t begin = answer.find('\n') + 1;
  for (size_t end = answer.find('\n', begin); end != std::string::npos; end = answer.find('\n', begin)) {
    beside.push_back(answer.substr(begin, end - begin));
    begin = end + 1;
  }
  const Tone tone = !diff.flagged || diff.work.explains_step ? Tone::kPlain
                    : diff.delta_ns > 0                      ? Tone::kBad
                                                             : Tone::kGood;
  std::string body = page_head(answer.substr(0, answer.find('\n')), tone, beside);
  body += findings_section(report.findings) + times_section(report, base, candidate) +
          waterfall_section(diff) + terms_section(diff);
  const SideSteps a = side_steps(base.front(), diff.by_ranks);
  const SideSteps b = side_steps(candidate.front(), diff.by_ranks);
  if (a.process != nullptr && b.process != nullptr) {
    body += map_section(a, b);
  }
  body += kernels_section(report.kernels);
  for (const std::string& caveat : diff.caveats) {
    body += "<p class=\"quiet\">" + markup_escaped(caveat) + "</p>\n";
  }
  return html_page("stepscope diff", body);
}

}  // namespace stepscope::analysis::cli
