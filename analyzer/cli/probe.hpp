// SPDX-License-Identifier: Apache-2.0
//
// Runs a short program to see whether something works.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace stepscope::analysis::cli {

struct ProbeResult {
  bool started = false;
  bool timed_out = false;  // it was killed
  int exit_code = -1;      // 128 + signal when a signal ended it
  std::string output;      // stdout and stderr, the first 64 KiB
};

// `extra`: "NAME=value" on top of this process' environment. stdin is /dev/null.
[[nodiscard]] ProbeResult run_probe(const std::vector<std::string>& command,
                                    const std::vector<std::string>& extra, std::chrono::seconds limit);

}  // namespace stepscope::analysis::cli
