// SPDX-License-Identifier: Apache-2.0
//
// RecordedGraph: a ReplayGraph whose moments were recorded. How long an effect took behind its causes is what was recorded;
// the replay of a graph so made rebuilds the recording, except where the recording contradicts what is said to wait for
// what: there it is late, and the difference is an honest measure of the model.
//
// Each edge belongs to a part: the time of one leaf of the ledger in one process. A what-if scales parts. Edges of
// synchronising calls that wait for the GPU belong to a site as well, and can be taken away. Internal to the library.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/replay/replay_graph.hpp"

namespace stepscope::analysis {

inline constexpr uint32_t kFixedPart = 0;  // nothing scales it
inline constexpr uint32_t kNoSite = 0xFFFFFFFFU;

// What an effect waits for: it comes no earlier than `least_ns` after it.
struct Cause {
  Moment moment = 0;
  int64_t least_ns = 0;
  uint32_t part = kFixedPart;  // what the edge is time of
  uint32_t site = kNoSite;
};

class RecordedGraph {
 public:
  struct Part {
    int32_t rank = 0;
    std::string leaf;
    double total_ns = 0;  // over the steps that count
  };
  struct Site {
    std::string name;
    uint64_t waits = 0;  // in the steps that count
    std::vector<uint32_t> edges;
  };

  RecordedGraph() : recorded_(1, 0), parts_(1) {}

  [[nodiscard]] uint32_t part(int32_t rank, const std::string& leaf);
  [[nodiscard]] uint32_t site(const std::string& name);

  // A moment that was recorded at this time.
  [[nodiscard]] Moment at(int64_t recorded_ns);
  [[nodiscard]] int64_t recorded(Moment moment) const { return recorded_[moment]; }

  // `effect` follows the last of its causes as long after as was recorded. Causes that were recorded after their effect still
  // hold (the replay is late there). What it took counts towards the part of the last cause when `counted`.
  void follow(Moment effect, std::span<const Cause> causes, bool counted);
  // `effect` comes `ns` after its cause, whatever was recorded.
  void fix(Moment effect, const Cause& cause, int64_t ns, bool counted);
  // A moment that nothing recorded explains: it stays where it is.
  void anchor(Moment moment, int64_t offset_ns);

  [[nodiscard]] trace::Status seal() { return graph_.seal(); }
  [[nodiscard]] const ReplayGraph& graph() const { return graph_; }
  [[nodiscard]] std::span<const uint32_t> edge_parts() const { return edge_parts_; }
  [[nodiscard]] std::span<const Part> parts() const { return parts_; }
  [[nodiscard]] std::span<const Site> sites() const { return sites_; }

 private:
  void add(Moment effect, const Cause& cause, int64_t ns);

  ReplayGraph graph_;
  std::vector<int64_t> recorded_;     // by moment
  std::vector<uint32_t> edge_parts_;  // by edge
  std::vector<Part> parts_;           // 0: kFixedPart
  std::map<std::pair<int32_t, std::string>, uint32_t> part_ids_;
  std::vector<Site> sites_;
  std::map<std::string, uint32_t> site_ids_;
};

}  // namespace stepscope::analysis
