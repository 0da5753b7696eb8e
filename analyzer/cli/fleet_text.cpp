// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/cli/fleet_view.hpp"
#include "analyzer/cli/format.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kMostShadows = 5;

std::string value_name(const FleetValue& value) {
  return printable(value.attribute) + " " + printable(value.value);
}

std::string group_name(const FleetGroup& group) {
  std::string out;
  for (const FleetValue& value : group) {
    out += (out.empty() ? "" : " + ") + value_name(value);
  }
  return out;
}

std::string factors_name(const FleetFinding& finding) {
  std::string out;
  for (const FleetGroup& group : finding.factors) {
    out += (out.empty() ? "" : " together with ") + group_name(group);
  }
  return out;
}

bool is_group(const FleetFinding& finding) {
  return std::any_of(finding.factors.begin(), finding.factors.end(),
                     [](const FleetGroup& group) { return group.size() > 1; });
}

std::string_view outcome_word(const FleetReport& report) {
  return report.outcome == RunOutcome::kSlow ? "slow" : "failed";
}

// "failed", "was slow".
std::string verb_of(const FleetReport& report, size_t runs) {
  return report.outcome != RunOutcome::kSlow ? "failed" : runs == 1 ? "was slow" : "were slow";
}

std::string share_text(size_t failed, size_t runs) {
  return percent(static_cast<double>(failed), static_cast<double>(runs));
}

// "26 of 286 runs failed (9.1 %)", "26 runs failed in 1200 GPU hours".
std::string risk_text(const FleetReport& report) {
  return report.exposure == Exposure::kHours
             ? fmt::format("{} {} in {:.0f} GPU hours", counted(report.failed, "run"),
                           verb_of(report, report.failed), report.hours)
             : fmt::format("{} of {} {} ({})", report.failed, counted(report.runs, "run"),
                           verb_of(report, report.failed), share_text(report.failed, report.runs));
}

// "9 of 15 runs failed there (60.0 %), 5 of 285 elsewhere (1.8 %)".
std::string sides_text(const FleetReport& report, const FleetFinding& finding) {
  const std::string verb = verb_of(report, finding.failed_there);
  if (report.exposure == Exposure::kHours) {
    return fmt::format("{} {} there in {:.0f} GPU hours, {} in {:.0f} elsewhere",
                       counted(finding.failed_there, "run"), verb, finding.hours_there,
                       finding.failed_elsewhere, finding.hours_elsewhere);
  }
  return fmt::format("{} of {} {} there ({}), {} of {} elsewhere ({})", finding.failed_there,
                     counted(finding.runs_there, "run"), verb,
                     share_text(finding.failed_there, finding.runs_there), finding.failed_elsewhere,
                     finding.runs_elsewhere, share_text(finding.failed_elsewhere, finding.runs_elsewhere));
}

std::string names_text(const FleetRuns& runs) {
  std::string out;
  for (const std::string& name : runs.names) {
    out += (out.empty() ? "" : ", ") + printable(name);
  }
  return runs.count > runs.names.size() ? fmt::format("{} and {} more", out, runs.count - runs.names.size())
                                        : out;
}

// A q-value is a bound, and its further digits mean nothing.
std::string q_text(double q) {
  return q < 0.001 ? fmt::format("q = {:.0e}", q) : fmt::format("q = {:.3f}", q);
}

std::string ratio_text(const FleetReport& report, const FleetFinding& finding) {
  const std::string_view what = report.exposure == Exposure::kHours ? "rate" : "risk";
  const RiskRatio& ratio = finding.ratio;
  return finding.failed_elsewhere == 0
             ? fmt::format("none elsewhere, so the {} ratio is {:.1f} or more (95 % interval), {}", what,
                           ratio.low, q_text(finding.q))
             : fmt::format("{} ratio {:.1f} (95 % interval {:.1f} to {:.1f}), {}", what, ratio.estimate,
                           ratio.low, ratio.high, q_text(finding.q));
}

// What to run next, and how much of it would decide.
std::string advice(const FleetReport& report, const FleetFinding& finding) {
  const std::string amount = report.exposure == Exposure::kHours
                                 ? fmt::format("{:.0f} GPU hours", std::ceil(finding.deciding_runs))
                                 : counted(static_cast<uint64_t>(finding.deciding_runs), "run");
  const std::string expected =
      fmt::format("if that is to blame, one or more of them {} with 95 % probability",
                  report.outcome == RunOutcome::kSlow ? "is slow" : "fails");
  if (!is_group(finding)) {
    return fmt::format("to confirm: repeat on {} what passed elsewhere, {}; {}", factors_name(finding),
                       amount, expected);
  }
  std::string out;
  for (const FleetGroup& group : finding.factors) {
    for (size_t i = 0; group.size() > 1 && i < group.size(); ++i) {
      out += fmt::format("{}{} with {}", out.empty() ? "" : ", ", value_name(group[i]),
                         group.size() == 2 ? "another " + printable(group[1 - i].attribute)
                                           : std::string("none of the others"));
    }
  }
  return fmt::format("to tell them apart, repeat what passed elsewhere, {} each: {}; {}", amount, out,
                     expected);
}

