// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "analyzer/cli/diff_view.hpp"
#include "analyzer/cli/findings_view.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/table.hpp"
#include "analyzer/cli/view_hint.hpp"
#include "analyzer/cli/what_if_view.hpp"
#include "analyzer/work_words.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kMostTerms = 12;
constexpr size_t kMostDifferences = 10;
constexpr double kShownNs = 5000;  // less shows as 0.00 ms

std::string ms(int64_t ns) {
  return milliseconds(static_cast<double>(ns));
}

std::string signed_ms(int64_t ns) {
  return signed_milliseconds(static_cast<double>(ns));
}

std::string signed_percent(int64_t part, int64_t whole) {
  const std::string text = percent(static_cast<double>(part), static_cast<double>(whole));
  return text.front() == '-' || text == "0.0 %" ? text : "+" + text;
}

// The flagged term that moved the step most in the direction the step moved.
const Term* main_term(const Diff& diff) {
  for (const Term& term : diff.terms) {
    if (term.flagged && (term.delta_ns > 0) == (diff.delta_ns > 0)) {
      return &term;
    }
  }
  return nullptr;
}

// What moved the step most: a finding may add up what several terms share.
struct MainCause {
  std::string name;
  int64_t ns = 0;
  int32_t rank = -1;  // whose, when it is one's
};

MainCause main_cause(const DiffReport& report) {
  const Diff& diff = report.diff;
  const Term* term = main_term(diff);
  MainCause cause = term == nullptr ? MainCause() : MainCause{term->name, term->delta_ns, term->rank};
  for (const Finding& finding : report.findings) {
    const bool same_way = (finding.effect_ns > 0) == (diff.delta_ns > 0);
    if (same_way && finding.id == cause.name) {
      cause.ns = finding.effect_ns;  // with what other terms have of it
    } else if (same_way && std::abs(finding.effect_ns) > std::abs(cause.ns)) {
      cause = {finding.id, finding.effect_ns, finding.rank};
    }
  }
  return cause;
}

// The step does more: its amounts at once, and what is left beside them.
std::string work_headline(const Diff& diff, const std::string& numbers, const Terminal& terminal) {
  return styled(work_verdict(diff), Style::kBold, terminal) +
         fmt::format(": {}\n{}\nthe amount of work accounts for {} ms, {} of the change; the rest is {} ms\n",
                     numbers, work_amounts(diff), signed_ms(diff.work.explained_ns),
                     percent(static_cast<double>(diff.work.explained_ns), static_cast<double>(diff.delta_ns)),
                     signed_ms(diff.work.rest_ns));
}

std::string term_table(const DiffReport& report, const Terminal& terminal) {
  const Diff& diff = report.diff;
  TextTable table({{"ms per train step", Align::kLeft, Fit::kShorten},
                   {"change", Align::kRight},
                   {"of it", Align::kRight},
                   {"95 % interval", Align::kRight},
                   {"base", Align::kRight},
                   {"candidate", Align::kRight}});
  const auto interval = [known = diff.intervals_known](const Interval& i) {
    return !known ? std::string("not known")
                  : fmt::format("{} .. {}", signed_milliseconds(i.low_ns), signed_milliseconds(i.high_ns));
  };
  size_t left_out = 0;
  int64_t left_out_ns = 0;
  for (const Term& term : diff.terms) {
    const bool small = std::abs(static_cast<double>(term.delta_ns)) < kShownNs || table.size() >= kMostTerms;
    if (!report.all_terms && small && !term.flagged) {
      ++left_out;
      left_out_ns += term.delta_ns;
      continue;
    }
    const Style style = !term.flagged ? Style::kPlain : term.delta_ns > 0 ? Style::kBad : Style::kGood;
    // A modelled term is handed over from leaves of other names: their values beside it would not subtract to it.
    const std::string whose = term.rank < 0 ? "" : fmt::format(" (rank {})", term.rank);
    table.add_row({Cell(term.name + whose + (term.flagged ? " *" : ""), style),
                   Cell(signed_ms(term.delta_ns), style), Cell(percent(term.share, 1)),
                   Cell(interval(term.interval)), Cell(term.modelled ? "~" : ms(term.base_ns)),
                   Cell(term.modelled ? "~" : ms(term.candidate_ns))});
  }
  if (left_out > 0) {
    table.add_row({fmt::format("({} more)", left_out), signed_ms(left_out_ns),
                   percent(static_cast<double>(left_out_ns), static_cast<double>(diff.delta_ns)), "", "",
                   ""});
  }
  table.add_rule();
  table.add_row({Cell("step", Style::kBold), Cell(signed_ms(diff.delta_ns), Style::kBold),
                 Cell(percent(static_cast<double>(diff.delta_ns), static_cast<double>(diff.delta_ns))),
                 Cell(interval(diff.interval)), Cell(ms(diff.base.mean_step_ns)),
                 Cell(ms(diff.candidate.mean_step_ns))});
  return "\n" + styled("what changed", Style::kBold, terminal) + "\n" + table.render(terminal);
}

