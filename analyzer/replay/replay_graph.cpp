// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/replay_graph.hpp"

#include <algorithm>
#include <utility>

namespace stepscope::analysis {

uint32_t ReplayGraph::add_edge(Moment from, Moment to, int64_t ns) {
  const auto number = static_cast<uint32_t>(weights_.size());
  weights_.push_back(ns);
  edges_.push_back({from, to, number});
  return number;
}

trace::Status ReplayGraph::seal() {
  // Kahn's algorithm; edges grouped by where they start.
  std::vector<uint32_t> first(moments_ + 1, 0);
  std::vector<uint32_t> missing(moments_, 0);
  for (const Edge& edge : edges_) {
    ++first[edge.from + 1];
    ++missing[edge.to];
  }
  for (uint32_t m = 0; m < moments_; ++m) {
    first[m + 1] += first[m];
  }
  std::vector<Moment> targets(edges_.size());
  std::vector<uint32_t> at(first.begin(), first.end() - 1);
  for (const Edge& edge : edges_) {
    targets[at[edge.from]++] = edge.to;
  }
  std::vector<Moment> order;
  order.reserve(moments_);
  for (Moment m = 0; m < moments_; ++m) {
    if (missing[m] == 0) {
      order.push_back(m);
    }
  }
  for (size_t next = 0; next < order.size(); ++next) {
    const Moment m = order[next];
    for (uint32_t i = first[m]; i < first[m + 1]; ++i) {
      if (--missing[targets[i]] == 0) {
        order.push_back(targets[i]);
      }
    }
  }
  if (order.size() != moments_) {
    return {trace::Code::kUnreadable,
            "what was recorded waits for itself: there is no order to replay it in"};
  }
  std::vector<uint32_t> rank(moments_);
  for (uint32_t i = 0; i < moments_; ++i) {
    rank[order[i]] = i;
  }
  std::vector<uint32_t> begin(moments_ + 1, 0);  // counting sort by the rank of `to`
  for (const Edge& edge : edges_) {
    ++begin[rank[edge.to] + 1];
  }
  for (uint32_t i = 0; i < moments_; ++i) {
    begin[i + 1] += begin[i];
  }
  std::vector<Edge> sorted(edges_.size());
  for (const Edge& edge : edges_) {
    sorted[begin[rank[edge.to]]++] = edge;
  }
  edges_ = std::move(sorted);
  return {};
}

std::vector<int64_t> ReplayGraph::replay(std::span<const int64_t> weights) const {
  std::vector<int64_t> times(moments_, 0);
  for (size_t i = 0; i < edges_.size();) {
    const Moment to = edges_[i].to;
    int64_t latest = kAbsent;
    for (; i < edges_.size() && edges_[i].to == to; ++i) {
      const int64_t weight = weights[edges_[i].number];
      if (weight != kAbsent) {
        latest = std::max(latest, times[edges_[i].from] + weight);
      }
    }
    times[to] = latest == kAbsent ? 0 : latest;
  }
  return times;
}

}  // namespace stepscope::analysis
