// SPDX-License-Identifier: Apache-2.0
//
// scan_gpu: everything that ran on the GPUs of one process in a span of time, in bounded memory.
//
// Millions of events do not fit as intervals, and lanes come one after the other, not in the order of time. So the span is
// cut into windows of about events_per_window events each, and each window gets the events of all streams that touch it:
// events that cross a boundary come in every window they touch, whole, not clipped. Each segment is decoded once, with the
// window in which it begins; what of it lies behind the window waits for its own.
// Memory: a window's worth of events and of each stream at most a segment, 48 B an event. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

inline constexpr size_t kEventsPerWindow = size_t{1} << 16U;

struct GpuEvent {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;  // > begin_ns, with GpuScan::instants >= begin_ns; events of negative time are left out
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

// What a scan reads. Columns that are not read are 0 in its events, and cost nothing.
struct GpuScan {
  bool correlation = true;
  bool graph = true;
  bool signature = false;
  bool instants = false;  // events that take no time, too: a clock that counts whole microseconds has many
  size_t events_per_window = kEventsPerWindow;  // another number is for tests
};

// Without GPU events the span is one empty window; an empty span is none.
[[nodiscard]] Status scan_gpu(const Run& run, uint32_t process, const TimeRange& span, const GpuScan& scan,
                              const GpuWindowVisitor& visit);

// True when the process recorded anything that ran on a GPU.
[[nodiscard]] bool has_gpu_events(const Run& run, uint32_t process);

// "h2d", "d2h", "d2d", "h2h", "p2p" or "other" for a trace::CopyKind.
[[nodiscard]] std::string_view copy_kind_name(int64_t copy_kind);

}  // namespace stepscope::analysis
