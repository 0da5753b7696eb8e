// SPDX-License-Identifier: Apache-2.0
//
// The line that `stepscope record` keeps on the terminal while the command runs.
#pragma once

#include <chrono>
#include <string>

#include "analyzer/live_steps.hpp"

namespace stepscope::analysis::cli {

// "stepscope: recording, 12.0 s, 120 steps, 100.0 ms each"; without steps up to the time.
[[nodiscard]] std::string progress_text(double elapsed_ns, const LiveSteps& steps);

class RecordProgress {
 public:
  // `directory`: where the spools are. Shows nothing unless stderr is a terminal.
  explicit RecordProgress(std::string directory);

  [[nodiscard]] bool shown() const { return shown_; }
  // Once a second. Looks at the recording at most 1 part in 200 of the time, however large it grows, and writes only
  // while we are in the terminal's foreground.
  void tick();
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void write(const std::string& text);

  bool shown_ = false;
  bool written_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_look_ = start_;
  LiveStepsWatch watch_;
  LiveSteps steps_;
};

}  // namespace stepscope::analysis::cli
