// SPDX-License-Identifier: Apache-2.0
//
// batch_reader: the batches of one training process, joined with the records of their making by the analyzer, as BatchLanes.
// Decodes batches and fetches; called on a thread of the window's own (background.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/run.hpp"
#include "viewer/model/batch_lanes.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

// Processes that wait for batches, in the order of the run.
[[nodiscard]] std::vector<uint32_t> consumers(const analysis::Run& run);
[[nodiscard]] BatchLanes read_batches(const analysis::Run& run, const RunModel& model, uint32_t process);

}  // namespace stepscope::viewer
