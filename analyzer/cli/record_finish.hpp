// SPDX-License-Identifier: Apache-2.0
//
// What `stepscope record` does when its command has ended.
#pragma once

#include <optional>
#include <string>

#include "analyzer/cli/record_directory.hpp"
#include "analyzer/cli/record_job.hpp"
#include "analyzer/step_window.hpp"

namespace stepscope::analysis::cli {

// Finalizes the run, keeps the window of steps, and returns the closing line: where the run is and what is in it. A failure
// is not the command's: it is told in the line and changes no exit code.
[[nodiscard]] std::string finish_recording(const RecordDirectory& directory, const JobOutcome& outcome,
                                           const std::optional<StepWindow>& window);

}  // namespace stepscope::analysis::cli
