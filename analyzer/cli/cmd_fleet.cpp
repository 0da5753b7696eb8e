// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/fleet_view.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/csv_cells.hpp"
#include "analyzer/fleet/recorded_runs.hpp"

namespace stepscope::analysis::cli {
namespace {

namespace fs = std::filesystem;

// A directory or *.stepscope is a recording; what is neither is a table.
bool is_recording(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) || fs::path(path).extension() == ".stepscope";
}

Result<FleetTable> table_of_recordings(const std::vector<std::string>& paths) {
  RecordedFleet fleet(paths.size() == 1 ? paths.front() : fmt::format("{} recordings", paths.size()));
  std::set<fs::path> seen;
  ProgressNote progress("reading run");
  Status unreadable;
  for (size_t i = 0; i < paths.size(); ++i) {
    std::error_code ignored;
    if (!seen.insert(fs::weakly_canonical(paths[i], ignored)).second) {
      return Status(Code::kUsage, fmt::format("'{}' is given twice; a run counts once", paths[i]));
    }
    const Result<Run> run = open_run(paths[i]);
    progress.show(i + 1, paths.size());
    if (run.ok()) {
      fleet.add(run.value());
      continue;
    }
    progress.clear();
    if (paths.size() == 1) {
      return run.status();
    }
    print_note(run.status().message() + "; it is left out");  // the others may still tell
    unreadable = run.status();
  }
  progress.clear();
  return fleet.table().runs.empty() ? Result<FleetTable>(unreadable) : Result<FleetTable>(fleet.table());
}

int fleet_exit_code(const FleetReport& report, bool fail_on_finding) {
  if (!report.objection.empty()) {
    return kExitInconclusive;
  }
  return fail_on_finding && !report.findings.empty() ? kExitRegression : kExitOk;
}

}  // namespace

int run_fleet(const Command& command, const std::vector<std::string>& args) {
  std::vector<std::string> paths;
  std::string outcome = "failed";
  std::string by;
  bool fail_on_finding = false;
  bool json = false;
  OptionSet options(command);
  options.positionals("TABLE|RUN", paths,
                      "a CSV file, one run per line, whose first line names the columns; or recordings");
  options.choice("--outcome", outcome, {"failed", "slow"}, "which runs to explain; default failed");
  options.value("--by", by, "ATTRIBUTE,...", "only these columns; default all");
  options.flag("--fail-on-finding", fail_on_finding, "exit code 1 when something is found");
  options.flag("--json", json, "print JSON (stepscope.fleet/1)");
  options.note(
      "Columns: outcome (ok, failed, slow, cancelled, or Slurm's states), and as far as known run, hosts\n"
      "(separated by ;), job (equal in attempts of one job), started (2026-11-27), exposure (GPU hours).\n"
      "All others are attributes: image, driver, rack. Columns signal, xid, error, exit_code are symptoms.\n"
      "Example: stepscope fleet runs.csv\n"
      "         stepscope fleet runs.csv --by host,image,driver");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  const auto recordings = static_cast<size_t>(std::count_if(paths.begin(), paths.end(), is_recording));
  if (recordings != paths.size() && paths.size() != 1) {
    return report_usage("fleet", "give one table, or recordings only");
  }
  const Result<FleetTable> table =
      recordings == 0 ? read_run_table(paths.front()) : table_of_recordings(paths);
  if (!table.ok()) {
    return report_failure(table.status());
  }
  FleetOptions wanted;
  wanted.outcome = outcome == "slow" ? RunOutcome::kSlow : RunOutcome::kFailed;
  if (!by.empty()) {
    wanted.attributes = split_csv_line(by, ',').cells;
    std::replace(wanted.attributes.begin(), wanted.attributes.end(), std::string("hosts"),
                 std::string("host"));
  }
  const Result<FleetReport> report = analyse_fleet(table.value(), wanted);
  if (!report.ok()) {
    return report_failure(report.status());
  }
  const int printed = json ? print_json(fleet_json(report.value()))
                           : print_result(fleet_text(report.value(), inspect_terminal(STDOUT_FILENO)));
  return printed == kExitOk ? fleet_exit_code(report.value(), fail_on_finding) : printed;
}

}  // namespace stepscope::analysis::cli
