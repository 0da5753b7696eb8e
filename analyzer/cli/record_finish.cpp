// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_finish.hpp"

#include <vector>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/step_summary.hpp"
#include "analyzer/finalize_run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr std::string_view kNothing =
    "nothing was recorded: no process trained with PyTorch or used NVTX or the C API; `stepscope doctor` "
    "checks this machine";

// "3 processes, 120 steps, median 182.3 ms"
std::string summary_of(const Run& run) {
  std::string text = counted(run.processes().size(), "process");
  const Result<Steps> found = find_steps(run, {});
  if (!found.ok() || found.value().total() == 0) {
    return text + ", no steps found";
  }
  text += ", " + counted(found.value().total(), "step");
  const std::vector<ClassSummary> classes = summarize_classes(found.value().processes);
  if (classes.front().step_class == StepClass::kTrain) {
    text += fmt::format(", median {}", duration(static_cast<double>(classes.front().median_ns)));
  }
  return text;
}

void keep_window(const std::string& path, const StepWindow& window) {
  const Result<WindowResult> kept = keep_step_window(path, window);
  if (!kept.ok()) {
    print_note(kept.status().message());
  } else if (kept.value().steps == 0) {
    print_note("--window: no step of it was reached, so everything was kept");
  }
}

}  // namespace

std::string finish_recording(const RecordDirectory& directory, const JobOutcome& outcome,
                             const std::optional<StepWindow>& window) {
  ProgressNote progress("finalizing");
  const JobEnd end{static_cast<uint32_t>(outcome.pid), outcome.exit_code, outcome.signal};
  const Result<RunFinalization> done =
      finalize_run(directory.absolute, end, [&](size_t part, size_t total) { progress.show(part, total); });
  progress.clear();
  if (!done.ok()) {
    return done.status().message();
  }
  for (const Status& problem : done.value().problems) {
    print_note(problem.message());
  }
  const std::string shown = shell_word(directory.shown);
  const size_t running = done.value().still_running.size();
  if (done.value().recordings.empty() && running == 0) {
    remove_if_unused(directory);
    return std::string(kNothing);
  }
  if (window.has_value() && !done.value().recordings.empty()) {
    keep_window(directory.absolute, *window);
  }
  const std::string later =
      running == 0 ? ""
                   : fmt::format("; {} still running, `stepscope finalize {}` adds it when it has ended",
                                 counted(running, "process"), shown);
  OpenOptions open;
  open.finalize = false;
  const Result<Run> run = Run::open(directory.absolute, open);
  if (!run.ok()) {
    return done.value().recordings.empty() ? fmt::format("recorded in {}{}", directory.shown, later)
                                           : run.status().message();
  }
  return fmt::format("recorded in {}: {}{}; next: stepscope report {}", directory.shown,
                     summary_of(run.value()), later, shown);
}

}  // namespace stepscope::analysis::cli
