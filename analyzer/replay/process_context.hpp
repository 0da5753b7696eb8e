// SPDX-License-Identifier: Apache-2.0
//
// ProcessContext: what the chains of one process (host, GPU, workers) share while they become part of a RecordedGraph.
// Times are those of the recording of this process on the run's timeline. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/replay/host_pieces.hpp"
#include "analyzer/replay/recorded_graph.hpp"

namespace stepscope::analysis {

class ProcessContext {
 public:
  // All outlive it. `window` lies within the steps.
  ProcessContext(const Run& run, const ProcessSteps& steps, const TimeRange& window, const HostPieces& pieces,
                 RecordedGraph& graph);

  [[nodiscard]] const Run& run() const { return run_; }
  [[nodiscard]] const ProcessSteps& steps() const { return steps_; }
  [[nodiscard]] uint32_t process() const { return steps_.process; }
  [[nodiscard]] int32_t rank() const { return rank_; }
  [[nodiscard]] const TimeRange& window() const { return window_; }
  [[nodiscard]] const HostPieces& pieces() const { return pieces_; }
  [[nodiscard]] RecordedGraph& graph() const { return graph_; }

  // Whether this instant lies in a train step of the window: then its time counts.
  [[nodiscard]] bool counted(int64_t ns) const;
  // The part of a label of `pieces`; of a blend that of its largest leaf.
  [[nodiscard]] uint32_t part_of(uint32_t label);
  [[nodiscard]] uint32_t part_of(std::string_view leaf_name);
  // `effect` follows `cause`, the time between is the label's. A blend becomes a chain of its leaves. `text`: see Cause.
  void spend(Moment cause, Moment effect, uint32_t label, Link link, uint32_t text);
  // The moment `ns` behind `cause`, of this part, in a loader's worker.
  [[nodiscard]] Moment spend(Moment cause, int64_t ns, std::string_view leaf_name);
  // The same for a span in which the driving thread did several things: it becomes a chain of these.
  void spend_pieces(Moment cause, Moment effect, Link link);

  // RecordedGraph::actor() of a lane of this recording.
  [[nodiscard]] uint32_t lane_actor(uint32_t trace_lane);
  // RecordedGraph::text() of a run-global name, and of what the driving thread did at this time.
  [[nodiscard]] uint32_t name_text(uint32_t name);
  [[nodiscard]] uint32_t host_text(uint32_t host_label);
  // kWorker where the thread waits for a batch whose making was recorded, else kThread.
  [[nodiscard]] Link host_link(uint32_t host_label) const;

  // To be added to this process's times where something is anchored at its recorded time: its clock's error.
  int64_t offset_ns = 0;
  // Whether time that is spent counts towards its part at all.
  bool counting = true;

 private:
  const Run& run_;
  const ProcessSteps& steps_;
  TimeRange window_;
  const HostPieces& pieces_;
  RecordedGraph& graph_;
  int32_t rank_;
  std::vector<TimeRange> train_;  // ascending
  std::vector<uint32_t> parts_;   // by label; kFixedPart: not made yet
  std::vector<uint32_t> texts_;   // by label; 0: not made yet
  std::unordered_map<uint32_t, uint32_t> name_texts_, lane_actors_;
};

}  // namespace stepscope::analysis
