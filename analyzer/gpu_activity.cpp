// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_activity.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/gpu_events.hpp"
#include "analyzer/gpu_evidence.hpp"

namespace stepscope::analysis {
namespace {

struct Edge {
  int64_t at_ns = 0;
  uint32_t lane = 0;
  int32_t change = 0;
};

// Adds the time of one window by the number of streams that are active.
void count_streams(int64_t begin, int64_t end, std::span<const GpuEvent> events, std::vector<Edge>* edges,
                   std::array<int64_t, 4>* active_ns) {
  edges->clear();
  for (const GpuEvent& event : events) {
    edges->push_back({std::max(begin, event.begin_ns), event.lane, 1});
    edges->push_back({std::min(end, event.end_ns), event.lane, -1});
  }
  std::sort(edges->begin(), edges->end(), [](const Edge& a, const Edge& b) {
    return std::tie(a.at_ns, a.change, a.lane) < std::tie(b.at_ns, b.change, b.lane);
  });
  std::unordered_map<uint32_t, int32_t>
      open;  // events open per stream: nodes of a graph run side by side on one
  size_t active = 0;
  int64_t now = begin;
  for (const Edge& edge : *edges) {
    (*active_ns)[std::min<size_t>(active, 3)] += edge.at_ns - now;
    now = edge.at_ns;
    int32_t& count = open[edge.lane];
    active -= count > 0 ? 1U : 0U;
    count += edge.change;
    active += count > 0 ? 1U : 0U;
  }
  (*active_ns)[std::min<size_t>(active, 3)] += end - now;
}

struct Launch {
  uint32_t correlation = 0;
  int64_t call_ns = 0;
  int64_t run_ns = 0;  // 0: nothing started
};

// A span around the middle that holds about kMaxLaunches of `calls`.
TimeRange sample_of(const TimeRange& span, uint64_t calls) {
  if (calls <= kMaxLaunches) {
    return span;
  }
  const double share = static_cast<double>(kMaxLaunches) / static_cast<double>(calls);
  const auto half = static_cast<int64_t>(static_cast<double>(span.end_ns - span.begin_ns) * share / 2);
  const int64_t middle = span.begin_ns + (span.end_ns - span.begin_ns) / 2;
  return {middle - half, middle + half};
}

// Launching calls of all threads in the span, ascending by correlation.
Status read_launches(const Run& run, uint32_t process, const TimeRange& span, std::vector<Launch>* out) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = Kind::kCudaApi;
  filter.begin_ns = span.begin_ns - shift;
  filter.end_ns = span.end_ns - shift;
  filter.columns = 0b1101U;
  std::unordered_map<int64_t, bool> launching;
  Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t start = view.columns[0][row] + shift;
      const auto [at, fresh] = launching.try_emplace(view.columns[2][row]);
      if (fresh) {
        at->second =
            classify_call(run.name(run.global_name(process, view.columns[2][row]))) == CallClass::kLaunch;
      }
      if (at->second && start >= span.begin_ns && start < span.end_ns) {
        out->push_back({static_cast<uint32_t>(view.columns[3][row]), start, 0});
      }
    }
    return Status();
  });
  std::sort(out->begin(), out->end(), [](const Launch& a, const Launch& b) {
    return std::tie(a.correlation, a.call_ns) < std::tie(b.correlation, b.call_ns);
  });
  return status;
}

void note_start(const GpuEvent& event, std::vector<Launch>& launches) {
  const auto at =
      std::lower_bound(launches.begin(), launches.end(), event.correlation,
                       [](const Launch& launch, uint32_t value) { return launch.correlation < value; });
  if (at != launches.end() && at->correlation == event.correlation && event.begin_ns >= at->call_ns) {
    at->run_ns = at->run_ns == 0 ? event.begin_ns : std::min(at->run_ns, event.begin_ns);
  }
}

// Of launches that started something.
struct Latencies {
  std::vector<int64_t> latency;
  double queue_sum = 0;
  uint64_t max_queue = 0;

  void add(const std::vector<Launch>& launches) {
    std::vector<int64_t> calls;
    std::vector<int64_t> starts;
    for (const Launch& launch : launches) {
      if (launch.run_ns != 0) {
        latency.push_back(launch.run_ns - launch.call_ns);
        calls.push_back(launch.call_ns);
        starts.push_back(launch.run_ns);
      }
    }
    std::sort(calls.begin(), calls.end());
    std::sort(starts.begin(), starts.end());
    size_t started = 0;
    for (size_t i = 0; i < calls.size(); ++i) {
      while (started < starts.size() && starts[started] <= calls[i]) {
        ++started;
      }
      const uint64_t depth = i + 1 - started;
      queue_sum += static_cast<double>(depth);
      max_queue = std::max(max_queue, depth);
    }
  }

  LaunchStats finish() {
    LaunchStats out;
    out.launches = latency.size();
    if (latency.empty()) {
      return out;
    }
    const auto quantile = [this](size_t part, size_t of) {
      const auto at = latency.begin() + static_cast<std::ptrdiff_t>((latency.size() - 1) * part / of);
      std::nth_element(latency.begin(), at, latency.end());
      return *at;
    };
    out.median_ns = quantile(1, 2);
    out.p99_ns = quantile(99, 100);
    out.mean_queue = queue_sum / static_cast<double>(latency.size());
    out.max_queue = max_queue;
    return out;
  }
};

}  // namespace

Result<GpuActivity> gpu_activity(const Run& run, const Ledger& ledger) {
  GpuActivity out;
  Latencies latencies;
  std::vector<Edge> edges;
  for (const ProcessLedger& one : ledger.processes) {
    const uint32_t process = one.steps.process;
    const TimeRange span = train_window(one.steps);
    if (span.end_ns <= span.begin_ns || !has_gpu_events(run, process)) {
      continue;
    }
    out.span_ns += span.end_ns - span.begin_ns;
    std::vector<Launch> launches;
    Status status =
        read_launches(run, process, sample_of(span, run.kind_events(process, Kind::kCudaApi)), &launches);
    if (!status.ok()) {
      return status;
    }
    GpuScan scan;
    scan.correlation = !launches.empty();
    scan.graph = false;
    status =
        scan_gpu(run, process, span, scan, [&](int64_t begin, int64_t end, std::span<const GpuEvent> events) {
          count_streams(begin, end, events, &edges, &out.active_ns);
          for (const GpuEvent& event : events) {
            note_start(event, launches);
          }
          return Status();
        });
    if (!status.ok()) {
      return status;
    }
    latencies.add(launches);
  }
  out.launches = latencies.finish();
  return out;
}

}  // namespace stepscope::analysis
