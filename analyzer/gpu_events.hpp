// SPDX-License-Identifier: Apache-2.0
//
// scan_gpu: everything that ran on the GPUs of one process in a span of time, in bounded memory.
//
// Millions of events do not fit as intervals, and lanes come one after the other, not in the order of time. So the span is
// cut into windows of about kEventsPerWindow events each, and each window gets the events of all streams that touch it:
// events that cross a boundary come in every window they touch, whole, not clipped. Kinds with few events are decoded
// once and kept; kernels are decoded per window (a segment that lies across windows more than once).
// Memory: two windows' worth of events, 48 B each. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

inline constexpr size_t kEventsPerWindow = size_t{1} << 18U;

struct GpuEvent {
  int64_t begin_ns = 0;
  int64_t end_ns =
      0;  // > begin_ns, with GpuScan::kSequence >= begin_ns; events of negative time are left out
  uint64_t graph = 0;  // id of the CUDA graph it belongs to, 0 = none
  uint32_t correlation = 0;
  uint32_t lane = 0;        // the recording's own lane id
  uint32_t name = 0;        // kernel: run-global name; memcpy: trace::CopyKind; others 0
  uint32_t signature = 0;   // kernel: run-global name of its launch configuration, 0 when unknown or not read
  Kind kind = Kind::kNone;  // kernel, memcpy, memset or graph_launch
};

// Receives [begin, end) and its events, ascending by begin. Windows come in order and cover the span without gap.
using GpuWindowVisitor =
    std::function<Status(int64_t begin_ns, int64_t end_ns, std::span<const GpuEvent> events)>;

// What a scan is for: where time went, or what followed what. Only the second reads signatures and delivers events that
// take no time (a clock that counts whole microseconds has many).
enum class GpuScan : uint8_t { kTimes, kSequence };

// `events_per_window` is for tests. Without GPU events the span is one empty window; an empty span is none.
[[nodiscard]] Status scan_gpu(const Run& run, uint32_t process, const TimeRange& span,
                              const GpuWindowVisitor& visit, size_t events_per_window = kEventsPerWindow,
                              GpuScan scan = GpuScan::kTimes);

// True when the process recorded anything that ran on a GPU.
[[nodiscard]] bool has_gpu_events(const Run& run, uint32_t process);

// "h2d", "d2h", "d2d", "h2h", "p2p" or "other" for a trace::CopyKind.
[[nodiscard]] std::string_view copy_kind_name(int64_t copy_kind);

}  // namespace stepscope::analysis
