// SPDX-License-Identifier: Apache-2.0
//
// ProcessContext: what the chains of one process (host, GPU, workers) share while they become part of a RecordedGraph.
// Times are those of the recording of this process on the run's timeline. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
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
  // `effect` follows `cause`, the time between is the label's. A blend becomes a chain of its leaves.
  void spend(Moment cause, Moment effect, uint32_t label);
  // The moment `ns` behind `cause`, of this part.
  [[nodiscard]] Moment spend(Moment cause, int64_t ns, std::string_view leaf_name);

  // To be added to this process's times where something is anchored at its recorded time: its clock's error.
  int64_t offset_ns = 0;

 private:
  const Run& run_;
  const ProcessSteps& steps_;
  TimeRange window_;
  const HostPieces& pieces_;
  RecordedGraph& graph_;
  int32_t rank_;
  std::vector<TimeRange> train_;  // ascending
  std::vector<uint32_t> parts_;   // by label; kFixedPart: not made yet
};

}  // namespace stepscope::analysis
