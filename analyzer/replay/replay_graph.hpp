// SPDX-License-Identifier: Apache-2.0
//
// ReplayGraph: when everything happens, given what waits for what. Moments are joined by edges "no earlier than that long
// after"; a moment comes when the last of its edges allows it: the longest path. This is all that a replay is; what the
// moments stand for (host threads, kernels, workers, ranks) is decided by whoever builds the graph.
//
//   ReplayGraph graph;
//   Moment launch = graph.add_moment(), begin = graph.add_moment(), end = graph.add_moment();
//   graph.add_edge(ReplayGraph::kOrigin, launch, 0);
//   graph.add_edge(launch, begin, 5000);
//   uint32_t duration = graph.add_edge(begin, end, 70000);
//   if (Status s = graph.seal(); !s.ok()) ...              // a cycle
//   std::vector<int64_t> times = graph.replay(graph.weights());
//   std::vector<int64_t> faster(graph.weights()); faster[duration] /= 2; graph.replay(faster) ...
//
// An activity is two moments and an edge of its duration. A meeting of several (a collective) is one moment behind the
// beginnings of all, and an edge from it to the end of each. Times are ns from the origin. O(V + E) for sealing and for each
// replay; 20 bytes an edge and 4 a moment. Not thread-safe while it is built; a sealed graph may be replayed by several
// threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "trace/status.hpp"

namespace stepscope::analysis {

using Moment = uint32_t;

class ReplayGraph {
 public:
  static constexpr Moment kOrigin = 0;  // at time 0
  // As a weight: the edge is not there. A moment whose edges all are absent comes at time 0.
  static constexpr int64_t kAbsent = std::numeric_limits<int64_t>::min();

  [[nodiscard]] Moment add_moment() { return moments_++; }
  // `to` comes no earlier than `ns` (may be negative) after `from`. Returns the number of the edge: 0, 1, ...
  uint32_t add_edge(Moment from, Moment to, int64_t ns);
  void set_weight(uint32_t edge, int64_t ns) { weights_[edge] = ns; }

  // Brings moments into an order in which causes precede effects. kUnreadable when there is none: a cycle. Nothing may be
  // added afterwards.
  [[nodiscard]] trace::Status seal();

  [[nodiscard]] size_t moment_count() const { return moments_; }
  [[nodiscard]] size_t edge_count() const { return weights_.size(); }
  [[nodiscard]] const std::vector<int64_t>& weights() const { return weights_; }

  struct Edge {
    Moment from = 0, to = 0;
    uint32_t number = 0;
  };
  // All edges, in no particular order.
  [[nodiscard]] std::span<const Edge> edges() const { return edges_; }

  // The time of every moment with these weights, one per edge. Sealed graphs only.
  [[nodiscard]] std::vector<int64_t> replay(std::span<const int64_t> weights) const;

 private:
  uint32_t moments_ = 1;
  std::vector<int64_t> weights_;
  std::vector<Edge> edges_;  // sealed: by the order of `to`
};

}  // namespace stepscope::analysis
