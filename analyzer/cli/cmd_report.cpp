// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/page_parts.hpp"
#include "analyzer/cli/report_view.hpp"
#include "analyzer/evidence.hpp"
#include "analyzer/findings.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/rank_ledger.hpp"

namespace stepscope::analysis::cli {

int run_report(const Command& command, const std::vector<std::string>& args) {
  std::string path;
  std::string html;
  bool json = false;
  bool with_chain = false;
  OptionSet options(command);
  options.positional("RUN", path, "run directory or *.stepscope file");
  options.flag("--chain", with_chain, "also show by what, one after the other, a typical step took so long");
  options.flag("--json", json, "print JSON (stepscope.report/1)");
  options.value("--html", html, "FILE", "also write a page with pictures");
  options.note("The leaves of a step exclude each other and add up to the time of the step.");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  const Result<Run> run = open_run(path);
  if (!run.ok()) {
    return report_failure(run.status());
  }
  const Result<Ledger> ledger = build_ledger(run.value(), {});
  if (!ledger.ok()) {
    return report_failure(ledger.status());
  }
  const Result<Evidence> evidence = gather_evidence(run.value(), ledger.value());
  if (!evidence.ok()) {
    return report_failure(evidence.status());
  }
  const Result<GpuActivity> activity = gpu_activity(run.value(), ledger.value());
  if (!activity.ok()) {
    return report_failure(activity.status());
  }
  const Result<RankLedger> ranks = build_rank_ledger(run.value(), ledger.value());
  if (!ranks.ok()) {
    return report_failure(ranks.status());
  }
  const std::vector<Finding> findings =
      find_in_run({&run.value(), &ledger.value(), &evidence.value(), &ranks.value()});
  std::optional<ChainReport> chain;
  if (with_chain) {
    Result<std::optional<ChainReport>> made = make_chain_report(run.value(), ledger.value());
    if (!made.ok()) {
      return report_failure(made.status());
    }
    chain = std::move(made).value();
  }
  const Report report{run.value(),
                      ledger.value(),
                      evidence.value(),
                      findings,
                      activity.value(),
                      ranks.value(),
                      chain.has_value() ? &*chain : nullptr};
  if (!html.empty()) {
    if (const Status page = write_page(html, report_html(report)); !page.ok()) {
      return report_failure(page);
    }
  }
  const int written = json ? print_json(report_json(report))
                           : print_result(report_text(report, inspect_terminal(STDOUT_FILENO)));
  bool any_step = false;
  for (const ProcessLedger& process : ledger.value().processes) {
    any_step = any_step || !process.steps.steps.empty();
  }
  return written == kExitOk && !any_step ? no_steps(path) : written;
}

}  // namespace stepscope::analysis::cli
