// SPDX-License-Identifier: Apache-2.0
//
// A realistic stream of GPU kernels: a step of 400 kernels with ~150 names on one device, two streams, jitter of a few
// per cent in duration and gap, correlation ids that mostly ascend, no graphs. Deterministic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace stepscope::bench {

inline constexpr size_t kKernelColumns = 8;
using KernelRow = std::array<int64_t, kKernelColumns>;

inline std::vector<KernelRow> kernel_mix(size_t events) {
  constexpr size_t kStep = 400;
  std::mt19937_64 random(1);
  struct Template {
    int64_t dur, gap, name, stream, launches;
  };
  std::vector<Template> step(kStep);
  for (Template& kernel : step) {
    kernel.dur = static_cast<int64_t>(2000 + random() % 1000 * (random() % 8 == 0 ? 900 : 40));
    kernel.gap = static_cast<int64_t>(600 + random() % 1500);
    kernel.name = static_cast<int64_t>(20 + random() % 150);
    kernel.stream = random() % 10 == 0 ? 13 : 7;
    kernel.launches = static_cast<int64_t>(1 + random() % 4);
  }
  std::vector<KernelRow> rows(events);
  int64_t now = 1'700'000'000'000;
  int64_t correlation = 4711;
  for (size_t i = 0; i < events; ++i) {
    const Template& kernel = step[i % kStep];
    const int64_t dur =
        kernel.dur + static_cast<int64_t>(random() % static_cast<uint64_t>(kernel.dur / 16)) / 32 * 32;
    rows[i] = {now, dur, kernel.name, 0, kernel.stream, correlation, 0, 0};
    now += dur + kernel.gap + static_cast<int64_t>(random() % 200);
    correlation += kernel.launches;
  }
  return rows;
}

}  // namespace stepscope::bench
