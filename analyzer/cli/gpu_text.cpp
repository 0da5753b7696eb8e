// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gpu_view.hpp"
#include "analyzer/cli/table.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kTopKernels = 10;

std::string heading(const char* text, const Terminal& terminal) {
  return "\n" + styled(text, Style::kBold, terminal) + "\n";
}

std::string per_second(double bytes_per_s) {
  return bytes_per_s < 0 ? "" : fmt::format("{:.1f} GB/s", bytes_per_s / 1e9);
}

std::string rate(int64_t bytes, int64_t ns) {
  return ns > 0 ? per_second(static_cast<double>(bytes) * 1e9 / static_cast<double>(ns)) : "";
}

std::string summary(const Report& report, const Terminal& terminal) {
  const GpuActivity& activity = report.activity;
  const GpuEvidence& gpu = report.evidence.gpu;
  TextTable table({{""}, {"", Align::kLeft, Fit::kWrap}});
  const auto span = static_cast<double>(activity.span_ns);
  const auto share = [span](int64_t ns) { return percent(static_cast<double>(ns), span); };
  if (!gpu.device.empty()) {
    table.add_row({"device", gpu.device});
  }
  table.add_row({"busy", share(activity.busy_ns()) + " of the train steps"});
  table.add_row({"streams at once", fmt::format("1: {}, 2: {}, 3 or more: {}", share(activity.active_ns[1]),
                                                share(activity.active_ns[2]), share(activity.active_ns[3]))});
  const LaunchStats& launches = activity.launches;
  if (launches.launches > 0) {
    table.add_row({"from launch to start",
                   fmt::format("median {}, 99 % below {} ({} launches)",
                               duration(static_cast<double>(launches.median_ns)),
                               duration(static_cast<double>(launches.p99_ns)), launches.launches)});
    table.add_row({"launched and waiting",
                   fmt::format("{:.1f} on average, at most {}", launches.mean_queue, launches.max_queue)});
  }
  int64_t overhead = 0;
  for (const auto& [name, ns] : gpu.overhead_ns) {
    overhead += ns;
  }
  if (overhead > 0) {
    table.add_row({"recording cost in CUDA", duration(static_cast<double>(overhead)) + " in all"});
  }
  return heading("what the GPU did", terminal) + table.render(terminal);
}

std::string kernel_table(const GpuEvidence& gpu, const Terminal& terminal) {
  if (gpu.kernels.empty()) {
    return "";
  }
  TextTable table({{"kernel", Align::kLeft, Fit::kShorten},
                   {"family"},
                   {"count", Align::kRight},
                   {"mean", Align::kRight},
                   {"total", Align::kRight},
                   {"share", Align::kRight}});
  for (size_t i = 0; i < std::min(kTopKernels, gpu.kernels.size()); ++i) {
    const KernelTotal& kernel = gpu.kernels[i];
    table.add_row({printable(kernel.normalised), std::string(kernel_family_name(kernel.family)),
                   std::to_string(kernel.count), duration(kernel.mean_ns()),
                   duration(static_cast<double>(kernel.total_ns)),
                   percent(static_cast<double>(kernel.total_ns), static_cast<double>(gpu.kernel_ns))});
  }
  std::string out = heading("kernels that take most time", terminal) + table.render(terminal);
  if (gpu.kernels.size() > kTopKernels) {
    out += fmt::format("  and {} more\n", gpu.kernels.size() - kTopKernels);
  }
  return out;
}

std::string copy_table(const GpuEvidence& gpu, const Terminal& terminal) {
  if (gpu.copies.empty()) {
    return "";
  }
  TextTable table({{"copies"},
                   {"count", Align::kRight},
                   {"bytes", Align::kRight},
                   {"time", Align::kRight},
                   {"rate", Align::kRight},
                   {"not pinned", Align::kRight}});
  for (const CopyStats& copy : gpu.copies) {
    table.add_row({copy.kind, std::to_string(copy.count), bytes(static_cast<uint64_t>(copy.bytes)),
                   duration(static_cast<double>(copy.ns)), rate(copy.bytes, copy.ns),
                   copy.pageable_count == 0
                       ? "none"
                       : percent(static_cast<double>(copy.pageable_bytes), static_cast<double>(copy.bytes))});
  }
  return heading("copies", terminal) + table.render(terminal);
}

std::string collective_table(const GpuEvidence& gpu, const Terminal& terminal) {
  if (gpu.collectives.empty()) {
    return "";
  }
  TextTable table({{"collective"},
                   {"communicator", Align::kLeft, Fit::kShorten},
                   {"ranks", Align::kRight},
                   {"count", Align::kRight},
                   {"bytes", Align::kRight},
                   {"time", Align::kRight},
                   {"algorithm", Align::kRight},
                   {"bus", Align::kRight}});
  for (const CollectiveStats& one : gpu.collectives) {
    table.add_row({one.op, printable(one.communicator), std::to_string(one.ranks), std::to_string(one.count),
                   bytes(static_cast<uint64_t>(one.bytes)),
                   one.timed == 0 ? "not known" : duration(static_cast<double>(one.ns)),
                   per_second(one.algorithm_bandwidth), per_second(one.bus_bandwidth)});
  }
  return heading("collectives", terminal) + table.render(terminal);
}

std::string throttle_words(const DeviceHealth& device) {
  std::string out;
  for (const auto& [reason, share] : device.throttled) {
    out += (out.empty() ? "" : ", ") + reason + " " + percent(share, 1);
  }
  for (const auto& [error, count] : device.errors) {
    out += (out.empty() ? "" : ", ") + fmt::format("{} +{:.0f}", error, count);
  }
  return out;
}

std::string health_table(const GpuEvidence& gpu, const Terminal& terminal) {
  if (gpu.health.empty()) {
    return "";
  }
  const auto number = [](double value, const char* unit) {
    return value < 0 ? std::string() : fmt::format("{:.0f} {}", value, unit);
  };
  TextTable table({{"GPU", Align::kLeft, Fit::kShorten},
                   {"SM clock", Align::kRight},
                   {"memory clock", Align::kRight},
                   {"power", Align::kRight},
                   {"hottest", Align::kRight},
                   {"throttled, errors", Align::kLeft, Fit::kWrap}});
  for (const DeviceHealth& device : gpu.health) {
    table.add_row({fmt::format("{} {}", device.device, printable(device.name)),
                   number(device.sm_clock_mhz, "MHz"), number(device.mem_clock_mhz, "MHz"),
                   number(device.power_w, "W"), number(device.temperature_c, "C"), throttle_words(device)});
  }
  return heading("health of the GPUs while training", terminal) + table.render(terminal);
}

}  // namespace

std::string gpu_text(const Report& report, const Terminal& terminal) {
  const GpuEvidence& gpu = report.evidence.gpu;
  return !gpu.known ? ""
                    : summary(report, terminal) + kernel_table(gpu, terminal) + copy_table(gpu, terminal) +
                          collective_table(gpu, terminal) + health_table(gpu, terminal);
}

}  // namespace stepscope::analysis::cli
