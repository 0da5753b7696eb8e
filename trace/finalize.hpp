// SPDX-License-Identifier: Apache-2.0
//
// finalize: BASE.spool + BASE.ring  ->  BASE.stepscope, then the two inputs are removed.
//
// Idempotent and resumable: interrupted anywhere and repeated it gives the same bytes; the rename is atomic, the
// inputs are removed only after the recording is on disk. A clean exit and a SIGKILL take this same path.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "trace/status.hpp"

namespace stepscope::trace {

struct FinalizeOptions {
  bool keep_spool = false;     // leave the inputs in place
  bool allow_running = false;  // write a snapshot of a process that is still alive (inputs stay)
  // Facts the caller knows and the process could not: exit code, signal. Stored in `meta`.
  std::vector<std::pair<std::string, std::string>> extra_meta;
  std::function<void(size_t done, size_t total)> progress;
};

struct FinalizeResult {
  std::vector<std::string> recordings;     // written now
  std::vector<std::string> still_running;  // BASEs left alone because their process lives
};

// Finalizes every spool in `directory` (not recursive), or the one spool whose path is given.
[[nodiscard]] Result<FinalizeResult> finalize(const std::string& path, const FinalizeOptions& options);

// True when `path` is a directory that still has spools.
[[nodiscard]] bool needs_finalize(const std::string& path);

}  // namespace stepscope::trace
