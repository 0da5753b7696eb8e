// SPDX-License-Identifier: Apache-2.0
//
// JobReplay: a job trace as a ReplayGraph. What waits for what is the schedule of pipelined training (1F1B): each stage
// computes in order; each kind of transfer between stages is a stream of its own; a stage computes what it has received and sends
// what it has computed; gradients are reduced over data-parallel ranks behind the last backward; clipping the gradients
// joins all stages and ranks. It is read off the first step of the first data-parallel rank and holds for all.
//
// Every step is the same graph with other weights. Two numbers per operation: its own time (of a transfer: what is left once
// all who take part have begun), and how long after all it waits for it began.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analyzer/replay/replay_graph.hpp"
#include "tests/unit/analyzer/replay/job_trace.hpp"

namespace stepscope::analysis::job_trace {

// One number per operation and step.
struct Times {
  std::vector<std::vector<int64_t>> own;    // by step, then by node
  std::vector<std::vector<int64_t>> delay;  //
};

class JobReplay {
 public:
  struct Node {
    std::string type;
    int64_t stage = 0, data_rank = 0;
    Moment begin = 0, end = 0;
    uint32_t own_edge = 0;
    std::vector<uint32_t> delay_edges;
    bool meets = false;  // others take part
  };
  struct StepTimes {
    double last_ns = 0;       // until the end of the last operation, mean over steps
    double optimizer_ns = 0;  // until the end of the last optimizer
  };

  explicit JobReplay(const Trace& trace);

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Times& recorded() const { return recorded_; }
  [[nodiscard]] double recorded_step_ns() const { return recorded_step_ns_; }
  [[nodiscard]] StepTimes replay(const Times& times) const;

 private:
  friend class Builder;
  ReplayGraph graph_;
  std::vector<Node> nodes_;
  Times recorded_;
  double recorded_step_ns_ = 0;
};

}  // namespace stepscope::analysis::job_trace
