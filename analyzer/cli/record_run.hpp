// SPDX-License-Identifier: Apache-2.0
//
// Runs a command with every door set and finalizes what it left: what `record` and `gate --run` share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/cli/record_job.hpp"
#include "analyzer/run.hpp"
#include "analyzer/step_window.hpp"

namespace stepscope::analysis::cli {

struct RecordRequest {
  std::vector<std::string> command;
  std::string library;  // the collector
  std::string output;   // see make_record_directory
  std::string level = "kernels";
  std::string window;
  std::optional<StepWindow> kept;  // `window`, understood
  std::string cupti = "hold";
  size_t python_samples = 0;
  bool quiet = false;  // no progress
};

struct RecordedRun {
  std::string directory;
  JobOutcome outcome;   // start_error: the command did not run, and there is no directory
  std::string closing;  // where the run is and what is in it, one line
};

// Errors, before the command runs: kUsage for the directory, what the environment cannot be made for. Notes go to stderr.
[[nodiscard]] Result<RecordedRun> record_run(const RecordRequest& request);

// This process's own variables, "NAME=value".
[[nodiscard]] std::vector<std::string> own_environment();

}  // namespace stepscope::analysis::cli
