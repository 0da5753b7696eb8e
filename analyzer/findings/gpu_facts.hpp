// SPDX-License-Identifier: Apache-2.0
//
// Numbers that several findings about GPUs need. Internal to the library.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

// Below this a kernel is shorter than what launching it costs the host.
inline constexpr double kShortKernelNs = 25000;

// Whether activity of GPUs was recorded, on both sides.
[[nodiscard]] bool gpu_known(const Case& c);

[[nodiscard]] double per_step(double value, double steps);  // 0 without steps
[[nodiscard]] double kernels_per_step(const GpuEvidence& gpu);
[[nodiscard]] double mean_kernel_ns(const GpuEvidence& gpu);
[[nodiscard]] double rate(int64_t bytes, int64_t ns);  // bytes per s

}  // namespace stepscope::analysis::finding
