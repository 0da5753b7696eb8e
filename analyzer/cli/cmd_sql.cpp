// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fmt/format.h>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/sql_output.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kWriteAt = 65536;

}  // namespace

int run_sql(const Command& command, const std::vector<std::string>& args) {
  std::string path;
  std::string statement;
  bool csv = false;
  bool json = false;
  OptionSet options(command);
  options.positional("RUN", path, "run directory or *.stepscope file");
  options.positional("SELECT", statement, "one SELECT statement");
  options.flag("--csv", csv, "print CSV");
  options.flag("--json", json, "print JSON (stepscope.sql/1)");
  options.note(
      "Tables: one per event kind (range, batch, phase, ...), meta, lane, loss, step, step_ledger, ...\n"
      "Example: stepscope sql RUN \"SELECT name, count(*), sum(dur_ns)/1e6 AS ms FROM phase GROUP BY name\"");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  if (csv && json) {
    return report_usage("sql", "--csv and --json exclude each other");
  }
  const Result<Run> run = open_run(path);
  if (!run.ok()) {
    return report_failure(run.status());
  }
  const std::unique_ptr<SqlOutput> output = csv    ? make_csv_output()
                                            : json ? make_json_output()
                                                   : make_table_output(inspect_terminal(STDOUT_FILENO));
  int written = kExitOk;
  SqlSink sink;
  sink.columns = [&](std::span<const std::string> names) { output->columns(names); };
  sink.row = [&](std::span<const SqlValue> row) {
    output->row(row);
    if (output->pending() >= kWriteAt) {
      written = print_result(output->take());
    }
    return written == kExitOk;
  };
  const Status status = query_run(run.value(), statement, sink);
  if (written != kExitOk) {
    return written;  // said already
  }
  if (!status.ok()) {
    return report_failure(status);
  }
  output->end();
  return print_result(output->take());
}

}  // namespace stepscope::analysis::cli