void add_separators(const FleetReport& report, const FleetFinding& finding,
                    std::vector<std::string>* sentences) {
  bool any = false;
  for (const FleetSeparators& own : finding.separators) {
    if (own.runs != 0) {
      any = true;
      sentences->push_back(fmt::format("with {} and without {}: {} of {} {}", value_name(own.with),
                                       value_name(own.without), own.failed, counted(own.runs, "run"),
                                       outcome_word(report)));
    }
  }
  if (!any && is_group(finding)) {
    sentences->emplace_back("no run has one without the other");
  }
}

void add_shadows(const FleetFinding& finding, std::vector<std::string>* sentences) {
  for (const FleetRetest retest : {FleetRetest::kExplained, FleetRetest::kTooFewLeft}) {
    std::string names;
    size_t count = 0;
    for (const FleetShadow& shadow : finding.shadows) {
      if (shadow.retest == retest && ++count <= kMostShadows) {
        names += (names.empty() ? "" : ", ") + group_name(shadow.group);
      }
    }
    if (count == 0) {
      continue;
    }
    names += count > kMostShadows ? fmt::format(" and {} more", count - kMostShadows) : "";
    sentences->push_back(retest == FleetRetest::kExplained
                             ? "explained by it, no longer beyond chance without its runs: " + names
                             : fmt::format("not known of {}: hardly any runs without those above", names));
  }
}

std::vector<std::string> sentences_of(const FleetReport& report, const FleetFinding& finding) {
  std::vector<std::string> out{sides_text(report, finding), ratio_text(report, finding)};
  add_separators(report, finding, &out);
  if (finding.counter_examples.count != 0) {
    out.push_back("passed there all the same: " + names_text(finding.counter_examples));
  }
  for (const FleetSymptom& symptom : finding.symptoms) {
    out.push_back(fmt::format("{}: in {} of {} there, {} of {} elsewhere", value_name(symptom.value),
                              symptom.there, counted(finding.failed_there, "failure"), symptom.elsewhere,
                              finding.failed_elsewhere));
  }
  if (finding.retried_elsewhere != 0) {
    out.push_back(fmt::format("{} of {} that failed there and went elsewhere passed then",
                              finding.passed_elsewhere, counted(finding.retried_elsewhere, "job")));
  }
  add_shadows(finding, &out);
  out.push_back(advice(report, finding));
  return out;
}

std::string finding_text(const FleetReport& report, const FleetFinding& finding, size_t number,
                         const Terminal& terminal) {
  std::string out = fmt::format("{}. ", number) + styled(factors_name(finding), Style::kBad, terminal);
  out += is_group(finding) ? ": cannot be told apart by these runs\n" : "\n";
  constexpr size_t kFindingIndent = 5;
  constexpr size_t kPipeWidth = 100;
  for (const std::string& sentence : sentences_of(report, finding)) {
    const size_t width = terminal.width == 0 ? kPipeWidth : terminal.width;
    out += std::string(kFindingIndent, ' ') + wrapped(sentence, width, kFindingIndent + 2) + "\n";
  }
  return out;
}

std::string left_out_text(const FleetReport& report) {
  std::string out;
  const auto add = [&](size_t count, std::string_view what) {
    if (count != 0) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, what);
    }
  };
  add(report.cancelled, "cancelled");
  add(report.attempts, report.attempts == 1 ? "later attempt of a job" : "later attempts of a job");
  add(report.unfinished, "without such an outcome");
  add(report.without_hours, "without exposure");
  return out.empty() ? "" : "  left out: " + out + "\n";
}

std::string power_text(const FleetReport& report) {
  std::string out;
  for (const FleetAttribute& attribute : report.attributes) {
    if (attribute.tested == 0) {
      out +=
          fmt::format("  {}: nothing, none of {} has {} runs with it and {} without\n",
                      printable(attribute.name), counted(attribute.values, "value"), kLeastRuns, kLeastRuns);
      continue;
    }
    const Detectable& least = attribute.detectable;
    const std::string one = fmt::format("  {}: of one with {} (the median of {}),", printable(attribute.name),
                                        counted(attribute.median_runs, "run"), attribute.tested);
    if (!least.possible) {
      out += fmt::format("{} nothing, even if every run {}\n", one, verb_of(report, 1));
    } else if (report.exposure == Exposure::kHours) {
      out += fmt::format("{} a rate ratio of {:.1f}\n", one, least.ratio);
    } else {
      out += fmt::format("{} {} % {}, a risk ratio of {:.1f}\n", one, std::ceil(100 * least.risk),
                         outcome_word(report), least.ratio);
    }
  }
  return out.empty() ? "" : "these runs would show, four times in five:\n" + out;
}

}  // namespace

std::string fleet_text(const FleetReport& report, const Terminal& terminal) {
  std::string out = fmt::format("{}: {}\n", printable(report.source), risk_text(report));
  out += left_out_text(report);
  if (!report.objection.empty()) {
    return out + report.objection + "\n";
  }
  if (report.strata > 1) {
    out += fmt::format("  compared within {} stretches of days\n", report.strata);
  }
  size_t number = 0;
  for (const FleetFinding& finding : report.findings) {
    out += finding_text(report, finding, ++number, terminal);
  }
  if (report.findings.empty()) {
    out += fmt::format("nothing goes with {} runs beyond chance ({} tested)\n", outcome_word(report),
                       counted(report.hypotheses, "value"));
  }
  for (const FleetGroup& group : report.only_in_time) {
    out += fmt::format("{}: more {} runs, but on other days than the rest: it can be the time as well\n",
                       group_name(group), outcome_word(report));
  }
  return out + power_text(report);
}

}  // namespace stepscope::analysis::cli
