// SPDX-License-Identifier: Apache-2.0
//
// find_flows: what an event hangs together with: the kernel that a CUDA call launched and the call that launched a kernel,
// the batch that a worker made and the wait for it, the rank that came last to a collective.
//
//   for (const FlowEnd& end : find_flows(run, lane, Kind::kKernel, start_ns, dur_ns).value()) ...
//
// Calls and GPU activity are joined by correlation id within one process, batches by loader, epoch and task (of several with
// the same, that of the process's own workers, then of its rank), collectives by communicator, operation and number. For a
// click: decodes the segments around the event, of batches and collectives those of other processes too. Deterministic; any
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

enum class FlowKind : uint8_t { kLaunch, kBatch, kLateRank };
[[nodiscard]] std::string_view flow_name(FlowKind kind);  // "launch", "batch", "last to arrive"

// The other event. `later`: the arrow runs from the event that was asked about to this one.
struct FlowEnd {
  FlowKind kind = FlowKind::kLaunch;
  bool later = false;
  uint32_t lane = kNoLane;  // global
  int64_t start_ns = 0;     // on the run's timeline
  int64_t dur_ns = 0;
};

// The event of `kind` on `lane` that starts at start_ns and lasts dur_ns, as Run::details() takes it. Ascending by start;
// empty when nothing is recorded of it. Of a collective, and of the kernel that its record names: from the rank that came last
// to this one, or where this one came last to all others.
[[nodiscard]] Result<std::vector<FlowEnd>> find_flows(const Run& run, uint32_t lane, Kind kind,
                                                      int64_t start_ns, int64_t dur_ns);

}  // namespace stepscope::analysis
