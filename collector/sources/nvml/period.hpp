// SPDX-License-Identifier: Apache-2.0
//
// How often the health is read: every second, less often where reading it takes long. Pure.
#pragma once

#include <stdint.h>

namespace stepscope::collector::nvml {

inline constexpr int64_t kShortestPeriodNs = 1'000'000'000;
inline constexpr int64_t kLongestPeriodNs = 16'000'000'000;
inline constexpr int64_t kSlowNs = 20'000'000;  // a fiftieth of the shortest period

// The next period, after a reading of all GPUs took `took_ns`: twice as long after a slow one, half as long again after one
// that took less than half of that.
[[nodiscard]] constexpr int64_t next_period(int64_t period_ns, int64_t took_ns) noexcept {
  if (took_ns > kSlowNs) {
    return period_ns * 2 < kLongestPeriodNs ? period_ns * 2 : kLongestPeriodNs;
  }
  if (took_ns < kSlowNs / 2) {
    return period_ns / 2 > kShortestPeriodNs ? period_ns / 2 : kShortestPeriodNs;
  }
  return period_ns;
}

}  // namespace stepscope::collector::nvml
