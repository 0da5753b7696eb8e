// SPDX-License-Identifier: Apache-2.0
#include "trace/overview.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::trace {
namespace {

// With about 2 bytes stored per bucket this keeps the overview near 1 % of the events' own bytes.
constexpr uint64_t kEventsPerBucket = 64;
constexpr uint64_t kMinBuckets = 64;
constexpr uint64_t kMaxBuckets = 16384;
constexpr unsigned kLevelShift = 2;  // each level is 4 times coarser
constexpr unsigned kMaxShift = 56;   // over two years per bucket: times are not times

uint64_t offset(int64_t origin_ns, int64_t time_ns) {
  return static_cast<uint64_t>(time_ns) - static_cast<uint64_t>(origin_ns);
}

}  // namespace

OverviewSweep::OverviewSweep(int64_t first_ns, int64_t last_end_ns, uint64_t events) : now_ns_(first_ns) {
  if (last_end_ns <= first_ns) {
    return;
  }
  const uint64_t span = offset(first_ns, last_end_ns);
  const uint64_t target = std::clamp(events / kEventsPerBucket, kMinBuckets, kMaxBuckets);
  unsigned shift = 0;
  while (span >> shift > target) {
    ++shift;
  }
  for (; shift <= kMaxShift; shift += kLevelShift) {
    Level& level = levels_.emplace_back();
    const int64_t width = int64_t{1} << shift;
    level.result.bucket_ns = width;
    level.result.origin_ns = first_ns & -width;
    const uint64_t buckets = ((offset(level.result.origin_ns, last_end_ns) - 1) >> shift) + 1;
    level.result.busy.assign(buckets, 0);
    level.result.leading.assign(buckets, 0);
    if (buckets <= kMinBuckets) {
      break;
    }
  }
}

void OverviewSweep::add(int64_t start_ns, int64_t end_ns, uint32_t name) {
  if (end_ns <= start_ns || levels_.empty()) {
    return;
  }
  advance_to(start_ns);
  open_.push_back({end_ns, name});
}

std::vector<OverviewLevel> OverviewSweep::finish() {
  int64_t last_ns = now_ns_;
  for (const Open& open : open_) {
    last_ns = std::max(last_ns, open.end_ns);
  }
  advance_to(last_ns);
  std::vector<OverviewLevel> results;
  for (Level& level : levels_) {
    close_bucket(level);
    results.push_back(std::move(level.result));
  }
  levels_.clear();
  return results;
}

void OverviewSweep::advance_to(int64_t time_ns) {
  while (!open_.empty() && now_ns_ < time_ns) {
    const Open& top = open_.back();
    if (top.end_ns <= now_ns_) {
      open_.pop_back();
      continue;
    }
    const int64_t end_ns = std::min(top.end_ns, time_ns);
    for (Level& level : levels_) {
      attribute(level, offset(level.result.origin_ns, now_ns_), offset(level.result.origin_ns, end_ns),
                top.name);
    }
    now_ns_ = end_ns;
  }
  now_ns_ = std::max(now_ns_, time_ns);
}

void OverviewSweep::attribute(Level& level, uint64_t begin, uint64_t end, uint32_t name) {
  const auto width = static_cast<uint64_t>(level.result.bucket_ns);
  while (begin < end) {
    const uint64_t bucket = begin / width;
    if (bucket >= level.result.busy.size()) {
      return;
    }
    if (bucket != level.current) {
      close_bucket(level);
      level.current = bucket;
    }
    const uint64_t part = std::min(end, (bucket + 1) * width) - begin;
    level.busy_ns += part;
    if (name >= level.name_ns.size()) {
      level.name_ns.resize(size_t{name} + 1);
    }
    if (level.name_ns[name] == 0) {
      level.names.push_back(name);
    }
    level.name_ns[name] += part;
    begin += part;
  }
}

void OverviewSweep::close_bucket(Level& level) {
  if (level.busy_ns == 0) {
    return;
  }
  const double fraction = static_cast<double>(level.busy_ns) / static_cast<double>(level.result.bucket_ns);
  // What was busy at all stays visible.
  level.result.busy[level.current] = static_cast<uint16_t>(std::max(1L, std::lround(fraction * 65535)));
  uint64_t most = 0;
  for (const uint32_t name : level.names) {
    if (level.name_ns[name] > most) {
      most = level.name_ns[name];
      level.result.leading[level.current] = name;
    }
    level.name_ns[name] = 0;
  }
  level.names.clear();
  level.busy_ns = 0;
}

}  // namespace stepscope::trace