std::string flag_legend(const Diff& diff) {
  const bool flagged =
      std::any_of(diff.terms.begin(), diff.terms.end(), [](const Term& t) { return t.flagged; });
  return flagged ? fmt::format("  * {}at least {} ms\n", diff.intervals_known ? "clear of noise and " : "",
                               ms(diff.min_effect_ns))
                 : "";
}

std::string term_legend(const Diff& diff) {
  if (diff.work.change.differs()) {  // whatever else is modelled, too
    return fmt::format("{}  ~ beyond what the amount of work explains, which is the term {}\n",
                       flag_legend(diff), term::kWork);
  }
  const auto any_modelled = [&diff](bool kernels) {
    return std::any_of(diff.terms.begin(), diff.terms.end(),
                       [kernels](const Term& t) { return t.modelled && is_kernel_leaf(t.name) == kernels; });
  };
  std::string out = flag_legend(diff);
  if (any_modelled(false)) {
    out += "  ~ time waited for data, handed to what made the batches late\n";
  }
  if (any_modelled(true)) {
    out += "  ~ without what kernels grew beside communication that covers them: it is listed as hidden\n";
  }
  return out;
}

std::string hidden_lines(const Diff& diff, const Terminal& terminal) {
  TextTable table({{""}, {"", Align::kRight}});
  for (const HiddenTerm& hidden : diff.hidden) {
    table.add_row({hidden.name, signed_ms(hidden.delta_ns) + " ms"});
  }
  return table.empty() ? ""
                       : "\n" + styled("grew, but hidden behind other work today", Style::kBold, terminal) +
                             "\n" + table.render(terminal);
}

std::string class_table(const Diff& diff, const Terminal& terminal) {
  if (diff.classes.size() < 2) {
    return "";
  }
  TextTable table({{"steps of class"},
                   {"base", Align::kRight},
                   {"candidate", Align::kRight},
                   {"base ms", Align::kRight},
                   {"candidate ms", Align::kRight}});
  for (const ClassDiff& c : diff.classes) {
    const auto mean = [](size_t steps, int64_t ns) { return steps == 0 ? std::string("-") : ms(ns); };
    table.add_row({std::string(step_class_name(c.step_class)), std::to_string(c.base_steps),
                   std::to_string(c.candidate_steps), mean(c.base_steps, c.base_mean_ns),
                   mean(c.candidate_steps, c.candidate_mean_ns)});
  }
  return "\n" + table.render(terminal);
}

std::string comparability_lines(const Comparability& comparability, const Terminal& terminal) {
  TextTable table({{""}, {"", Align::kLeft, Fit::kShorten}, {""}, {"", Align::kLeft, Fit::kShorten}});
  size_t left_out = 0;
  for (const Difference& difference : comparability.differences) {
    if (table.size() >= kMostDifferences) {
      ++left_out;
      continue;
    }
    const auto shown = [](const std::string& text) { return text.empty() ? std::string("-") : text; };
    table.add_row({Cell(difference.key, difference.blocking ? Style::kBad : Style::kPlain),
                   shown(difference.base), "->", shown(difference.candidate)});
  }
  if (table.empty()) {
    return "";
  }
  std::string out = "\n" + styled(verdict_name(comparability.verdict), Style::kBold, terminal) +
                    "; what differs\n" + table.render(terminal);
  out += left_out == 0 ? "" : fmt::format("  and {} more (--json lists all)\n", left_out);
  return out;
}

