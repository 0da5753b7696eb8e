// SPDX-License-Identifier: Apache-2.0
//
// Ranges that are started and ended by handle (nvtxRangeStart / nvtxRangeEnd): Spool's async ranges, with handles that a
// forked child may still hold without harm.
#pragma once

#include <stdint.h>

#include "collector/thread_state.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector::nvtx {

// Returns the handle, never 0. The one for a range that found no room ends nothing.
uint64_t start_range(const trace::Spool::OpenRange& range) noexcept;
void end_range(EventScope& scope, uint64_t handle) noexcept;

}  // namespace stepscope::collector::nvtx
