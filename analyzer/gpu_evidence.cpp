// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_evidence.hpp"

#include <algorithm>
#include <tuple>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/gpu_events.hpp"
#include "analyzer/kernel_math.hpp"

namespace stepscope::analysis {
namespace {

// "cudaStreamSynchronize_v3020" and "cudaStreamSynchronize" are one call.
std::string without_version(std::string_view call) {
  const size_t suffix = call.rfind("_v");
  const bool version = suffix != std::string_view::npos && suffix + 2 < call.size() &&
                       call.find_first_not_of("0123456789", suffix + 2) == std::string_view::npos;
  return std::string(version ? call.substr(0, suffix) : call);
}

using KernelTotals = std::map<std::string, KernelTotal>;  // by normalised name

KernelTotal& add_kernel(std::string_view name, const NameTotal& total, KernelTotals* kernels) {
  KernelName described = describe_kernel(name);
  KernelTotal& sum = (*kernels)[described.normalised];
  sum.normalised = described.normalised;
  sum.family = described.family;
  sum.detail = std::move(described.detail);
  sum.count += total.count;
  sum.total_ns += total.total_ns;
  return sum;
}

std::vector<KernelTotal> by_time(KernelTotals kernels) {
  std::vector<KernelTotal> out;
  for (auto& [name, total] : kernels) {
    out.push_back(std::move(total));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const KernelTotal& a, const KernelTotal& b) { return a.total_ns > b.total_ns; });
  return out;
}

struct Gathering {
  KernelTotals kernels;
  std::map<std::string, CopyStats> copies;
};

Status add_totals(const Run& run, uint32_t process, Gathering* gathering, GpuEvidence* out) {
  Result<std::vector<NameTotal>> totals = run.name_totals(process);
  if (!totals.ok()) {
    return totals.status();
  }
  for (const NameTotal& total : totals.value()) {
    const std::string_view name = run.name(total.name);
    if (total.kind == Kind::kKernel) {
      const KernelTotal& sum = add_kernel(name, total, &gathering->kernels);
      out->kernel_count += total.count;
      out->kernel_ns += total.total_ns;
      if (sum.family == KernelFamily::kGemm || sum.family == KernelFamily::kConvolution) {
        const MathUnit unit = math_unit(name);
        out->math.tensor_ns += unit == MathUnit::kTensor ? total.total_ns : 0;
        out->math.scalar_ns += unit == MathUnit::kScalar ? total.total_ns : 0;
      }
    } else if (total.kind == Kind::kCudaApi) {
      out->api = true;
      if (classify_call(name) == CallClass::kSync) {
        out->sync_calls[without_version(name)] += total.count;
      }
      out->graph_launches += name.find("GraphLaunch") != std::string_view::npos ? total.count : 0;
    } else if (total.kind == Kind::kOverhead) {
      out->overhead_ns[std::string(name)] += total.total_ns;
    }
  }
  if (!out->api) {
    out->graph_launches += run.kind_events(process, Kind::kGraphLaunch);
  }
  return {};
}

Status add_copies(const Run& run, uint32_t process, const TimeRange& window, Gathering* gathering) {
  constexpr size_t kKind = 2;
  constexpr size_t kBytes = 3;
  constexpr size_t kSource = 9;
  constexpr size_t kTarget = 10;
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = Kind::kMemcpy;
  filter.begin_ns = window.begin_ns - shift;
  filter.end_ns = window.end_ns - shift;
  filter.columns = 0b11U | 1U << kKind | 1U << kBytes | 1U << kSource | 1U << kTarget;
  return run.scan(process, filter, [&](const trace::SegmentView& view) {
    const auto pageable = [&view](size_t column, size_t row) {
      return column < view.columns.size() && !view.columns[column].empty() &&
             view.columns[column][row] == static_cast<int64_t>(trace::MemoryKind::kPageable);
    };
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t start = view.columns[0][row] + shift;
      if (start < window.begin_ns || start >= window.end_ns) {
        continue;
      }
      const int64_t dur = std::max<int64_t>(0, view.columns[1][row]);
      const int64_t bytes = view.columns[kBytes][row];
      CopyStats& stats = gathering->copies[std::string(copy_kind_name(view.columns[kKind][row]))];
      ++stats.count;
      stats.bytes += bytes;
      stats.ns += dur;
      if (pageable(kSource, row) || pageable(kTarget, row)) {
        ++stats.pageable_count;
        stats.pageable_bytes += bytes;
        stats.pageable_ns += dur;
      }
    }
    return Status();
  });
}

