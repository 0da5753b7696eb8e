// SPDX-License-Identifier: Apache-2.0
#include "analyzer/graph_launches.hpp"

#include <algorithm>

#include "analyzer/partition.hpp"

namespace stepscope::analysis {
namespace {

// Launches of a graph that are taken apart: what is in it shows in a few.
constexpr int64_t kTakenApart = 64;
constexpr uint32_t kBetween = 0xFFFFFFFF;  // no node

class GraphReader {
 public:
  GraphReader(const std::function<GpuLabel(const GpuEvent&)>& label_of, uint32_t between, bool take_apart)
      : label_of_(label_of), between_(between), take_apart_(take_apart) {}

  void add(const GpuEvent& event) {
    Graph& graph = graphs_[event.graph];
    if (event.kind == Kind::kGraphLaunch) {
      graph.whole_ns.push_back(event.end_ns - event.begin_ns);
      return;
    }
    if (event.correlation == 0) {
      graph.apart_ns[label_of_(event).id] += event.end_ns - event.begin_ns;
      return;
    }
    if (graph.correlation != event.correlation) {
      close(graph);
      graph.correlation = event.correlation;
      graph.launch = {event.begin_ns, event.end_ns};
    }
    graph.launch.end_ns = std::max(graph.launch.end_ns, event.end_ns);
    if (take_apart_) {
      graph.open.push_back(event);
    }
  }

  GraphLaunches take() {
    GraphLaunches out;
    for (auto& [id, graph] : graphs_) {
      close(graph);
      take_off_recording(graph);
      std::erase_if(graph.apart_ns, [](const auto& part) { return part.second <= 0; });
      if (!graph.apart_ns.empty()) {
        out.parts[id] = {graph.apart_ns.begin(), graph.apart_ns.end()};
        out.nodes[id] = std::move(graph.kernels);
      }
    }
    std::sort(by_node_.begin(), by_node_.end(),
              [](const TimeRange& a, const TimeRange& b) { return a.begin_ns < b.begin_ns; });
    for (const TimeRange& launch : by_node_) {
      if (!out.by_node.empty() && launch.begin_ns <= out.by_node.back().end_ns) {
        out.by_node.back().end_ns = std::max(out.by_node.back().end_ns, launch.end_ns);
      } else {
        out.by_node.push_back(launch);
      }
    }
    return out;
  }

 private:
  struct Graph {
    uint32_t correlation = 0;    // of the launch at hand
    TimeRange launch;            //
    std::vector<GpuEvent> open;  // its nodes
    size_t nodes = 0;            // of the largest launch
    int64_t launches = 0;        // as large, taken apart
    int64_t launches_ns = 0;
    std::map<uint32_t, int64_t> apart_ns;  // by label
    std::vector<GraphNode> kernels;
    std::vector<int64_t> whole_ns;
  };

  void close(Graph& graph) {
    if (graph.correlation == 0) {
      return;
    }
    by_node_.push_back(graph.launch);
    if (graph.open.size() > graph.nodes) {
      graph.nodes = graph.open.size();
      graph.launches = graph.launches_ns = 0;
      graph.apart_ns.clear();
    }
    if (!graph.open.empty() && graph.open.size() == graph.nodes && graph.launches < kTakenApart) {
      take_apart(graph);
    }
    graph.open.clear();
    graph.correlation = 0;
  }

  void take_apart(Graph& graph) const {
    ++graph.launches;
    graph.launches_ns += graph.launch.end_ns - graph.launch.begin_ns;
    std::vector<LabelInterval> intervals;
    std::vector<GraphNode> nodes;
    for (uint32_t i = 0; i < graph.open.size(); ++i) {
      const GpuEvent& event = graph.open[i];
      const GpuLabel label = label_of_(event);
      intervals.push_back({event.begin_ns, event.end_ns, event.begin_ns, i, label.tier});
      nodes.push_back({event.name, event.signature, label.id, 0});
    }
    partition(intervals, graph.launch.begin_ns, graph.launch.end_ns, kBetween,
              [&](int64_t begin, int64_t end, uint32_t node) {
                graph.apart_ns[node == kBetween ? between_ : nodes[node].label] += end - begin;
                if (node != kBetween) {
                  nodes[node].ns += end - begin;
                }
              });
    graph.kernels.clear();
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (graph.open[i].kind == Kind::kKernel) {
        graph.kernels.push_back(nodes[i]);
      }
    }
  }

  // See the header: nodes that are recorded lie further apart.
  void take_off_recording(Graph& graph) const {
    if (graph.launches == 0 || graph.whole_ns.empty()) {
      return;
    }
    const auto middle = graph.whole_ns.begin() + static_cast<std::ptrdiff_t>((graph.whole_ns.size() - 1) / 2);
    std::nth_element(graph.whole_ns.begin(), middle, graph.whole_ns.end());
    const int64_t longer = graph.launches_ns - graph.launches * *middle;
    graph.apart_ns[between_] -= std::max<int64_t>(0, longer);
  }

  const std::function<GpuLabel(const GpuEvent&)>& label_of_;
  uint32_t between_;
  bool take_apart_;
  std::map<uint64_t, Graph> graphs_;
  std::vector<TimeRange> by_node_;
};

}  // namespace

Result<bool> launches_graphs(const Run& run, uint32_t process) {
  if (run.kind_events(process, Kind::kGraphLaunch) > 0) {
    return true;
  }
  const Result<std::vector<NameTotal>> totals = run.name_totals(process);
  if (!totals.ok()) {
    return totals.status();
  }
  return std::any_of(totals.value().begin(), totals.value().end(), [&run](const NameTotal& total) {
    return total.kind == Kind::kCudaApi && run.name(total.name).find("GraphLaunch") != std::string_view::npos;
  });
}

Result<GraphLaunches> read_graph_launches(const Run& run, uint32_t process,
                                          const std::function<GpuLabel(const GpuEvent&)>& label_of,
                                          uint32_t between) {
  const Process& info = run.processes()[process];
  GraphReader reader(label_of, between, run.kind_events(process, Kind::kGraphLaunch) > 0);
  GpuScan scan;
  scan.signature = true;
  Status status = scan_gpu(run, process, {info.first_ns, info.last_ns + 1}, scan,
                           [&reader](int64_t begin, int64_t, std::span<const GpuEvent> events) {
                             for (const GpuEvent& event : events) {
                               const bool again = event.begin_ns < begin;  // from the window before
                               if (event.graph != 0 && !again) {
                                 reader.add(event);
                               }
                             }
                             return Status();
                           });
  if (!status.ok()) {
    return status;
  }
  return reader.take();
}

}  // namespace stepscope::analysis
