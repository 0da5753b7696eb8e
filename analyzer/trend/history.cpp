// SPDX-License-Identifier: Apache-2.0
#include "analyzer/trend/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <set>
#include <utility>

namespace stepscope::analysis {
namespace {

constexpr size_t kMostNamed = 12;  // metrics or columns in an error

std::string named(const std::set<std::string>& names) {
  std::string out;
  size_t count = 0;
  for (const std::string& name : names) {
    if (++count > kMostNamed) {
      return out + ", and " + std::to_string(names.size() - kMostNamed) + " more";
    }
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

// The fingerprint that is meant: the latest run's, or the only one that begins so.
Result<std::string> choose_fingerprint(const std::vector<BaselineRun>& runs, const std::string& wanted,
                                       const std::string& name) {
  if (wanted.empty()) {
    return runs.back().summary.fingerprint.key;
  }
  std::set<std::string> keys;
  std::set<std::string> fitting;
  for (const BaselineRun& run : runs) {
    const std::string& key = run.summary.fingerprint.key;
    keys.insert(key);
    if (key.starts_with(wanted)) {
      fitting.insert(key);
    }
  }
  if (fitting.size() == 1) {
    return *fitting.begin();
  }
  return Status(Code::kUsage, "'" + name + "' has " + (fitting.empty() ? "no" : "more than one") +
                                  " fingerprint " + wanted + "; it has " + named(keys));
}

}  // namespace

Result<History> history_of_store(const BaselineStore& store, const std::string& name,
                                 const StoreHistoryOptions& options, int64_t now_ns) {
  const Result<std::vector<BaselineRun>> runs = store.runs(name, now_ns);
  if (!runs.ok()) {
    return runs.status();
  }
  const Result<std::string> key = choose_fingerprint(runs.value(), options.fingerprint, name);
  if (!key.ok()) {
    return key.status();
  }
  History out{store.path(),
              name,
              key.value(),
              options.metric.empty() ? std::string(kMedianStep) : options.metric,
              {},
              0,
              0};
  std::set<std::string> metrics{std::string(kMedianStep)};
  std::vector<std::pair<int64_t, HistoryPoint>> timed;
  for (const BaselineRun& run : runs.value()) {
    const RunSummary& summary = run.summary;
    if (summary.fingerprint.key != key.value()) {
      ++out.elsewhere;
      continue;
    }
    for (const auto& [metric, value] : summary.metrics) {
      metrics.insert(metric);
    }
    const auto metric = summary.metrics.find(out.metric);
    const bool median = out.metric == kMedianStep;
    if (run.state == BaselineState::kExpired ||
        (median ? summary.median_step_ns <= 0 : metric == summary.metrics.end())) {
      ++out.left_out;
      continue;
    }
    const int64_t time = summary.started_ns != 0 ? summary.started_ns : run.added_ns;
    timed.emplace_back(time,
                       HistoryPoint{utc_minute(time), summary.commit, summary.run,
                                    median ? static_cast<double>(summary.median_step_ns) : metric->second});
  }
  if (!metrics.contains(out.metric)) {
    return Status(Code::kUsage,
                  "no run of '" + name + "' has a metric " + out.metric + "; there are " + named(metrics));
  }
  std::stable_sort(timed.begin(), timed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [time, point] : timed) {
    out.points.push_back(std::move(point));
  }
  return out;
}

std::vector<double> values_of(const History& history) {
  std::vector<double> out;
  for (const HistoryPoint& point : history.points) {
    out.push_back(point.value);
  }
  return out;
}

bool larger_is_worse(std::string_view metric) {
  return !metric.ends_with("_per_s");
}

std::string name_of(const History& history, size_t index) {
  const HistoryPoint& point = history.points[index];
  for (const std::string* name : {&point.commit, &point.time, &point.run}) {
    if (!name->empty()) {
      return *name;
    }
  }
  return "run " + std::to_string(index + 1);
}

std::string utc_minute(int64_t wall_ns) {
  if (wall_ns == 0) {
    return "";
  }
  using namespace std::chrono;
  const sys_time<minutes> time = floor<minutes>(sys_time<nanoseconds>(nanoseconds(wall_ns)));
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
  return text.data();
}

}  // namespace stepscope::analysis
