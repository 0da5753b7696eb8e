// SPDX-License-Identifier: Apache-2.0
//
// Findings about GPUs, of a diff and of one run. Each needs evidence beside its terms and abstains without it:
//
//   id                  says                                        evidence
//   gpu.clock           all kernels slower by one factor            clocks of both runs, lower in the candidate; kernels in common
//   idle.launch         launch-bound                                kernel counts and times: short kernels, or more of them
//   idle.sync           a synchronising call was added              CUDA calls of both runs (level api), more per step; it
//                                                                   takes the place of idle.launch, which it causes
//   copy.pageable       copies from or to memory that is not pinned memory kinds of the copies
//   comm.exposed/<op>   more of a collective is exposed             its kernels' counts and times
//
// Internal to the library; findings.hpp is the way in.
#pragma once

#include <span>
#include <vector>

#include "analyzer/findings.hpp"

namespace stepscope::analysis {

void add_gpu_findings(const AnalyzedRun& run, std::vector<Finding>* out);
void add_gpu_findings(const Diff& diff, std::span<const AnalyzedRun> base,
                      std::span<const AnalyzedRun> candidate, std::vector<Finding>* out);

}  // namespace stepscope::analysis
