// SPDX-License-Identifier: Apache-2.0
//
// RecordedGraph: a ReplayGraph whose moments were recorded. How long an effect took behind its causes is what was recorded;
// the replay of a graph so made rebuilds the recording, except where the recording contradicts what is said to wait for
// what: there it is late, and the difference is an honest measure of the model.
//
// Each edge belongs to a part: the time of one leaf of the ledger in one process. A what-if scales parts. Edges of
// synchronising calls that wait for the GPU belong to a site as well, and can be taken away. Each edge also says how its effect
// follows its cause (a link) and what its time is called, and each moment whose it is (an actor): what cause_chain.hpp
// walks back. Internal to the library.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/replay/replay_graph.hpp"

namespace stepscope::analysis {

inline constexpr uint32_t kFixedPart = 0;  // nothing scales it
inline constexpr uint32_t kNoSite = 0xFFFFFFFFU;

// How an effect follows its cause.
enum class Link : uint8_t {
  kThread = 0,   // thread order: the thread went on with the next thing
  kRun,          // work of a GPU ran, or the data of a collective passed
  kStream,       // stream order
  kEventWait,    // the stream was told to wait for an event on another one, as recorded
  kTimedWait,    // the same, not recorded: by its timing
  kLaunch,       // from the call to what it started
  kLaunchQueue,  // the call waited for room in the queue of launches
  kSync,         // the host waited for the GPU
  kWorker,       // a loader's worker, and handing its batch over
  kPeer,         // a collective waited for another rank
  kUnrecorded,   // work of a GPU that had been idle: what started it was not recorded
};
inline constexpr size_t kLinkCount = 11;
[[nodiscard]] std::string_view link_name(Link link);  // "thread order", "event wait", ...

// Of a moment. `process` is an index into Run::processes().
struct Actor {
  uint32_t process = 0;
  std::string name;  // of its lane; "worker 2"
};
inline constexpr uint32_t kNoActor = 0;  // of moments that are on nobody's clock

// What an effect waits for: it comes no earlier than `least_ns` after it.
struct Cause {
  Moment moment = 0;
  int64_t least_ns = 0;
  uint32_t part = kFixedPart;  // what the edge is time of
  uint32_t site = kNoSite;
  Link link = Link::kThread;
  uint32_t text = 0;  // RecordedGraph::text(): what the time is called; 0: the leaf of its part
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

  // What an edge is, for who walks back along it.
  struct EdgeInfo {
    Link link = Link::kThread;
    uint32_t text = 0;
  };

  RecordedGraph() : recorded_(1, 0), actor_of_(1, kNoActor), parts_(1), actors_(1), texts_(1) {}

  [[nodiscard]] uint32_t part(int32_t rank, const std::string& leaf);
  [[nodiscard]] uint32_t site(const std::string& name);
  [[nodiscard]] uint32_t text(std::string_view name);
  [[nodiscard]] uint32_t actor(uint32_t process, std::string_view name);

  // A moment of this actor that was recorded at this time.
  [[nodiscard]] Moment at(int64_t recorded_ns, uint32_t actor = kNoActor);
  [[nodiscard]] int64_t recorded(Moment moment) const { return recorded_[moment]; }
  [[nodiscard]] uint32_t actor_of(Moment moment) const { return actor_of_[moment]; }

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
  [[nodiscard]] std::span<const EdgeInfo> edge_infos() const { return edge_infos_; }
  // What the time of an edge is called.
  [[nodiscard]] const std::string& edge_text(uint32_t edge) const {
    const uint32_t own = edge_infos_[edge].text;
    return own == 0 ? parts_[edge_parts_[edge]].leaf : texts_[own];
  }
  [[nodiscard]] std::span<const Actor> actors() const { return actors_; }
  [[nodiscard]] std::span<const Part> parts() const { return parts_; }
  [[nodiscard]] std::span<const Site> sites() const { return sites_; }

 private:
  void add(Moment effect, const Cause& cause, int64_t ns);

  ReplayGraph graph_;
  std::vector<int64_t> recorded_;     // by moment
  std::vector<uint32_t> actor_of_;    // by moment
  std::vector<uint32_t> edge_parts_;  // by edge
  std::vector<EdgeInfo> edge_infos_;  // by edge
  std::vector<Part> parts_;           // 0: kFixedPart
  std::map<std::pair<int32_t, std::string>, uint32_t> part_ids_;
  std::vector<Site> sites_;
  std::map<std::string, uint32_t> site_ids_;
  std::vector<Actor> actors_;  // 0: kNoActor
  std::map<std::pair<uint32_t, std::string>, uint32_t> actor_ids_;
  std::vector<std::string> texts_;  // 0: none
  std::map<std::string, uint32_t, std::less<>> text_ids_;
};

}  // namespace stepscope::analysis
