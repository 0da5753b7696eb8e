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
    {"watch.cpu_ns", "CPUs used by the worker", "CPUs", 1e-9, true},
    {"watch.runq_ns", "worker runnable without a CPU", "threads", 1e-9, true},
    {"watch.read_bytes", "read by the worker", "bytes/s", 1, true},
};

using Bounds = std::pair<double, double>;

void widen(std::optional<Bounds>& bounds, const Bounds& by) {
  bounds = bounds ? Bounds(std::min(bounds->first, by.first), std::max(bounds->second, by.second)) : by;
}

// No difference of rates below it says anything about a step.
double least_rate(std::string_view unit) {
  return unit == "bytes/s" ? 1 << 20 : unit == "/s" ? 100 : 0;
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
  const auto [low, high] = std::minmax_element(value_.begin(), value_.end());
  min_ = *low;
  max_ = *high;
  build_mip();
}

void CounterSeries::build_mip() {
  const auto level_above = [](size_t below, const auto& bounds_of) {
    std::vector<Bounds> level(below / kBlock);
    for (size_t i = 0; i < level.size(); ++i) {
      std::optional<Bounds> bounds;
      for (size_t n = i * kBlock; n < (i + 1) * kBlock; ++n) {
        widen(bounds, bounds_of(n));
      }
      level[i] = *bounds;
    }
    return level;
  };
  mip_.push_back(level_above(value_.size(), [&](size_t n) { return Bounds(value_[n], value_[n]); }));
  while (mip_.back().size() >= kBlock) {
    const std::vector<Bounds>& below = mip_.back();
    mip_.push_back(level_above(below.size(), [&](size_t n) { return below[n]; }));
  }
}

double CounterSeries::mean(int64_t begin_ns, int64_t end_ns) const {
  if (value_.empty()) {
    return 0;
  }
  double sum = 0;
  double whole = 0;
  for (size_t i = 0; i + 1 < value_.size(); ++i) {
    const int64_t from = std::max(time_[i], begin_ns);
    const int64_t to = std::min(time_[i + 1], end_ns);
    if (from < to) {
      sum += value_[i] * static_cast<double>(to - from);
      whole += static_cast<double>(to - from);
    }
  }
  return whole > 0              ? std::clamp(sum / whole, min_, max_)
         : begin_ns <= time_[0] ? value_.front()
                                : at(begin_ns).value_or(value_.back());
}

void CounterLine::measure(int64_t begin_ns, int64_t end_ns) {
  mean = series.mean(begin_ns, end_ns);
  const auto range = series.range(begin_ns, end_ns).value_or(std::pair(mean, mean));
  low = range.first;
  high = range.second;
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
    size_t level = 0;  // of the largest block that begins here and fits
    size_t width = 1;
    while (level < mip_.size() && i % (width * kBlock) == 0 && i + width * kBlock <= last) {
      width *= kBlock;
      ++level;
    }
    widen(bounds, level == 0 ? Bounds(value_[i], value_[i]) : mip_[level - 1][i / width]);
    i += width;
  }
  return bounds;
}

size_t CounterSeries::index_at(int64_t t) const {
  const auto after = std::upper_bound(time_.begin(), time_.end(), t);
  return static_cast<size_t>(std::max<std::ptrdiff_t>(after - time_.begin(), 1)) - 1;
}

std::optional<double> CounterSeries::at(int64_t t) const {
  if (time_.empty() || t < time_.front() || t > time_.back()) {
    return std::nullopt;
  }
  return value_[index_at(t)];
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

void counter_columns(const CounterSeries& series, const PixelMap& map, std::vector<CounterColumn>& out) {
  out.clear();
  const size_t size = series.size();
  size_t i = 0;  // the value that holds where the column begins, once there is one
  for (size_t c = 0; size > 0 && c < map.columns(); ++c) {
    const int64_t begin = map.edge[c];
    const int64_t end = map.edge[c + 1];
    if (begin == end) {
      continue;
    }
    if (i + 1 < size && series.time(i + 1) <= begin) {
      i = series.index_at(begin);
    }
    const double value = series.value(i);
    if (series.time(i) <= begin && i + 1 < size &&
        series.time(i + 1) >= end) {  // where it is zoomed in, most
      out.push_back({static_cast<uint32_t>(c), value, value, value});
    } else if (const auto range = series.range(begin, end)) {
      out.push_back({static_cast<uint32_t>(c), range->first, range->second,
                     series.at(end - 1).value_or(range->second)});
    }
  }
}

CounterScale counter_scale(const CounterPair& pair) {
  constexpr double kLeastSpan = 0.1;  // of the value
  double low = pair.any().series.min();
  double high = pair.any().series.max();
  for (const CounterLine* line : pair.line) {
    low = line != nullptr ? std::min(low, line->series.min()) : low;
    high = line != nullptr ? std::max(high, line->series.max()) : high;
  }
  if (low > 0 && low < 0.5 * high) {
    low = 0;
  }
  const double missing = std::max(0.0, kLeastSpan * std::abs(high) - (high - low));
  low -= low > 0 ? missing / 2 : 0;
  high += missing / 2;
  const double margin = high > low ? (high - low) * 0.08 : 1;
  return {low == 0 ? 0 : low - margin, high + margin};
}

std::vector<size_t> telling_counters(std::span<const CounterPair> pairs, size_t most) {
  const bool two = std::any_of(pairs.begin(), pairs.end(), [](const CounterPair& pair) {
    return pair.line[0] != nullptr && pair.line[1] != nullptr;
  });
  // In what is the least that is worth seeing.
  const auto apart = [](double x, double y, const CounterMeaning& meaning) {
    const double larger = std::max(std::abs(x), std::abs(y));
    const double least = meaning.unit == "%" ? 20
                         : meaning.rate      ? std::max(0.5 * larger, least_rate(meaning.unit))
                                             : 0.1 * larger;
    return least > 0 ? std::abs(x - y) / least : 0;
  };
  std::map<std::string_view, std::pair<double, size_t>> best;  // by recorded name: how telling, and where
  for (size_t i = 0; i < pairs.size(); ++i) {
    const CounterLine& any = pairs[i].any();
    const CounterLine* other = pairs[i].line[1];
    const double value = !two ? apart(any.low, any.high, any.meaning)
                         : pairs[i].line[0] == nullptr || other == nullptr
                             ? 0
                             : apart(any.mean, other->mean, any.meaning);
    const auto [at, fresh] = best.try_emplace(any.name, value, i);
    if (!fresh && value > at->second.first) {
      at->second = {value, i};
    }
  }
  std::vector<std::pair<double, size_t>> ranked;
  for (const auto& [name, one] : best) {
    if (one.first >= 1) {
      ranked.push_back(one);
    }
  }
  std::sort(ranked.begin(), ranked.end(), [two](const auto& x, const auto& y) {
    return two && x.first != y.first ? x.first > y.first : x.second < y.second;
  });
  ranked.resize(std::min(ranked.size(), most));
  std::vector<size_t> rows;
  for (const auto& one : ranked) {
    rows.push_back(one.second);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
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
