// SPDX-License-Identifier: Apache-2.0
//
// gather_gpu_evidence: the facts about GPUs that a diff compares and a finding cites. Cheap by design: names' totals and
// overviews stored with the recording, and the few events of copies, collectives and health; no kernel is decoded, unless
// collectives take their time from theirs. What costs a pass over all kernels is in gpu_activity.hpp.
//
// Kernels and calls are counted over the whole recordings and divided by all their steps, warm-up included; copies,
// collectives and health are those of the train steps, per train step. A fact that was not recorded is absent or negative.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/collectives.hpp"
#include "analyzer/gpu_health.hpp"
#include "analyzer/kernel_name.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

struct KernelTotal {
  std::string normalised;
  KernelFamily family = KernelFamily::kOther;
  std::string detail;  // of communication kernels: the collective
  uint64_t count = 0;
  int64_t total_ns = 0;
  [[nodiscard]] double mean_ns() const {
    return count == 0 ? 0 : static_cast<double>(total_ns) / static_cast<double>(count);
  }
};

struct CopyStats {
  std::string kind;  // "h2d", ...
  uint64_t count = 0;
  int64_t bytes = 0;
  int64_t ns = 0;
  uint64_t pageable_count = 0;  // of these, from or to memory that is not pinned
  int64_t pageable_bytes = 0;
  int64_t pageable_ns = 0;
};

// Time of matrix products and convolutions whose names tell what they ran on.
struct MathTime {
  int64_t tensor_ns = 0;
  int64_t scalar_ns = 0;
};

struct GpuEvidence {
  bool known = false;    // a training process recorded GPU activity
  size_t processes = 0;  // that did
  double steps = 0;      // of those processes, every class
  double train_steps = 0;
  std::string device;                // model of the first device
  std::vector<KernelTotal> kernels;  // by total time descending, then by name; one per normalised name
  uint64_t kernel_count = 0;
  int64_t kernel_ns = 0;
  MathTime math;
  uint64_t graph_launches = 0;  // of graphs recorded as a whole, and API calls that launch graphs
  bool api = false;             // CUDA calls were recorded
  std::map<std::string, uint64_t> sync_calls;  // by name without version suffix
  std::vector<CopyStats> copies;               // by kind
  std::vector<CollectiveStats> collectives;
  std::vector<DeviceHealth> health;
  std::map<std::string, int64_t> overhead_ns;  // kind overhead, by name
};

[[nodiscard]] Result<GpuEvidence> gather_gpu_evidence(const Run& run, const Ledger& ledger);

// Totals of kernels of some processes only, in the order of GpuEvidence::kernels.
[[nodiscard]] Result<std::vector<KernelTotal>> kernel_totals(const Run& run,
                                                             std::span<const uint32_t> processes);

// From the first to the last train step of a process; {0, 0} when it has none.
[[nodiscard]] TimeRange train_window(const ProcessSteps& steps);

// Means over the devices that know: -1 when none does.
[[nodiscard]] double mean_sm_clock(std::span<const DeviceHealth> devices);
[[nodiscard]] double mean_mem_clock(std::span<const DeviceHealth> devices);

}  // namespace stepscope::analysis
