// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/open_run.hpp"

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/terminal.hpp"

namespace stepscope::analysis::cli {

ProgressNote::ProgressNote(std::string_view verb)
    : verb_(verb), terminal_(inspect_terminal(STDERR_FILENO).is_terminal) {}

void ProgressNote::show(size_t done, size_t total) {
  if (!terminal_ || done >= total) {
    return;
  }
  const std::string line = fmt::format("\rstepscope: {} {}/{}\x1b[K\r", verb_, done, total);
  written_ = write(STDERR_FILENO, line.data(), line.size()) > 0;
}

void ProgressNote::clear() {
  if (written_) {
    static_cast<void>(!write(STDERR_FILENO, "\r\x1b[K", 4));
    written_ = false;
  }
}

Result<Run> open_run(const std::string& path) {
  ProgressNote progress("opening");
  OpenOptions options;
  options.progress = [&](size_t done, size_t total) { progress.show(done, total); };
  Result<Run> run = Run::open(path, options);
  progress.clear();
  if (!run.ok()) {
    return run;
  }
  for (const std::string& problem : run.value().problems()) {
    print_note(problem);
  }
  if (!run.value().still_running().empty()) {
    print_note(fmt::format("{}: {} still running and left out; repeat when the job has ended", path,
                           counted(run.value().still_running().size(), "process")));
  }
  return run;
}

int no_steps(const std::string& path) {
  print_note(fmt::format(
      "{}: no training steps found; mark them with stepscope_step() or NVTX ranges named \"step\", or see "
      "`stepscope doctor {}`",
      path, shell_word(path)));
  return kExitInconclusive;
}

nlohmann::ordered_json json_head(std::string_view name, int version) {
  nlohmann::ordered_json head;
  head["schema"] = fmt::format("stepscope.{}/{}", name, version);
  return head;
}

}  // namespace stepscope::analysis::cli
