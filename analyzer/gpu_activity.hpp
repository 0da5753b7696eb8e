// SPDX-License-Identifier: Apache-2.0
//
// gpu_activity: how busy the GPUs of a run were while it trained, how many streams worked at once, and how far ahead of
// the GPU the host was. One pass over all GPU events, in bounded memory (gpu_events.hpp): for a report, not for a gate.
//
// Time is that of the train steps' span, summed over the training processes that recorded GPU activity. A stream is active
// while anything runs on it. Launch latency and queue depth need CUDA calls (level api): a launch is the first thing that
// a launching call's correlation id started on a GPU. They are measured on at most kMaxLaunches launches from
// the middle of each process's span. Deterministic, one thread.
#pragma once

#include <array>
#include <cstdint>

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

inline constexpr size_t kMaxLaunches = 1000000;

struct LaunchStats {
  uint64_t launches = 0;  // 0: no calls were recorded, the rest is 0
  int64_t median_ns = 0;  // from the start of the call to the start of the kernel
  int64_t p99_ns = 0;
  double mean_queue = 0;  // launched and not yet started, this one included, at each launch
  uint64_t max_queue = 0;
};

struct GpuActivity {
  int64_t span_ns = 0;  // train steps, all processes
  std::array<int64_t, 4>
      active_ns{};  // by number of active streams: none, 1, 2, 3 and more; adds up to span_ns
  LaunchStats launches;

  [[nodiscard]] int64_t busy_ns() const { return span_ns - active_ns[0]; }
};

[[nodiscard]] Result<GpuActivity> gpu_activity(const Run& run, const Ledger& ledger);

}  // namespace stepscope::analysis
