// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_run.hpp"

#include <unistd.h>

#include "analyzer/cli/output.hpp"
#include "analyzer/cli/record_directory.hpp"
#include "analyzer/cli/record_environment.hpp"
#include "analyzer/cli/record_finish.hpp"
#include "analyzer/cli/record_progress.hpp"

namespace stepscope::analysis::cli {
std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

Result<RecordedRun> record_run(const RecordRequest& request) {
  const Result<RecordDirectory> made = make_record_directory(request.output);
  if (!made.ok()) {
    return made.status();
  }
  const RecordDirectory& directory = made.value();
  const Result<RecordEnvironment> environment =
      record_environment({directory.absolute, request.library, request.level, request.window,
                          request.python_samples, request.cupti},
                         own_environment());
  if (!environment.ok()) {
    remove_if_unused(directory);
    return environment.status();
  }
  for (const std::string& note : environment.value().notes) {
    print_note(note);
  }
  RecordProgress progress(directory.absolute);
  Job job;
  job.command = request.command;
  job.environment = environment.value().variables;
  if (progress.shown() && !request.quiet) {
    job.tick = std::chrono::seconds(1);
    job.on_tick = [&] { progress.tick(); };
  }
  RecordedRun run;
  run.directory = directory.shown;
  run.outcome = run_job(job);
  progress.clear();
  if (run.outcome.start_error != 0) {
    remove_if_unused(directory);
    return run;
  }
  run.closing = finish_recording(directory, run.outcome, request.kept);
  return run;
}

}  // namespace stepscope::analysis::cli
