// SPDX-License-Identifier: Apache-2.0
#include "analyzer/evidence.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>
#include <string_view>

#include "analyzer/batches.hpp"
#include "analyzer/supply.hpp"

namespace stepscope::analysis {
namespace {

constexpr double kUnknown = -1;

double least_known(double a, double b) {
  return a < 0 ? b : b < 0 ? a : std::min(a, b);
}

// From the first to the last train step of the process that drives, else of the whole run.
TimeRange training_time(const Run& run, const Ledger& ledger) {
  TimeRange range{0, 0};
  bool any = false;
  for (const ProcessLedger& process : ledger.processes) {
    for (const Step& step : process.steps.steps) {
      if (step.step_class == StepClass::kTrain) {
        range.begin_ns = any ? std::min(range.begin_ns, step.begin_ns) : step.begin_ns;
        range.end_ns = any ? std::max(range.end_ns, step.end_ns) : step.end_ns;
        any = true;
      }
    }
  }
  return any ? range : run.time_range();
}

// One counter of one process.
struct CounterTrack {
  std::vector<std::pair<int64_t, double>> samples;

  // The smallest level above 0: no limit reads as 0, and a process may be put under one after its first sample.
  [[nodiscard]] double least() const {
    double value = kUnknown;
    for (const auto& sample : samples) {
      if (sample.second > 0) {
        value = value < 0 ? sample.second : std::min(value, sample.second);
      }
    }
    return value;
  }

  // Growth of a cumulative counter per ns, from the last sample before the window to the first one after it;
  // kUnknown when one sample tells nothing.
  [[nodiscard]] double rate(const TimeRange& window) {
    std::sort(samples.begin(), samples.end());
    if (samples.size() < 2) {
      return kUnknown;
    }
    size_t first = 0;
    while (first + 1 < samples.size() && samples[first + 1].first <= window.begin_ns) {
      ++first;
    }
    size_t last = samples.size() - 1;
    while (last > first + 1 && samples[last - 1].first >= window.end_ns) {
      --last;
    }
    const int64_t elapsed = samples[last].first - samples[first].first;
    const double grown = samples[last].second - samples[first].second;
    return last > first && elapsed > 0 ? std::max(0.0, grown) / static_cast<double>(elapsed) : kUnknown;
  }
};

enum HostFact : size_t {
  kAffinity,
  kQuota,
  kThrottled,
  kPsiCpu,
  kPsiIo,
  kPsiMemory,
  kReadBytes,
  kRunQueue,
  kFactCount
};
constexpr std::array<std::string_view, kFactCount> kFactNames = {
    "proc.affinity_cpus", "cgroup.cpu.quota_cpus", "cgroup.cpu.throttled_ns", "psi.cpu.some_us",
    "psi.io.some_us",     "psi.memory.some_us",    "proc.read_bytes",         "proc.runq_ns"};
using Tracks = std::array<CounterTrack, kFactCount>;

Status track_counters(const Run& run, uint32_t process, Tracks* tracks) {
  if (run.kind_events(process, Kind::kCounter) == 0) {
    return {};
  }
  std::array<uint32_t, kFactCount> names{};
  for (size_t f = 0; f < kFactCount; ++f) {
    names[f] = run.find_name(kFactNames[f]);
  }
  const Process& info = run.processes()[process];
  trace::ScanFilter filter;
  filter.kind = Kind::kCounter;
  return run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      const uint32_t name = run.global_name(process, view.columns[1][i]);
      const int64_t subject = view.columns[3][i];
      const auto fact = std::find(names.begin(), names.end(), name);
      if (name == 0 || fact == names.end() || (subject != 0 && subject != static_cast<int64_t>(info.pid))) {
        continue;
      }
      (*tracks)[static_cast<size_t>(fact - names.begin())].samples.emplace_back(
          view.columns[0][i] + info.clock_shift_ns, std::bit_cast<double>(view.columns[2][i]));
    }
    return Status();
  });
}

double meta_number(const Process& process, const char* key) {
  const auto found = process.meta.find(key);
  double value = kUnknown;
  if (found != process.meta.end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return kUnknown;
    }
  }
  return value;
}

Status gather_host(const Run& run, const Ledger& ledger, HostEvidence* host) {
  const TimeRange window = training_time(run, ledger);
  double read_rate = kUnknown;
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    Tracks tracks{};
    if (Status status = track_counters(run, p, &tracks); !status.ok()) {
      return status;
    }
    const Process& process = run.processes()[p];
    const double affinity = tracks[kAffinity].least();
    double& side = process.role == "worker" ? host->worker_affinity_cpus : host->main_affinity_cpus;
    side = least_known(side, affinity);
    const double measured_quota = tracks[kQuota].least();
    const double quota = measured_quota >= 0 ? measured_quota : meta_number(process, "host.cpu_quota");
    host->quota_cpus = least_known(host->quota_cpus, quota > 0 ? quota : kUnknown);
    if (process.role != "worker") {
      host->main_runq_share = std::max(host->main_runq_share, tracks[kRunQueue].rate(window));
    }
    host->throttled_share = std::max(host->throttled_share, tracks[kThrottled].rate(window));
    constexpr double kNsPerUs = 1000;
    const auto pressure = [&tracks, &window](HostFact fact) {
      const double rate = tracks[fact].rate(window);
      return rate < 0 ? kUnknown : rate * kNsPerUs;
    };
    host->psi_cpu_share = std::max(host->psi_cpu_share, pressure(kPsiCpu));
    host->psi_io_share = std::max(host->psi_io_share, pressure(kPsiIo));
    host->psi_memory_share = std::max(host->psi_memory_share, pressure(kPsiMemory));
    if (const double rate = tracks[kReadBytes].rate(window); rate >= 0) {
      read_rate = std::max(0.0, read_rate) + rate * 1e9;
    }
    host->cpus = std::max(host->cpus, meta_number(process, "hw.cpus"));
  }
  host->read_bytes_per_s = read_rate;
  return {};
}

