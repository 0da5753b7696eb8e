// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include "analyzer/cli/gpu_view.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostKernels = 200;

ordered_json known(double value) {
  return value < 0 ? ordered_json(nullptr) : ordered_json(value);
}

ordered_json activity_json(const GpuActivity& activity) {
  const LaunchStats& launches = activity.launches;
  ordered_json launch = nullptr;
  if (launches.launches > 0) {
    launch = {{"launches", launches.launches},
              {"median_ns", launches.median_ns},
              {"p99_ns", launches.p99_ns},
              {"mean_queue", launches.mean_queue},
              {"max_queue", launches.max_queue}};
  }
  return {{"span_ns", activity.span_ns},
          {"busy_ns", activity.busy_ns()},
          {"streams_active_ns",
           {{"1", activity.active_ns[1]}, {"2", activity.active_ns[2]}, {"3+", activity.active_ns[3]}}},
          {"launch", std::move(launch)}};
}

ordered_json kernels_json(const GpuEvidence& gpu) {
  ordered_json out = ordered_json::array();
  for (size_t i = 0; i < std::min(kMostKernels, gpu.kernels.size()); ++i) {
    const KernelTotal& kernel = gpu.kernels[i];
    out.push_back({{"name", kernel.normalised},
                   {"family", kernel_family_name(kernel.family)},
                   {"count", kernel.count},
                   {"total_ns", kernel.total_ns}});
  }
  return out;
}

ordered_json copies_json(const GpuEvidence& gpu) {
  ordered_json out = ordered_json::array();
  for (const CopyStats& copy : gpu.copies) {
    out.push_back({{"kind", copy.kind},
                   {"count", copy.count},
                   {"bytes", copy.bytes},
                   {"ns", copy.ns},
                   {"pageable_count", copy.pageable_count},
                   {"pageable_bytes", copy.pageable_bytes},
                   {"pageable_ns", copy.pageable_ns}});
  }
  return out;
}

ordered_json collectives_json(const GpuEvidence& gpu) {
  ordered_json out = ordered_json::array();
  for (const CollectiveStats& one : gpu.collectives) {
    out.push_back({{"op", one.op},
                   {"communicator", one.communicator},
                   {"ranks", one.ranks},
                   {"count", one.count},
                   {"bytes", one.bytes},
                   {"timed", one.timed},
                   {"ns", one.ns},
                   {"algorithm_bytes_per_s", known(one.algorithm_bandwidth)},
                   {"bus_bytes_per_s", known(one.bus_bandwidth)}});
  }
  return out;
}

ordered_json health_json(const GpuEvidence& gpu) {
  ordered_json out = ordered_json::array();
  for (const DeviceHealth& device : gpu.health) {
    out.push_back({{"process", device.process},
                   {"device", device.device},
                   {"name", device.name},
                   {"sm_clock_mhz", known(device.sm_clock_mhz)},
                   {"mem_clock_mhz", known(device.mem_clock_mhz)},
                   {"power_w", known(device.power_w)},
                   {"temperature_c", known(device.temperature_c)},
                   {"utilization", known(device.utilization)},
                   {"memory_used_bytes", known(device.memory_used_bytes)},
                   {"throttled_share", device.throttled},
                   {"errors", device.errors}});
  }
  return out;
}

// What recording cost, in the words of the collector.
ordered_json cost_json(const Run& run) {
  ordered_json out = ordered_json::array();
  for (const Process& process : run.processes()) {
    ordered_json facts = ordered_json::object();
    for (const auto& [key, value] : process.meta) {
      if (key.starts_with("self.") || key.starts_with("cupti.")) {
        facts[key] = value;
      }
    }
    if (!facts.empty()) {
      out.push_back({{"process", process.base}, {"meta", std::move(facts)}});
    }
  }
  return out;
}

}  // namespace

ordered_json gpu_json(const Report& report) {
  const GpuEvidence& gpu = report.evidence.gpu;
  if (!gpu.known) {
    return nullptr;
  }
  return {{"device", gpu.device},
          {"activity", activity_json(report.activity)},
          {"kernels", kernels_json(gpu)},
          {"sync_calls", gpu.sync_calls},
          {"graph_launches", gpu.graph_launches},
          {"copies", copies_json(gpu)},
          {"collectives", collectives_json(gpu)},
          {"health", health_json(gpu)},
          {"overhead_ns", gpu.overhead_ns},
          {"recording", cost_json(report.run)}};
}

}  // namespace stepscope::analysis::cli
