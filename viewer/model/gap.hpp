// SPDX-License-Identifier: Apache-2.0
//
// Gap: a stretch in which nothing runs on a lane. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

struct GapRef {
  Side side = Side::kA;
  uint32_t lane = 0;
  int64_t begin_ns = 0;  // where the last event before it ends
  int64_t end_ns = 0;    // where the next one starts
  friend bool operator==(const GapRef&, const GapRef&) = default;
};

// The gap that holds t: none where an event runs, before the lane's first event and after its last.
[[nodiscard]] std::optional<GapRef> gap_at(const RunModel& run, Side side, uint32_t lane, int64_t t);

}  // namespace stepscope::viewer
