// SPDX-License-Identifier: Apache-2.0
#include "analyzer/collectives.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "analyzer/kernel_name.hpp"

namespace stepscope::analysis {
namespace {

constexpr int64_t kNoTime = -1;

// Columns of kind collective: trace/kinds.cpp.
enum Column : size_t { kOp = 2, kBytes = 5, kRanks = 7, kKernel = 16, kFlags = 17 };

struct Collective {
  int64_t start_ns = 0;
  int64_t device_ns = kNoTime;
  int64_t bytes = 0;
  int64_t ranks = 0;
  uint32_t lane = 0;    // global
  uint32_t kernel = 0;  // correlation, 0 = not known
  std::string_view op;  // a constant
};

bool takes_time_of_kernel(const Collective& one) {
  return one.device_ns == kNoTime && one.kernel != 0;
}

// Recording's string id -> operation.
class Ops {
 public:
  Ops(const Run& run, uint32_t process) : run_(run), process_(process) {}
  std::string_view of(int64_t name) {
    const auto [at, fresh] = known_.try_emplace(name);
    if (fresh) {
      at->second = collective_op(run_.name(run_.global_name(process_, name)));
    }
    return at->second;
  }

 private:
  const Run& run_;
  uint32_t process_;
  std::unordered_map<int64_t, std::string_view> known_;
};

Result<std::vector<Collective>> read_collectives(const Run& run, uint32_t process) {
  std::vector<Collective> out;
  Ops ops(run, process);
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = Kind::kCollective;
  filter.columns = 0b11U | 1U << kOp | 1U << kBytes | 1U << kRanks | 1U << kKernel | 1U << kFlags;
  Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    const auto at = [&view](Column column, size_t row) {
      return column < view.columns.size() && !view.columns[column].empty() ? view.columns[column][row] : 0;
    };
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t flags = at(kFlags, row);
      if ((flags & trace::kCollectiveCaptured) != 0) {
        continue;
      }
      Collective one;
      one.start_ns = view.columns[0][row] + shift;
      one.bytes = at(kBytes, row);
      one.ranks = at(kRanks, row);
      one.lane = run.global_lane(process, view.lane);
      one.kernel = static_cast<uint32_t>(at(kKernel, row));
      one.op = ops.of(at(kOp, row));
      const int64_t unusable = trace::kCollectiveHostOnly | trace::kCollectiveUnfinished;
      one.device_ns = (flags & unusable) == 0 ? std::max<int64_t>(0, view.columns[1][row]) : kNoTime;
      out.push_back(one);
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return out;
}

// Time of each communication kernel by correlation.
Result<std::unordered_map<uint32_t, int64_t>> read_kernel_times(const Run& run, uint32_t process) {
  std::unordered_map<uint32_t, int64_t> time_of;
  std::unordered_map<int64_t, bool> known;
  trace::ScanFilter filter;
  filter.kind = Kind::kKernel;
  filter.columns = 0b100110U;
  Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const auto [at, fresh] = known.try_emplace(view.columns[2][row]);
      if (fresh) {
        at->second = is_communication_kernel(run.name(run.global_name(process, at->first)));
      }
      if (at->second) {
        time_of[static_cast<uint32_t>(view.columns[5][row])] += std::max<int64_t>(0, view.columns[1][row]);
      }
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return time_of;
}

}  // namespace

double bus_factor(std::string_view op, int64_t ranks) {
  const auto n = static_cast<double>(std::max<int64_t>(1, ranks));
  if (op == "all_reduce") {
    return 2 * (n - 1) / n;
  }
  const bool shared =
      op == "all_gather" || op == "reduce_scatter" || op == "all_to_all" || op == "gather" || op == "scatter";
  return shared ? (n - 1) / n : 1;
}

double message_bytes(std::string_view op, int64_t ranks, double bytes) {
  const bool per_rank = op == "all_gather" || op == "reduce_scatter" || op == "gather" || op == "scatter";
  return per_rank ? bytes * static_cast<double>(std::max<int64_t>(1, ranks)) : bytes;
}

Result<std::vector<CollectiveStats>> collect_collectives(const Run& run, uint32_t process,
                                                         const TimeRange& window) {
  std::vector<CollectiveStats> out;
  if (run.kind_events(process, Kind::kCollective) == 0) {
    return out;
  }
  Result<std::vector<Collective>> collectives = read_collectives(run, process);
  if (!collectives.ok()) {
    return collectives.status();
  }
  std::vector<Collective>& all = collectives.value();
  if (std::any_of(all.begin(), all.end(), takes_time_of_kernel)) {
    const Result<std::unordered_map<uint32_t, int64_t>> time_of = read_kernel_times(run, process);
    if (!time_of.ok()) {
      return time_of.status();
    }
    for (Collective& one : all) {
      const auto at = takes_time_of_kernel(one) ? time_of.value().find(one.kernel) : time_of.value().end();
      one.device_ns = at != time_of.value().end() ? at->second : one.device_ns;
    }
  }
  std::map<std::tuple<uint32_t, std::string_view, int64_t>, std::pair<CollectiveStats, int64_t>> groups;
  for (const Collective& one : all) {
    if (one.start_ns < window.begin_ns || one.start_ns >= window.end_ns) {
      continue;
    }
    auto& [stats, timed_bytes] = groups[{one.lane, one.op, one.ranks}];
    ++stats.count;
    stats.bytes += one.bytes;
    if (one.device_ns != kNoTime) {
      ++stats.timed;
      stats.ns += one.device_ns;
      timed_bytes += one.bytes;
    }
  }
  for (auto& [key, group] : groups) {
    auto& [stats, timed_bytes] = group;
    stats.op = std::get<1>(key);
    stats.ranks = std::get<2>(key);
    stats.communicator = std::get<0>(key) == kNoLane ? "" : run.lanes()[std::get<0>(key)].name;
    if (stats.ns > 0 && timed_bytes > 0) {
      stats.algorithm_bandwidth = message_bytes(stats.op, stats.ranks, static_cast<double>(timed_bytes)) *
                                  1e9 / static_cast<double>(stats.ns);
      stats.bus_bandwidth = stats.algorithm_bandwidth * bus_factor(stats.op, stats.ranks);
    }
    out.push_back(std::move(stats));
  }
  std::stable_sort(out.begin(), out.end(), [](const CollectiveStats& a, const CollectiveStats& b) {
    return std::tuple(-a.ns, std::string_view(a.communicator), std::string_view(a.op)) <
           std::tuple(-b.ns, std::string_view(b.communicator), std::string_view(b.op));
  });
  return out;
}

}  // namespace stepscope::analysis
