// SPDX-License-Identifier: Apache-2.0
//
// stack_reader: sampled Python stacks of a run inside a stretch of time, into a call tree. Decodes those samples; called on a
// thread of the window's own (background.hpp).
#pragma once

#include <atomic>
#include <string>

#include "analyzer/run.hpp"
#include "viewer/model/call_tree.hpp"

namespace stepscope::viewer {

// Samples whose time lies in [begin, end) on the run's timeline, under one node per role of process. A sentence on what could not be
// read, "" when all is well.
[[nodiscard]] std::string add_stacks(CallTree& tree, const analysis::Run& run, Side side, int64_t begin_ns,
                                     int64_t end_ns, const std::atomic<bool>& cancelled);
[[nodiscard]] bool has_stacks(const analysis::Run& run);

}  // namespace stepscope::viewer
