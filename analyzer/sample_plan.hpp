// SPDX-License-Identifier: Apache-2.0
//
// Which steps of which processes a sample of kernels looks at (kernel_sample.hpp). Only their segments are decoded, so that a
// diff of long recordings of many ranks stays quick.
//
// plan_spread: steps spread over the train steps (over the warm-up where there are none) of the first processes with GPU
// activity; all of a step counts. What means over ranks are made of.
// plan_path: where the ranks of a job are known (rank_ledger.hpp), steps spread over the job's, and in each of them the ranks
// that the job waited for; what counts is the time in which it did. So a rank of any number is looked at when it is late.
//
// Deterministic, one thread. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "analyzer/compare.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

// A step of a process. Pointers are borrowed from the ledger.
struct PlannedStep {
  uint32_t pair = 0;  // steps of two plans with the same number are compared with each other, in order
  const ProcessSteps* process = nullptr;
  const Step* step = nullptr;
  bool whole = true;               // all of it counts; else:
  std::vector<TimeRange> on_path;  // only this does, ascending, on the run's timeline
};
using SamplePlan = std::vector<PlannedStep>;  // ascending by pair

struct SampleSize {
  size_t steps = 4;  // of each process, at most
  size_t processes =
      4;  // at most; of a job whose ranks are known, steps x processes is what is looked at of all ranks
};

[[nodiscard]] SamplePlan plan_spread(const Run& run, const Ledger& ledger, const SampleSize& size);
// Of one job with a known rank ledger.
[[nodiscard]] SamplePlan plan_path(const AnalyzedRun& run, const SampleSize& size);
// Of two, of the same ranks: the same ranks in the same order on both sides.
[[nodiscard]] std::pair<SamplePlan, SamplePlan> plan_path(const AnalyzedRun& base,
                                                          const AnalyzedRun& candidate,
                                                          const SampleSize& size);

}  // namespace stepscope::analysis
