// SPDX-License-Identifier: Apache-2.0
//
// Runs the recorded command as this process would have run: same process group, terminal, descriptors, signal mask
// and dispositions. A ^C of the terminal reaches both; a signal sent to us alone is handed on to the command.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace stepscope::analysis::cli {

struct JobOutcome {
  pid_t pid = 0;
  int start_error = 0;  // errno of an exec that failed; the other fields say nothing then
  int exit_code = 0;    // 128 + signal when a signal ended it
  int signal = 0;       // 0 = it exited by itself
};

struct Job {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // "NAME=value"
  std::chrono::milliseconds tick{0};     // how often `on_tick` is called while the command runs; 0 = never
  std::function<void()> on_tick;
};

// Returns when the command has ended. Not reentrant: it holds the signals of the process meanwhile.
[[nodiscard]] JobOutcome run_job(const Job& job);

// Ends this process the way the command ended: with its exit code, or by the same signal (without a second core dump).
[[noreturn]] void end_like(const JobOutcome& outcome);

}  // namespace stepscope::analysis::cli
