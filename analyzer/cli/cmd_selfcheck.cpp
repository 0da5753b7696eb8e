// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/table.hpp"
#include "analyzer/selfcheck.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const Run& run, const std::vector<Check>& checks) {
  ordered_json document = json_head("selfcheck", 1);
  document["run"] = run.path();
  document["passed"] = passed(checks);
  document["checks"] = ordered_json::array();
  for (const Check& check : checks) {
    document["checks"].push_back(
        {{"name", check.name}, {"state", check_state_name(check.state)}, {"detail", check.detail}});
  }
  return document;
}

std::string text_of(const std::vector<Check>& checks, const Terminal& terminal) {
  TextTable table({{""}, {""}, {"", Align::kLeft, Fit::kWrap}});
  for (const Check& check : checks) {
    const Style style = check.state == CheckState::kFail   ? Style::kBad
                        : check.state == CheckState::kNote ? Style::kWarn
                                                           : Style::kGood;
    table.add_row({Cell(std::string(check_state_name(check.state)), style), check.name, check.detail});
  }
  return table.render(terminal);
}

}  // namespace

int run_selfcheck(const Command& command, const std::vector<std::string>& args) {
  std::string path;
  bool quick = false;
  bool json = false;
  OptionSet options(command);
  options.positional("RUN", path, "run directory or *.stepscope file");
  options.flag("--quick", quick, "do not read every file to the end");
  options.flag("--json", json, "print JSON (stepscope.selfcheck/1)");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  const Result<Run> run = open_run(path);
  if (!run.ok()) {
    return report_failure(run.status());
  }
  SelfcheckOptions wanted;
  wanted.files = !quick;
  wanted.ledger.cache = Cache::kNone;  // a check that trusts a stored result checks nothing
  const Result<std::vector<Check>> checks = selfcheck(run.value(), wanted);
  if (!checks.ok()) {
    return report_failure(checks.status());
  }
  const int written = json ? print_json(json_of(run.value(), checks.value()))
                           : print_result(text_of(checks.value(), inspect_terminal(STDOUT_FILENO)));
  if (written == kExitOk && !passed(checks.value())) {
    print_note(fmt::format("{}: the check failed; do not trust numbers of this run, record it again", path));
    return kExitUnreadable;
  }
  return written;
}

}  // namespace stepscope::analysis::cli
