// SPDX-License-Identifier: Apache-2.0
//
// worker_failure: what a thread of the window says when it could not go on. Such threads end nothing but what they were doing: memory that
// ran out while one run is read is a sentence about that run, beside everything else that is on screen.
#pragma once

#include <string>

namespace stepscope::viewer {

// Inside a catch block: one sentence about the exception at hand. `doing`: what failed, "runs/slow: reading its events".
[[nodiscard]] std::string describe_exception(const std::string& doing);

}  // namespace stepscope::viewer