Status gather_gc(const Run& run, const ProcessSteps& steps, GcEvidence* gc) {
  const Process& process = run.processes()[steps.process];
  trace::ScanFilter filter;
  filter.kind = Kind::kGc;
  filter.lane = run.lanes()[steps.lane].trace_id;
  filter.columns = 0b111U;
  return run.scan(steps.process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      if (train_step_at(steps.steps, view.columns[0][i] + process.clock_shift_ns) != nullptr) {
        const auto generation = static_cast<size_t>(std::clamp<int64_t>(view.columns[2][i], 0, 2));
        const int64_t dur = std::max<int64_t>(0, view.columns[1][i]);
        ++gc->pauses[generation];
        gc->total_ns[generation] += dur;
        gc->max_ns = std::max(gc->max_ns, dur);
      }
    }
    return Status();
  });
}

// Time in phases, by name.
struct PhaseTimes {
  std::map<std::string, int64_t> optimizers, iterators;
};

std::string longest(const std::map<std::string, int64_t>& times) {
  const auto most = std::max_element(times.begin(), times.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == times.end() ? std::string() : most->first;
}

Status gather_phases(const Run& run, const ProcessSteps& steps, PhaseTimes* times) {
  trace::ScanFilter filter;
  filter.kind = Kind::kPhase;
  filter.lane = run.lanes()[steps.lane].trace_id;
  filter.columns = 0b1111U;
  return run.scan(steps.process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      const auto op = static_cast<trace::PhaseOp>(view.columns[3][i]);
      if (op == trace::PhaseOp::kOptimizer || op == trace::PhaseOp::kDataNext) {
        auto& by_name = op == trace::PhaseOp::kOptimizer ? times->optimizers : times->iterators;
        by_name[std::string(run.name(run.global_name(steps.process, view.columns[2][i])))] +=
            view.columns[1][i];
      }
    }
    return Status();
  });
}

// What adds up over the training processes.
struct Gathered {
  SupplyBuilder supply;
  WorkCounter work;
  PhaseTimes phases;
};

Status gather_process(const Run& run, const ProcessLedger& process, Gathered* sums, Evidence* out) {
  const ProcessSteps& steps = process.steps;
  Result<BatchTable> table = load_batches(run, steps.process);
  if (!table.ok()) {
    return table.status();
  }
  sums->supply.add(steps, table.value());
  if (out->loader.num_workers < 0) {
    out->loader = loader_config(run.processes()[steps.process], steps, table.value());
  }
  sums->work.add_batches(steps, table.value());
  if (Status status = sums->work.add_said(run, steps); !status.ok()) {
    return status;
  }
  if (Status status = gather_gc(run, steps, &out->gc); !status.ok()) {
    return status;
  }
  return gather_phases(run, steps, &sums->phases);
}

}  // namespace

Result<Evidence> gather_evidence(const Run& run, const Ledger& ledger) {
  Evidence out;
  Gathered sums;
  uint64_t steps = 0;
  uint64_t backwards = 0;
  for (const ProcessLedger& process : ledger.processes) {
    if (process.steps.steps.empty()) {
      continue;
    }
    ++out.train_processes;
    if (Status status = gather_process(run, process, &sums, &out); !status.ok()) {
      return status;
    }
    for (const Step& step : process.steps.steps) {
      if (step.step_class == StepClass::kTrain) {
        ++steps;
        backwards += step.micro_steps;
      }
    }
  }
  out.supply = sums.supply.finish();
  out.work = sums.work.finish(out.loader.collates_samples);
  out.micro_steps =
      steps == 0 || backwards == 0 ? kUnknown : static_cast<double>(backwards) / static_cast<double>(steps);
  out.optimizer = longest(sums.phases.optimizers);
  out.iterator = longest(sums.phases.iterators);
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    out.worker_recordings += run.processes()[p].role == "worker" ? 1U : 0U;
  }
  if (Status status = gather_host(run, ledger, &out.host); !status.ok()) {
    return status;
  }
  Result<GpuEvidence> gpu = gather_gpu_evidence(run, ledger);
  if (!gpu.ok()) {
    return gpu.status();
  }
  out.gpu = std::move(gpu).value();
  return out;
}

}  // namespace stepscope::analysis
