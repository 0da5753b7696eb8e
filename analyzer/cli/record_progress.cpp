// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_progress.hpp"

#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/terminal.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr int kShareOfLooking = 200;  // one part in this many

}  // namespace

std::string progress_text(double elapsed_ns, const LiveSteps& steps) {
  std::string text = fmt::format("stepscope: recording, {}", duration(elapsed_ns));
  if (steps.steps > 0) {
    text += fmt::format(", {}, {} each", counted(steps.steps, "step"),
                        duration(static_cast<double>(steps.recent_step_ns)));
  }
  return text;
}

RecordProgress::RecordProgress(std::string directory)
    : shown_(inspect_terminal(STDERR_FILENO).is_terminal), watch_(std::move(directory)) {}

void RecordProgress::tick() {
  // Writing from the background would stop us (tostop) or land in the middle of somebody else's work.
  if (!shown_ || tcgetpgrp(STDERR_FILENO) != getpgrp()) {
    return;
  }
  const Clock::time_point now = Clock::now();
  if (now >= next_look_) {
    steps_ = watch_.look();
    const Clock::time_point done = Clock::now();
    next_look_ = done + (done - now) * kShareOfLooking;
  }
  const std::string text = progress_text(static_cast<double>((now - start_).count()), steps_);
  const size_t width = inspect_terminal(STDERR_FILENO).width;
  // Back to the first column: what the command prints next overwrites the line instead of running on behind it.
  write("\r" + shortened(text, width > 0 ? width - 1 : 79) + "\x1b[K\r");
  written_ = true;
}

void RecordProgress::clear() {
  if (written_) {
    write("\r\x1b[K");
    written_ = false;
  }
}

void RecordProgress::write(const std::string& text) {
  // A terminal that does not take it now (stopped, gone) loses the line.
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

}  // namespace stepscope::analysis::cli
