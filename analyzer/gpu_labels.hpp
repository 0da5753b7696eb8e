// SPDX-License-Identifier: Apache-2.0
//
// Level A of the ledger over GPU lanes: which leaf an instant of a step is when the process recorded its GPUs. The rules
// stand in ledger.hpp. Internal to the library.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "analyzer/gpu_events.hpp"
#include "analyzer/graph_launches.hpp"
#include "analyzer/label_sources.hpp"

namespace stepscope::analysis {

// A label source: CUDA calls and compilations of the driving thread that explain an idle GPU. Adds nothing for a process
// without GPU events, so that the ledger of a host-only run does not depend on it.
[[nodiscard]] Status collect_gpu_waits(LabelContext& context);

class GpuLabels {
 public:
  // Makes a label for everything that may be met, after the label sources have run: no label is made later.
  [[nodiscard]] static Result<GpuLabels> prepare(LabelContext& context);

  // Covers the steps of `context` with pieces, in order and without gap. `background` is the host's label for what no
  // source names. `events_per_window` is for tests.
  [[nodiscard]] Status partition(LabelContext& context, uint32_t background, const PieceVisitor& visit,
                                 size_t events_per_window = kEventsPerWindow) const;

  using Label = GpuLabel;
  // The leaf, or blend of leaves, of what ran on the GPU.
  [[nodiscard]] Label label_of(const GpuEvent& event) const;
  // The kernels of a graph in their order; empty where its launches were never recorded node by node.
  [[nodiscard]] std::span<const GraphNode> kernels_of(uint64_t graph) const {
    const auto found = graph_kernels_.find(graph);
    return found == graph_kernels_.end() ? std::span<const GraphNode>() : found->second;
  }
  // What an instant is that the host names so, while the GPU is idle.
  [[nodiscard]] uint32_t idle_label(uint32_t host_label) const {
    return Labels::is_mix(host_label) ? host_label : idle_of_[host_label];
  }

 private:
  Status name_kernels(LabelContext& context);
  Status name_collectives(LabelContext& context);
  Status name_graphs(LabelContext& context);
  void name_copies(Labels& labels);
  void name_idle(Labels& labels);

  std::vector<uint32_t> idle_of_;                         // by label of a host leaf
  std::vector<Label> kernels_;                            // by run-global name; tier 0: no kernel's name
  std::unordered_map<uint32_t, uint32_t> collective_of_;  // by correlation of the kernel
  std::unordered_map<uint64_t, uint32_t> graph_mix_;      // by graph id
  std::map<uint64_t, std::vector<GraphNode>> graph_kernels_;
  std::vector<uint32_t> copies_;  // by trace::CopyKind
  uint32_t memset_ = 0;
  uint32_t graph_ = 0;
  std::vector<TimeRange> graphs_by_node_;  // see GraphLaunches::by_node
  uint32_t between_nodes_ = 0;
  uint32_t unknown_kernel_ = 0;
};

}  // namespace stepscope::analysis
