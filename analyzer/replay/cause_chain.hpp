// SPDX-License-Identifier: Apache-2.0
//
// walk_chains: Level B of the ledger as a chain: by what, one after the other, a step took as long as it did.
//
//   walk_chains(run, ledger, {}, [](const StepChain& chain) { ...; return Status(); });
//
// Going back in time from the end of a step: what the moment at hand waited for last, and so on to the begin of the step. The
// predecessors are those of the replay (recorded_graph.hpp): thread order, launch, stream order, waits for events, synchronising
// calls, the workers of a loader, collectives (from there on back the chain is on the rank that came last). The segments are
// disjoint and cover the step exactly: whatever two clocks disagree by is taken from the segment at hand. This is the chain of
// what ended last, not the path of most work.
//
// What was not recorded is a link of its own (Link::kUnrecorded), named by what the driving thread did meanwhile: what started work
// of an idle GPU and whether the thread waited for the GPU, where CUDA calls were not recorded (level `kernels`); and
// the rest of a step before which nothing is known. Waits between streams that only their timing shows are Link::kTimedWait.
//
// Memory: a window of steps at a time, about 400 bytes an event of it. Deterministic, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "analyzer/ledger.hpp"
#include "analyzer/replay/recorded_graph.hpp"

namespace stepscope::analysis {

// One link of a chain. Texts are valid during the visit.
struct ChainSegment {
  Link link = Link::kThread;
  int64_t begin_ns = 0;    // on the clock of the step's process
  int64_t end_ns = 0;      // > begin_ns
  uint32_t process = 0;    // whose time it is: the step's own, or another rank's
  std::string_view actor;  // its thread, stream or worker
  std::string_view what;   // a leaf, a call, or what the thread did
};

struct StepChain {
  uint32_t process = 0;  // index into Run::processes()
  Step step;
  std::vector<ChainSegment> segments;  // ascending

  // Sum of what lies between the segments, and between them and the ends of the step. 0, or the library has a bug.
  [[nodiscard]] int64_t residual_ns() const;
};

// All steps, or those that begin within so many positions of a step (ProcessSteps::steps) in every process.
struct ChainOptions {
  std::optional<size_t> around;  // a position; nothing: every step of every process
  size_t most_steps = 8;         // around it
  size_t events_per_window = 100'000;
  size_t most_processes = 16;  // of the run; the others are as if they had not been recorded
};

using ChainVisitor = std::function<Status(const StepChain& chain)>;

// Steps come window by window, in each by process. Processes whose steps no thread drives are left out.
[[nodiscard]] Status walk_chains(const Run& run, const Ledger& ledger, const ChainOptions& options,
                                 const ChainVisitor& visit);

// Where to look for a typical step: the train step of median length (else any step) of the first process that walk_chains visits;
// nothing when there is none.
[[nodiscard]] std::optional<size_t> typical_step(const Ledger& ledger);

}  // namespace stepscope::analysis
