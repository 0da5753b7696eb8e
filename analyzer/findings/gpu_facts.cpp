// SPDX-License-Identifier: Apache-2.0
#include "analyzer/findings/gpu_facts.hpp"

namespace stepscope::analysis::finding {

bool gpu_known(const Case& c) {
  return c.candidate().gpu.known && (c.one_run() || c.base().gpu.known);
}

double per_step(double value, double steps) {
  return steps > 0 ? value / steps : 0;
}

double kernels_per_step(const GpuEvidence& gpu) {
  return per_step(static_cast<double>(gpu.kernel_count), gpu.steps);
}

double mean_kernel_ns(const GpuEvidence& gpu) {
  return gpu.kernel_count == 0 ? 0
                               : static_cast<double>(gpu.kernel_ns) / static_cast<double>(gpu.kernel_count);
}

double rate(int64_t bytes, int64_t ns) {
  return ns > 0 ? static_cast<double>(bytes) * 1e9 / static_cast<double>(ns) : 0;
}

}  // namespace stepscope::analysis::finding
