// SPDX-License-Identifier: Apache-2.0
//
// Ranges that are started and ended by handle (nvtxRangeStart / nvtxRangeEnd): they may overlap and end on another
// thread. A bounded table, lock-free; a program that keeps more than kMaxOpen open loses the surplus, counted. What is
// still open when the process exits is written as unfinished; when it is killed, such a range is not in the recording.
#pragma once

#include <stdint.h>

#include "collector/thread_state.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector::nvtx {

inline constexpr uint32_t kMaxOpen = 4096;

// Returns the handle, never 0. The one for "table full" ends nothing.
uint64_t start_range(const trace::Spool::OpenRange& range) noexcept;
void end_range(EventScope& scope, uint64_t handle) noexcept;
// Writes all open ranges as unfinished.
void flush_open_ranges(trace::Ring* ring) noexcept;

}  // namespace stepscope::collector::nvtx
