// SPDX-License-Identifier: Apache-2.0
//
// The clock of the GPU that is not there: CUPTI's default on Linux.
#pragma once

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace fakecuda {

inline uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(t.tv_nsec);
}

inline void sleep_until(uint64_t when_ns) {
  timespec t{};
  t.tv_sec = static_cast<time_t>(when_ns / 1'000'000'000U);
  t.tv_nsec = static_cast<decltype(t.tv_nsec)>(when_ns % 1'000'000'000U);
  while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

}  // namespace fakecuda