std::string sides(const Diff& diff) {
  const auto side = [](const char* name, const DiffSide& s) {
    std::string runs;
    for (const std::string& run : s.runs) {
      runs += (runs.empty() ? "" : ", ") + printable(run);
    }
    const std::string noise =
        s.noise_share < 0 ? "" : fmt::format(", run to run +-{}", percent(s.noise_share, 1));
    return fmt::format("  {:<9}  {} ({}{})\n", name, runs, counted(s.steps, "train step"), noise);
  };
  return "\n" + side("base", diff.base) + side("candidate", diff.candidate);
}

}  // namespace

std::string blocking_differences(const Comparability& comparability) {
  std::string text;
  for (const Difference& difference : comparability.differences) {
    if (difference.blocking) {
      text += fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", printable(difference.key),
                          printable(difference.base.empty() ? "-" : difference.base),
                          printable(difference.candidate.empty() ? "-" : difference.candidate));
    }
  }
  return text;
}

std::string diff_headline(const DiffReport& report, const Terminal& terminal) {
  const Diff& diff = report.diff;
  const std::string numbers = fmt::format(
      "{} -> {} ms per train step ({} ms, {})", ms(diff.base.mean_step_ns), ms(diff.candidate.mean_step_ns),
      signed_ms(diff.delta_ns), signed_percent(diff.delta_ns, diff.base.mean_step_ns));
  if (diff.work.explains_step) {
    return work_headline(diff, numbers, terminal);
  }
  const std::string amounts = diff.work.change.differs() ? work_amounts(diff) + "\n" : "";
  if (!diff.flagged) {
    return styled("no clear change", Style::kBold, terminal) + ": " + numbers + "\n" + amounts;
  }
  const bool slower = diff.delta_ns > 0;
  std::string out =
      styled(slower ? "slower" : "faster", slower ? Style::kBad : Style::kGood, terminal) + ": " + numbers;
  if (const MainCause cause = main_cause(report); !cause.name.empty()) {
    const std::string where = cause.rank < 0 ? "" : fmt::format(" on rank {}", cause.rank);
    return out +
           fmt::format("\n{}: {}{} {} ms, {} of the change\n", slower ? "main cause" : "mainly",
                       printable(cause.name), where, signed_ms(cause.ns),
                       percent(static_cast<double>(cause.ns), static_cast<double>(diff.delta_ns))) +
           amounts;
  }
  return out + "\nno single cause stands out; the terms below add up to the change\n" + amounts;
}

std::string diff_text(const DiffReport& report, const Terminal& terminal) {
  const Diff& diff = report.diff;
  std::string out;
  if (diff.comparability.verdict == Verdict::kNotComparable) {
    out += styled("not comparable", Style::kBad, terminal) +
           fmt::format(" ({}); numbers are shown because of --force\n",
                       blocking_differences(diff.comparability));
  }
  out += diff_headline(report, terminal);
  out +=
      findings_text(report.findings, report.candidates, terminal);  // at once: the answer is in three lines
  out += term_table(report, terminal) + term_legend(diff);
  out += report.what_if == nullptr ? "" : what_if_text(*report.what_if, terminal);
  out += report.by.has_value() ? by_text(diff, *report.by, report.all_terms, terminal)
                               : kernels_text(diff, report.kernels, report.all_terms, terminal);
  out += hidden_lines(diff, terminal);
  out += class_table(diff, terminal);
  out += sides(diff);
  out += comparability_lines(diff.comparability, terminal);
  for (const std::string& caveat : diff.caveats) {
    out += "\nnote: " + wrapped(printable(caveat), terminal.width == 0 ? 100 : terminal.width, 6);
  }
  out += diff.caveats.empty() ? "" : "\n";
  if (const Term* main = main_term(diff); main != nullptr && !report.base_path.empty()) {
    out += (diff.caveats.empty() ? "\nview: " : "view: ") +
           view_command(report.base_path, report.candidate_path, main->name, main->rank) + "\n";
  }
  return out;
}

}  // namespace stepscope::analysis::cli
