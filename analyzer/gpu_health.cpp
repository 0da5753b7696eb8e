// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_health.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <string_view>

namespace stepscope::analysis {
namespace {

constexpr double kUnknown = -1;

using Samples = std::vector<std::pair<int64_t, double>>;  // ascending by time
using Series = std::map<std::string, Samples>;            // by name without "gpu."

constexpr std::string_view kPrefix = "gpu.";
constexpr std::string_view kThrottle = "throttle.";
constexpr std::string_view kThrottleEnd = "_ns";
constexpr std::string_view kErrors[] = {"ecc.corrected", "ecc.uncorrected", "nvlink.errors", "pcie.replays",
                                        "xid"};

// `samples` is not empty.
double value_at(const Samples& samples, int64_t at) {
  const auto after = std::upper_bound(
      samples.begin(), samples.end(), at,
      [](int64_t value, const std::pair<int64_t, double>& sample) { return value < sample.first; });
  return after == samples.begin() ? after->second : std::prev(after)->second;
}

// From the last reading before the window to the last one in it.
Samples within(const Samples& samples, const TimeRange& window) {
  Samples out;
  for (const auto& sample : samples) {
    if (sample.first <= window.begin_ns) {
      out.assign(1, sample);
    } else if (sample.first <= window.end_ns || out.size() < 2) {
      out.push_back(sample);
    }
  }
  return out;
}

double mean(const Samples& samples) {
  double sum = 0;
  for (const auto& sample : samples) {
    sum += sample.second;
  }
  return samples.empty() ? kUnknown : sum / static_cast<double>(samples.size());
}

double largest(const Samples& samples) {
  double most = kUnknown;
  for (const auto& sample : samples) {
    most = std::max(most, sample.second);
  }
  return most;
}

double growth(const Samples& samples) {
  return samples.size() < 2 ? 0 : std::max(0.0, samples.back().second - samples.front().second);
}

// Streams are named "GPU 0 stream 7", "GPU 0 context 2 stream 7".
int64_t device_of_stream(std::string_view lane_name) {
  constexpr std::string_view kGpu = "GPU ";
  int64_t device = -1;
  if (lane_name.starts_with(kGpu)) {
    (void)std::from_chars(lane_name.data() + kGpu.size(), lane_name.data() + lane_name.size(), device);
  }
  return device;
}

struct BusyBucket {
  int64_t middle_ns = 0;
  double busy_ns = 0;
};

Status add_busy(const Run& run, uint32_t lane, const TimeRange& window, std::vector<BusyBucket>* out) {
  constexpr size_t kFine = 2048;  // a reading a second needs no more
  Result<std::vector<LaneOverview>> levels = run.overview(lane);
  if (!levels.ok()) {
    return levels.status();
  }
  const LaneOverview* best = nullptr;
  for (const LaneOverview& level : levels.value()) {
    best = best == nullptr || level.busy.size() <= kFine ? &level : best;
  }
  for (size_t b = 0; best != nullptr && b < best->busy.size(); ++b) {
    const int64_t middle = best->origin_ns + best->bucket_ns * static_cast<int64_t>(b) + best->bucket_ns / 2;
    if (middle >= window.begin_ns && middle < window.end_ns && best->busy[b] > 0) {
      out->push_back(
          {middle, static_cast<double>(best->busy[b]) / 65535 * static_cast<double>(best->bucket_ns)});
    }
  }
  return {};
}

double busy_mean(const Samples& samples, const std::vector<BusyBucket>& busy) {
  if (samples.empty()) {
    return kUnknown;
  }
  double sum = 0;
  double weight = 0;
  for (const BusyBucket& bucket : busy) {
    sum += value_at(samples, bucket.middle_ns) * bucket.busy_ns;
    weight += bucket.busy_ns;
  }
  return weight > 0 ? sum / weight : mean(samples);
}

Status read_series(const Run& run, uint32_t process, std::map<int64_t, Series>* devices) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = Kind::kHealth;
  Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const std::string_view name = run.name(run.global_name(process, view.columns[1][row]));
      if (name.starts_with(kPrefix)) {
        (*devices)[view.columns[3][row]][std::string(name.substr(kPrefix.size()))].emplace_back(
            view.columns[0][row] + shift, std::bit_cast<double>(view.columns[2][row]));
      }
    }
    return Status();
  });
  for (auto& [device, series] : *devices) {
    for (auto& [name, samples] : series) {
      std::stable_sort(samples.begin(), samples.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
    }
  }
  return status;
}

DeviceHealth summarize(const Series& series, const std::vector<BusyBucket>& busy, const TimeRange& window) {
  DeviceHealth out;
  const auto in_window = [&](const char* name) {
    const auto at = series.find(name);
    return at == series.end() ? Samples() : within(at->second, window);
  };
  constexpr double kMilli = 1000;
  // A tenth of a MHz: what summing in floating point adds below is no fact.
  const auto tenth = [](double mhz) { return std::round(mhz * 10) / 10; };
  out.sm_clock_mhz = tenth(busy_mean(in_window("sm_clock_mhz"), busy));
  out.mem_clock_mhz = tenth(busy_mean(in_window("mem_clock_mhz"), busy));
  const double power = mean(in_window("power_mw"));
  out.power_w = power < 0 ? kUnknown : power / kMilli;
  out.temperature_c = largest(in_window("temperature_c"));
  const double utilization = mean(in_window("utilization_pct"));
  out.utilization = utilization < 0 ? kUnknown : utilization / 100;
  out.memory_used_bytes = largest(in_window("memory_used_bytes"));
  for (const auto& [name, samples] : series) {
    const std::string_view text = name;
    const Samples part = within(samples, window);
    if (text.starts_with(kThrottle) && text.ends_with(kThrottleEnd) && growth(part) > 0) {
      const auto elapsed = static_cast<double>(part.back().first - part.front().first);
      const std::string_view reason =
          text.substr(kThrottle.size(), text.size() - kThrottle.size() - kThrottleEnd.size());
      out.throttled[std::string(reason)] = std::min(1.0, growth(part) / elapsed);
    } else if (std::find(std::begin(kErrors), std::end(kErrors), text) != std::end(kErrors) &&
               growth(part) > 0) {
      out.errors[name] = growth(part);
    }
  }
  return out;
}

}  // namespace

Result<std::vector<DeviceHealth>> gpu_health(const Run& run, uint32_t process, const TimeRange& window) {
  std::vector<DeviceHealth> out;
  std::map<int64_t, Series> devices;
  if (Status status = read_series(run, process, &devices); !status.ok()) {
    return status;
  }
  for (const auto& [device, series] : devices) {
    std::vector<BusyBucket> busy;
    for (uint32_t lane = 0; lane < run.lanes().size(); ++lane) {
      const Lane& info = run.lanes()[lane];
      if (info.process != process || info.type != "stream" || device_of_stream(info.name) != device) {
        continue;
      }
      if (Status status = add_busy(run, lane, window, &busy); !status.ok()) {
        return status;
      }
    }
    DeviceHealth& health = out.emplace_back(summarize(series, busy, window));
    health.process = process;
    health.device = device;
    const auto& meta = run.processes()[process].meta;
    const auto name = meta.find("device." + std::to_string(device) + ".name");
    health.name = name == meta.end() ? "" : name->second;
  }
  return out;
}

}  // namespace stepscope::analysis
