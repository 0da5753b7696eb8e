// SPDX-License-Identifier: Apache-2.0
//
// finalize: BASE.spool + BASE.ring  ->  BASE.stepscope, then the two inputs are removed.
//
// Idempotent and resumable: interrupted anywhere and repeated it gives the same bytes; the rename is atomic, the
// inputs are removed only after the recording is on disk. A clean exit and a SIGKILL take this same path.
// Several processes may finalize one directory: they take turns (a lock on the directory, no file is left).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "trace/status.hpp"

namespace stepscope::trace {

struct FinalizeOptions {
  bool keep_spool = false;     // leave the inputs in place
  bool allow_running = false;  // write a snapshot of a process that is still alive (inputs stay)
  // Facts the caller knows and the process could not: exit code, signal. Stored in `meta`.
  std::vector<std::pair<std::string, std::string>> extra_meta;
  std::function<void(size_t done, size_t total)> progress;  // in spools
  // Asked with every block of events; true: ends with kUsage, and what is not whole leaves no recording and keeps its spool.
  std::function<bool()> cancelled;
};

struct FinalizeResult {
  std::vector<std::string> recordings;     // written now
  std::vector<std::string> still_running;  // BASEs left alone because their process lives
  std::vector<Status> problems;            // one per spool that could not be finalized; its files are kept
};

// Finalizes every spool in the directory `path` (not recursive), or the one spool whose path (BASE.spool, BASE.ring) is
// given. In a directory a bad spool does not stop the others: see `problems`. Errors: kUnreadable (no such path, the one
// spool is damaged), kUnavailable (no permission, disk full), kUsage (cancelled).
[[nodiscard]] Result<FinalizeResult> finalize(const std::string& path, const FinalizeOptions& options);

// True when `path` is a directory that still has spools.
[[nodiscard]] bool needs_finalize(const std::string& path);

// True while the process lives that writes the spool BASE.spool with its ring. BASE is the path without extension.
[[nodiscard]] bool is_being_recorded(const std::string& base);

}  // namespace stepscope::trace
