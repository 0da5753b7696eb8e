// SPDX-License-Identifier: Apache-2.0
//
// gpu_health: clocks, power, temperature and throttling of the GPUs while a process trained, from readings about once a
// second (kind health). A fact that was not read is negative or absent, never zero.
//
// Clocks are weighted with the time the GPU was busy (stored overviews of its streams: no event is decoded), since the
// clock of an idle GPU says nothing about its kernels. Deterministic, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

struct DeviceHealth {
  uint32_t process = 0;  // who read it
  int64_t device = 0;    // that process's number for it
  std::string name;      // meta device.<id>.name
  double sm_clock_mhz = -1;
  double mem_clock_mhz = -1;
  double power_w = -1;                      // mean
  double temperature_c = -1;                // highest
  double utilization = -1;                  // mean, 0..1
  double memory_used_bytes = -1;            // highest
  std::map<std::string, double> throttled;  // reason ("power_cap") -> share of the time, where above 0
  std::map<std::string, double> errors;     // "ecc.corrected", "xid", ... -> growth, where above 0
};

// One per device that `process` read, ascending by device. Readings in `window` and the last one before it.
[[nodiscard]] Result<std::vector<DeviceHealth>> gpu_health(const Run& run, uint32_t process,
                                                           const TimeRange& window);

}  // namespace stepscope::analysis
