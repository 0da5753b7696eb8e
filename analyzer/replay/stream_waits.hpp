// SPDX-License-Identifier: Apache-2.0
//
// read_stream_waits: which streams were told to wait for which (cudaStreamWaitEvent), as far as that was recorded (level `api`,
// and profilers that record synchronisation): the record of the wait, and the last record of its event into a stream before it.
// Calls are in the order of their correlation ids. Internal to the library.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/replay/process_context.hpp"

namespace stepscope::analysis {

// What was launched into `lane` behind call `wait` comes after what was launched into `recorded_lane` before call `record`.
struct StreamWait {
  uint32_t recorded_lane = 0, lane = 0;  // of the recording
  uint32_t record = 0, wait = 0;         // correlation ids
};

// Of the window, ascending by `wait`. Waits whose event was recorded before it, or never seen, are left out.
[[nodiscard]] Result<std::vector<StreamWait>> read_stream_waits(const ProcessContext& context);

}  // namespace stepscope::analysis
