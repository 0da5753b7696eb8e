// SPDX-License-Identifier: Apache-2.0
//
// ReplayedRun: a run as what waited for what, and the steps it takes under other circumstances.
//
//   Result<ReplayedRun> made = ReplayedRun::make(run, ledger);
//   const ReplayedRun& replay = made.value();
//   if (!replay.reason().empty()) ...          // abstains: no train steps, or the replay misses what was recorded
//   double now = replay.mean_step_ns(replay.graph().weights());
//
// What is in the graph: every thread's calls in their order; from a launch to what it started (correlation); the order on a
// stream; waits between streams, as recorded, else as far as their timing shows them; synchronising calls, copies that the host takes part in, the
// limit of launches ahead; the workers' batches and their dispatch; collectives over the ranks that were recorded. Between
// all these the threads do what the ledger says they did. Where CUDA calls were not recorded there are two readings of the gaps
// on a GPU (Gaps in gpu_chain.hpp), and the options say which one is replayed.
//
// The window: the train steps of the run, of each process that has any; when they hold more than about kMostEvents events,
// a piece from the middle. At least two steps. The replay is usable when the steps it rebuilds differ from the recorded ones by
// at most kLargestError, added up without regard to sign. Deterministic; one thread; about 400 bytes an event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzer/ledger.hpp"
#include "analyzer/replay/gpu_chain.hpp"
#include "analyzer/replay/recorded_graph.hpp"

namespace stepscope::analysis {

inline constexpr size_t kMostEvents = 400'000;  // GPU events and calls of a run
inline constexpr double kLargestError = 0.01;

struct ReplayOptions {
  size_t most_events = kMostEvents;
  Gaps gaps = Gaps::kFollowGpu;
};

struct ReplayedStep {
  uint32_t process = 0;  // index into Run::processes()
  int32_t rank = 0;
  int64_t index = 0;
  int64_t recorded_ns = 0, replayed_ns = 0;
  Moment begin = 0, end = 0;
};

class ReplayedRun {
 public:
  // An error is one of reading. What cannot be replayed has a reason.
  [[nodiscard]] static Result<ReplayedRun> make(const Run& run, const Ledger& ledger,
                                                const ReplayOptions& options = {});

  // Why this run gives no what-if; empty when it does.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  // Sum of |replayed - recorded| over the steps / sum of recorded; 1 without steps.
  [[nodiscard]] double error() const { return error_; }
  [[nodiscard]] std::span<const ReplayedStep> steps() const { return steps_; }  // train steps in the window
  [[nodiscard]] size_t meetings() const { return meetings_; }                   // collectives over ranks
  // Operations of several ranks' collectives whose counterparts are missing or ambiguous: waits in them are not seen.
  [[nodiscard]] uint64_t unmatched() const { return unmatched_; }
  // CUDA calls of a process with a GPU were not recorded: gaps are read as the options say.
  [[nodiscard]] bool unlaunched() const { return unlaunched_; }

  [[nodiscard]] const RecordedGraph& recorded() const { return graph_; }
  // The mean train step with these weights of recorded().graph(). The first quarter of the steps of each process does not
  // count: whoever runs ahead needs a few steps to feel that others are slower.
  [[nodiscard]] double mean_step_ns(std::span<const int64_t> weights) const;

 private:
  Status build(const Run& run, const Ledger& ledger, const ReplayOptions& options);
  void check();

  RecordedGraph graph_;
  std::vector<ReplayedStep> steps_;
  std::string reason_;
  double error_ = 1;
  size_t meetings_ = 0;
  uint64_t unmatched_ = 0;
  bool unlaunched_ = false;
};

}  // namespace stepscope::analysis
