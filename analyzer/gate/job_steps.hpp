// SPDX-License-Identifier: Apache-2.0
//
// The steps of a job, as a gate counts them: with several ranks step k lasts as long as the slowest rank takes for it. No clock of
// one rank is held against another's. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

struct JobStep {
  int64_t duration_ns = 0;  // of the slowest rank
  StepClass step_class = StepClass::kTrain;
  std::vector<size_t> index;  // into the steps of each rank
};

struct JobSteps {
  std::vector<const ProcessLedger*> ranks;  // the processes with steps; pointers into the ledger
  std::vector<JobStep>
      steps;  // paired by step number, by order where numbers repeat; without those that some rank lacks
};

// A step is train when it is so on all ranks, warmup when it is on any; else the class of any rank that has another. The steps
// that unsettled_steps (warmup.hpp) finds become warmup.
[[nodiscard]] JobSteps job_steps(const Ledger& ledger);

}  // namespace stepscope::analysis
