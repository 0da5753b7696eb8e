// SPDX-License-Identifier: Apache-2.0
//
// finalize_run: turns the spools of a run into recordings, for callers that know how the job ended. Run::open does
// the same on its own for a run that still has spools; this is for `stepscope record` and `stepscope finalize`.
//
// Idempotent, resumable, atomic per recording (trace/finalize.hpp). Errors: kUnreadable, kUnavailable. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

// How the recorded command ended. Stored as exit.code and exit.signal in the recordings of that process, and as
// job.exit_code and job.exit_signal in all recordings made now.
struct JobEnd {
  uint32_t pid = 0;
  int exit_code = 0;
  int signal = 0;  // 0 = it exited by itself
};

struct RunFinalization {
  std::vector<std::string> recordings;     // paths written now
  std::vector<std::string> still_running;  // bases left alone because their process lives
  std::vector<Status> problems;            // one per spool that could not be used; its files are kept
};

// `path`: a run directory or one spool. `progress` may be empty.
[[nodiscard]] Result<RunFinalization> finalize_run(
    const std::string& path, const std::optional<JobEnd>& end,
    const std::function<void(size_t done, size_t total)>& progress);

}  // namespace stepscope::analysis
