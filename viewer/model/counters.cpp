// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/counters.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "viewer/model/format.hpp"

namespace stepscope::viewer {
namespace {

struct KnownCounter {
  std::string_view name;
  std::string_view title;
  std::string_view unit;
  double scale;
  bool rate;
};

// Sums of ns per second are shares: ns/s * 1e-7 = %.
constexpr KnownCounter kKnown[] = {
    {"gpu.sm_clock_mhz", "SM clock", "MHz", 1, false},
    {"gpu.mem_clock_mhz", "memory clock", "MHz", 1, false},
    {"gpu.power_mw", "power", "W", 1e-3, false},
    {"gpu.temperature_c", "temperature", "°C", 1, false},
    {"gpu.utilization_pct", "GPU utilisation", "%", 1, false},
    {"gpu.memory_used_bytes", "GPU memory used", "bytes", 1, false},
    {"gpu.throttle.power_cap_ns", "throttled: power cap", "%", 1e-7, true},
    {"gpu.throttle.thermal_sw_ns", "throttled: thermal (software)", "%", 1e-7, true},
    {"gpu.throttle.thermal_hw_ns", "throttled: thermal (hardware)", "%", 1e-7, true},
    {"gpu.throttle.power_brake_ns", "throttled: power brake", "%", 1e-7, true},
    {"gpu.throttle.sync_boost_ns", "throttled: sync boost", "%", 1e-7, true},
    {"gpu.throttle.hw_slowdown_ns", "throttled: hardware slowdown", "%", 1e-7, true},
    {"gpu.throttle.idle_ns", "clocks low: idle", "%", 1e-7, true},
    {"gpu.throttle.app_clocks_ns", "clocks low: application clocks", "%", 1e-7, true},
    {"proc.cpu_ns", "CPUs used", "CPUs", 1e-9, true},
    {"proc.runq_ns", "runnable without a CPU", "threads", 1e-9, true},
    {"proc.minor_faults", "minor page faults", "/s", 1, true},
    {"proc.major_faults", "major page faults", "/s", 1, true},
    {"proc.read_bytes", "read", "bytes/s", 1, true},
    {"proc.write_bytes", "written", "bytes/s", 1, true},
    {"proc.rss_bytes", "resident memory", "bytes", 1, false},
    {"proc.threads", "threads", "", 1, false},
    {"proc.affinity_cpus", "CPUs allowed", "CPUs", 1, false},
    {"cgroup.cpu.throttled_ns", "throttled by the cgroup", "%", 1e-7, true},
    {"cgroup.cpu.nr_throttled", "times throttled", "/s", 1, true},
    {"cgroup.cpu.quota_cpus", "CPU quota", "CPUs", 1, false},
    {"cgroup.memory.current", "cgroup memory", "bytes", 1, false},
    {"psi.cpu.some_us", "pressure: CPU", "%", 1e-4, true},
    {"psi.io.some_us", "pressure: I/O", "%", 1e-4, true},
    {"psi.memory.some_us", "pressure: memory", "%", 1e-4, true},
    {"watch.samples", "worker watched", "samples/s", 1, true},
    {"watch.running", "worker running", "samples/s", 1, true},
    {"watch.read", "worker blocked in read", "samples/s", 1, true},
    {"watch.sleep", "worker asleep", "samples/s", 1, true},
    {"watch.futex", "worker waiting for a lock", "samples/s", 1, true},
    {"watch.poll", "worker waiting for input", "samples/s", 1, true},
    {"watch.other", "worker blocked otherwise", "samples/s", 1, true},
};

using Bounds = std::pair<double, double>;

void widen(std::optional<Bounds>& bounds, const Bounds& by) {
  bounds = bounds ? Bounds(std::min(bounds->first, by.first), std::max(bounds->second, by.second)) : by;
}

}  // namespace

CounterMeaning counter_meaning(std::string_view name) {
  for (const KnownCounter& known : kKnown) {
    if (known.name == name) {
      return {std::string(known.title), std::string(known.unit), known.scale, known.rate};
    }
  }
  return {std::string(name), "", 1, false};
}

size_t counter_order(std::string_view name) {
  const auto at = std::find_if(std::begin(kKnown), std::end(kKnown),
                               [&](const KnownCounter& known) { return known.name == name; });
  return static_cast<size_t>(at - std::begin(kKnown));
}

CounterSeries::CounterSeries(const CounterMeaning& meaning, std::span<const Reading> readings) {
  for (size_t i = 0; i < readings.size(); ++i) {
    if (!meaning.rate) {
      time_.push_back(readings[i].time_ns);
      value_.push_back(readings[i].value * meaning.scale);
      continue;
    }
    const double seconds = i + 1 < readings.size()
                               ? static_cast<double>(readings[i + 1].time_ns - readings[i].time_ns) * 1e-9
                               : 0;
    if (seconds > 0 && readings[i + 1].value >= readings[i].value) {
      time_.push_back(readings[i].time_ns);
      value_.push_back((readings[i + 1].value - readings[i].value) / seconds * meaning.scale);
    }
  }
  if (meaning.rate && !time_.empty()) {  // where the last rate ends
    time_.push_back(readings.back().time_ns);
    value_.push_back(value_.back());
  }
  if (value_.empty()) {
    return;
  }
  for (size_t i = 0; i < value_.size(); i += kBlock) {
    const auto [low, high] = std::minmax_element(
        value_.begin() + static_cast<std::ptrdiff_t>(i),
        value_.begin() + static_cast<std::ptrdiff_t>(std::min(i + kBlock, value_.size())));
    blocks_.emplace_back(*low, *high);
  }
  const auto [low, high] = std::minmax_element(value_.begin(), value_.end());
  min_ = *low;
  max_ = *high;
}

std::optional<std::pair<double, double>> CounterSeries::range(int64_t begin_ns, int64_t end_ns) const {
  std::optional<Bounds> bounds;
  if (time_.empty() || end_ns <= time_.front() || begin_ns > time_.back()) {
    return bounds;
  }
  // The value that holds at `begin`, and all that start before `end`.
  const auto after = std::upper_bound(time_.begin(), time_.end(), begin_ns);
  auto i = static_cast<size_t>(after - time_.begin());
  i -= i > 0 ? 1 : 0;
  const auto last = static_cast<size_t>(std::lower_bound(time_.begin(), time_.end(), end_ns) - time_.begin());
  while (i < last) {
    if (i % kBlock == 0 && i + kBlock <= last) {
      widen(bounds, blocks_[i / kBlock]);
      i += kBlock;
    } else {
      widen(bounds, {value_[i], value_[i]});
      ++i;
    }
  }
  return bounds;
}

std::optional<double> CounterSeries::at(int64_t t) const {
  if (time_.empty() || t < time_.front() || t > time_.back()) {
    return std::nullopt;
  }
  return value_[static_cast<size_t>(std::upper_bound(time_.begin(), time_.end(), t) - time_.begin()) - 1];
}

std::vector<CounterPair> pair_counters(std::span<const CounterLine> a, std::span<const CounterLine> b) {
  std::vector<CounterPair> pairs;
  std::map<std::string_view, size_t> by_key;
  for (const CounterLine& line : a) {
    by_key.emplace(line.key, pairs.size());
    pairs.push_back({{&line, nullptr}});
  }
  for (const CounterLine& line : b) {
    const auto at = by_key.find(line.key);
    if (at != by_key.end()) {
      pairs[at->second].line[1] = &line;
    } else {
      pairs.push_back({{nullptr, &line}});
    }
  }
  return pairs;
}

std::string counter_text(double value, std::string_view unit) {
  if (unit.starts_with("bytes")) {
    return format_bytes(value) + (unit == "bytes/s" ? "/s" : "");
  }
  std::array<char, 48> text{};
  const double size = std::abs(value);
  const int decimals = size == std::floor(size) || size >= 1000 ? 0 : size >= 10 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return std::string(text.data()) + (unit.empty() || unit.starts_with('/') ? "" : " ") + std::string(unit);
}

}  // namespace stepscope::viewer
