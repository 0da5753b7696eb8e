// SPDX-License-Identifier: Apache-2.0
//
// read_graph_launches: what a launch of a CUDA graph is made of, from those that were recorded node by node.
//
// A collector records the nodes of a graph's first launches and the later ones as a whole (collector: graph_policy.hpp). A
// launch as a whole is not all kernels: between two nodes the GPU is idle for a moment, and with hundreds of tiny nodes that adds
// up. So a graph is taken apart by who names each instant between the first node and the end of the last (partition.hpp),
// idle instants included. Recording nodes one by one lengthens what lies between them: as far as the usual whole launch
// is shorter than those were, it is taken off what they were idle. Launches of fewer nodes than the graph's largest one (the
// recording began or ended in them) tell nothing about it.
//
// Which launch a node belongs to is told by the correlation id; of nodes without one only the durations are known.
// One pass over all GPU events, and only in processes that launch graphs. Memory: two launches' worth of nodes
// per graph, and 16 B per launch. Deterministic, one thread. Internal to the library.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "analyzer/gpu_events.hpp"

namespace stepscope::analysis {

// What ran on a GPU, by name.
struct GpuLabel {
  uint32_t id = 0;   // in Labels
  uint8_t tier = 0;  // who wins
};

// A kernel in a graph.
struct GraphNode {
  uint32_t name = 0;       // run-global, as of a GpuEvent
  uint32_t signature = 0;  //
  uint32_t label = 0;
  int64_t ns = 0;  // that it names the instant in one launch
};

struct GraphLaunches {
  // By graph: labels and how long each names, ns, all positive: proportions of a launch that was recorded as a whole.
  std::map<uint64_t, std::vector<std::pair<uint32_t, int64_t>>> parts;
  // By graph: its kernels in the order in which they started in the last launch that was taken apart.
  std::map<uint64_t, std::vector<GraphNode>> nodes;
  // From the first node to the end of the last of launches that were recorded node by node; disjoint, ascending.
  std::vector<TimeRange> by_node;
};

// True when the process launched CUDA graphs, as far as its launches or its calls were recorded.
[[nodiscard]] Result<bool> launches_graphs(const Run& run, uint32_t process);

// `label_of` names a node; `between` is the label of idle time between nodes.
[[nodiscard]] Result<GraphLaunches> read_graph_launches(
    const Run& run, uint32_t process, const std::function<GpuLabel(const GpuEvent&)>& label_of,
    uint32_t between);

}  // namespace stepscope::analysis