Status add_process(const Run& run, const ProcessSteps& steps, Gathering* gathering, GpuEvidence* out) {
  ++out->processes;
  out->steps += static_cast<double>(steps.steps.size());
  out->train_steps +=
      static_cast<double>(std::count_if(steps.steps.begin(), steps.steps.end(), [](const Step& step) {
        return step.step_class == StepClass::kTrain;
      }));
  const TimeRange window = train_window(steps);
  if (Status status = add_totals(run, steps.process, gathering, out); !status.ok()) {
    return status;
  }
  if (Status status = add_copies(run, steps.process, window, gathering); !status.ok()) {
    return status;
  }
  Result<std::vector<CollectiveStats>> collectives = collect_collectives(run, steps.process, window);
  if (!collectives.ok()) {
    return collectives.status();
  }
  std::move(collectives.value().begin(), collectives.value().end(), std::back_inserter(out->collectives));
  Result<std::vector<DeviceHealth>> health = gpu_health(run, steps.process, window);
  if (!health.ok()) {
    return health.status();
  }
  std::move(health.value().begin(), health.value().end(), std::back_inserter(out->health));
  const auto& meta = run.processes()[steps.process].meta;
  if (const auto name = meta.find("device.0.name"); name != meta.end() && out->device.empty()) {
    out->device = name->second;
  }
  return {};
}

double mean_of(std::span<const DeviceHealth> devices, double DeviceHealth::*fact) {
  double sum = 0;
  double count = 0;
  for (const DeviceHealth& device : devices) {
    if (device.*fact >= 0) {
      sum += device.*fact;
      ++count;
    }
  }
  return count > 0 ? sum / count : -1;
}

}  // namespace

TimeRange train_window(const ProcessSteps& steps) {
  TimeRange window;
  bool any = false;
  for (const Step& step : steps.steps) {
    if (step.step_class == StepClass::kTrain) {
      window.begin_ns = any ? window.begin_ns : step.begin_ns;
      window.end_ns = step.end_ns;
      any = true;
    }
  }
  return window;
}

double mean_sm_clock(std::span<const DeviceHealth> devices) {
  return mean_of(devices, &DeviceHealth::sm_clock_mhz);
}
double mean_mem_clock(std::span<const DeviceHealth> devices) {
  return mean_of(devices, &DeviceHealth::mem_clock_mhz);
}

Result<std::vector<KernelTotal>> kernel_totals(const Run& run, std::span<const uint32_t> processes) {
  KernelTotals kernels;
  for (const uint32_t process : processes) {
    const Result<std::vector<NameTotal>> totals = run.name_totals(process);
    if (!totals.ok()) {
      return totals.status();
    }
    for (const NameTotal& total : totals.value()) {
      if (total.kind == Kind::kKernel) {
        (void)add_kernel(run.name(total.name), total, &kernels);
      }
    }
  }
  return by_time(std::move(kernels));
}

Result<GpuEvidence> gather_gpu_evidence(const Run& run, const Ledger& ledger) {
  GpuEvidence out;
  Gathering gathering;
  for (const ProcessLedger& process : ledger.processes) {
    if (process.steps.steps.empty() || !has_gpu_events(run, process.steps.process)) {
      continue;
    }
    out.known = true;
    if (Status status = add_process(run, process.steps, &gathering, &out); !status.ok()) {
      return status;
    }
  }
  out.kernels = by_time(std::move(gathering.kernels));
  for (auto& [kind, stats] : gathering.copies) {
    stats.kind = kind;
    out.copies.push_back(std::move(stats));
  }
  return out;
}

}  // namespace stepscope::analysis
