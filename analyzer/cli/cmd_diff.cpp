// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/diff_view.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/page_parts.hpp"
#include "analyzer/cli/run_side.hpp"
#include "analyzer/diff.hpp"
#include "analyzer/findings.hpp"

namespace stepscope::analysis::cli {
namespace {

struct DiffArguments {
  std::vector<std::string> base;
  std::vector<std::string> candidate;
  bool all = false;
  bool force = false;
  bool json = false;
  bool what_if = false;
  std::string by;
  std::string html;
};

std::optional<int> parse(const Command& command, const std::vector<std::string>& args, DiffArguments& out) {
  OptionSet options(command);
  options.positionals("BASE", out.base, "one or more runs of how it was");
  options.values("--vs", out.candidate, "CAND", "one or more runs of how it is now");
  options.choice("--by", out.by, {std::begin(kDiffByNames), std::end(kDiffByNames)},
                 "also show the change by this");
  options.flag("--all", out.all, "list every term, however small");
  options.flag("--force", out.force, "compare runs that are not comparable");
  options.flag("--what-if", out.what_if, "replay with large terms as on the other side");
  options.flag("--json", out.json, "print JSON (stepscope.diff/1)");
  options.value("--html", out.html, "FILE", "also write a page with pictures");
  options.note(
      "The terms add up to the change of the mean train step. With several runs per side the noise\n"
      "between runs is known; with one, the intervals show only the noise within a run.\n"
      "Example: stepscope diff base1 base2 base3 --vs new1 new2 new3");
  if (const std::optional<int> exit = options.parse(args)) {
    return exit;
  }
  if (!out.candidate.empty()) {
    return std::nullopt;
  }
  const std::string example =
      out.base.size() == 2
          ? fmt::format(": stepscope diff {} --vs {}", shell_word(out.base[0]), shell_word(out.base[1]))
          : std::string();
  return report_usage("diff", "--vs is missing between the base and the candidate" + example);
}

int refuse(const Diff& diff, const DiffArguments& arguments) {
  if (arguments.json) {
    if (const int written = print_json(refusal_json(diff)); written != kExitOk) {
      return written;
    }
  }
  print_note(fmt::format("{} and {}: not comparable: {}; compare runs of the same work, or add --force",
                         arguments.base.front(), arguments.candidate.front(),
                         blocking_differences(diff.comparability)));
  return kExitNotComparable;
}

}  // namespace

int run_diff(const Command& command, const std::vector<std::string>& args) {
  DiffArguments arguments;
  if (const std::optional<int> exit = parse(command, args, arguments)) {
    return *exit;
  }
  RunSide base;
  RunSide candidate;
  for (const auto& [side, paths] :
       {std::pair(&base, &arguments.base), std::pair(&candidate, &arguments.candidate)}) {
    for (const std::string& path : *paths) {
      if (const Status status = side->add(path); !status.ok()) {
        return report_failure(status);
      }
    }
  }
  const Result<Diff> diff = diff_analyzed(base.analyzed, candidate.analyzed, {});
  if (!diff.ok()) {
    return report_failure(diff.status());
  }
  if (diff.value().comparability.verdict == Verdict::kNotComparable && !arguments.force) {
    return refuse(diff.value(), arguments);
  }
  const std::vector<Finding> findings = find_in_diff(diff.value(), base.analyzed, candidate.analyzed);
  std::optional<WhatIf> what_if;
  if (arguments.what_if) {
    Result<WhatIf> replayed = replay_what_if(diff.value(), base.analyzed, candidate.analyzed, {});
    if (!replayed.ok()) {
      return report_failure(replayed.status());
    }
    what_if = std::move(replayed).value();
  }
  const Result<KernelDiff> kernels = diff_kernels(base.analyzed, candidate.analyzed, diff.value());
  if (!kernels.ok()) {
    return report_failure(kernels.status());
  }
  DiffReport report{diff.value(),
                    findings,
                    candidate.runs,
                    arguments.all,
                    what_if.has_value() ? &*what_if : nullptr,
                    kernels.value(),
                    std::nullopt,
                    nullptr,
                    arguments.base.front(),
                    arguments.candidate.front()};
  std::optional<DiffChains> chains;
  if (arguments.json) {
    Result<DiffChains> made = make_diff_chains(base.analyzed, candidate.analyzed);
    if (!made.ok()) {
      return report_failure(made.status());
    }
    chains = std::move(made).value();
    report.chains = &*chains;
  }
  if (const std::optional<DiffBy> by = parse_diff_by(arguments.by); by.has_value()) {
    Result<std::vector<DiffRow>> rows =
        diff_by(base.analyzed, candidate.analyzed, diff.value(), kernels.value(), *by);
    if (!rows.ok()) {
      return report_failure(rows.status());
    }
    report.by = ByRows{*by, std::move(rows).value()};
  }
  if (!arguments.html.empty()) {
    const Status page = write_page(arguments.html, diff_html(report, base.analyzed, candidate.analyzed));
    if (!page.ok()) {
      return report_failure(page);
    }
  }
  return arguments.json ? print_json(diff_json(report))
                        : print_result(diff_text(report, inspect_terminal(STDOUT_FILENO)));
}

}  // namespace stepscope::analysis::cli
