// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/finalize_run.hpp"

namespace stepscope::analysis::cli {

int run_finalize(const Command& command, const std::vector<std::string>& args) {
  std::string path;
  OptionSet options(command);
  options.positional("RUN", path, "run directory, or one *.spool file");
  options.note(
      "Safe to repeat and to interrupt. Other commands do it on their own when they meet a killed run.");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  ProgressNote progress("finalizing");
  const Result<RunFinalization> done =
      finalize_run(path, std::nullopt, [&](size_t part, size_t total) { progress.show(part, total); });
  progress.clear();
  if (!done.ok()) {
    return report_failure(done.status());
  }
  std::string out = fmt::format("{} written\n", counted(done.value().recordings.size(), "recording"));
  for (const std::string& file : done.value().recordings) {
    out += fmt::format("  {}\n", file);
  }
  if (!done.value().still_running.empty()) {
    out += fmt::format("{} left alone because the process still runs\n",
                       counted(done.value().still_running.size(), "spool"));
  }
  const int written = print_result(out);
  for (const Status& problem : done.value().problems) {
    print_note(problem.message());
  }
  return written == kExitOk && !done.value().problems.empty() ? kExitUnreadable : written;
}

}  // namespace stepscope::analysis::cli
