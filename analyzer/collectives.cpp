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
enum Column : size_t {
  kOp = 2,
  kBytes = 5,
  kRanks = 7,
  kAlgorithm = 12,
  kEnqueue = 15,
  kKernel = 16,
  kFlags = 17,
  kColumns = 18
};

struct Collective {
  int64_t start_ns = 0;
  int64_t enqueue_ns = 0;
  int64_t device_ns = kNoTime;
  int64_t bytes = 0;
  int64_t ranks = 0;
  uint32_t lane = 0;  // global
  uint32_t kernel = 0;
  bool copy_engines = false;  // it has no kernel
  std::string_view op;
};

struct NcclKernel {
  int64_t start_ns = 0;
  int64_t dur_ns = 0;
  std::string_view op;
};

// Recording's string id -> operation; texts of collective_op() are static.
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
      one.enqueue_ns = at(kEnqueue, row) != 0 ? at(kEnqueue, row) + shift : one.start_ns;
      one.bytes = at(kBytes, row);
      one.ranks = at(kRanks, row);
      one.lane = run.global_lane(process, view.lane);
      one.kernel = static_cast<uint32_t>(at(kKernel, row));
      one.op = ops.of(at(kOp, row));
      one.copy_engines = run.name(run.global_name(process, at(kAlgorithm, row))) == "CE";
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

// All communication kernels: by correlation, and by stream in the order they ran.
struct NcclKernels {
  std::unordered_map<uint32_t, int64_t> time_of;
  std::map<uint32_t, std::vector<NcclKernel>> by_lane;
};

Result<NcclKernels> read_kernels(const Run& run, uint32_t process) {
  NcclKernels out;
  std::unordered_map<int64_t, std::pair<bool, std::string_view>> names;
  trace::ScanFilter filter;
  filter.kind = Kind::kKernel;
  filter.columns = 0b100111U;
  Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const auto [at, fresh] = names.try_emplace(view.columns[2][row]);
      if (fresh) {
        const std::string_view raw = run.name(run.global_name(process, view.columns[2][row]));
        at->second = {is_communication_kernel(raw), collective_op(raw.substr(0, raw.find('(')))};
      }
      if (at->second.first) {
        const int64_t dur = std::max<int64_t>(0, view.columns[1][row]);
        out.time_of[static_cast<uint32_t>(view.columns[5][row])] += dur;
        out.by_lane[view.lane].push_back({view.columns[0][row], dur, at->second.second});
      }
    }
    return Status();
  });
  for (auto& [lane, kernels] : out.by_lane) {
    std::stable_sort(kernels.begin(), kernels.end(),
                     [](const NcclKernel& a, const NcclKernel& b) { return a.start_ns < b.start_ns; });
  }
  if (!status.ok()) {
    return status;
  }
  return out;
}

bool same_operations(const std::vector<Collective*>& collectives, const std::vector<NcclKernel>& kernels) {
  return std::equal(collectives.begin(), collectives.end(), kernels.begin(), kernels.end(),
                    [](const Collective* a, const NcclKernel& b) { return a->op == b.op; });
}

// Times of collectives that only the host saw. A group of calls that became one kernel breaks the order, and then
// nothing is joined: no number is better than a wrong one.
void join(std::vector<Collective>& collectives, const NcclKernels& kernels) {
  std::map<uint32_t, std::vector<Collective*>> by_communicator;
  for (Collective& one : collectives) {
    if (one.device_ns != kNoTime || one.copy_engines) {
      continue;
    }
    if (one.kernel == 0) {
      by_communicator[one.lane].push_back(&one);
    } else if (const auto at = kernels.time_of.find(one.kernel); at != kernels.time_of.end()) {
      one.device_ns = at->second;
    }
  }
  for (auto& [lane, calls] : by_communicator) {
    std::stable_sort(calls.begin(), calls.end(),
                     [](const Collective* a, const Collective* b) { return a->enqueue_ns < b->enqueue_ns; });
    const std::vector<NcclKernel>* stream = nullptr;
    size_t candidates = 0;
    for (const auto& [kernel_lane, list] : kernels.by_lane) {
      if (same_operations(calls, list)) {
        stream = &list;
        ++candidates;
      }
    }
    for (size_t i = 0; candidates == 1 && i < calls.size(); ++i) {
      calls[i]->device_ns = (*stream)[i].dur_ns;
    }
  }
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
  if (std::any_of(all.begin(), all.end(), [](const Collective& one) { return one.device_ns == kNoTime; })) {
    Result<NcclKernels> kernels = read_kernels(run, process);
    if (!kernels.ok()) {
      return kernels.status();
    }
    join(all, kernels.value());
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
