// SPDX-License-Identifier: Apache-2.0
//
// sample_kernels: the kernels of a few steps of a run one by one, in the order of their launch, with what each of them
// contributes to the ledger.
//
// The ledger has sums per leaf; what a leaf is made of is asked of a few steps (sample_plan.hpp). Only their segments are
// decoded, so that a diff of long recordings stays quick. A kernel's exclusive time is that in which it names the instant
// (ledger.hpp); over the kernels of a leaf and step it adds up to the ledger's leaf, copies apart. Where the ranks of a job are
// known, it is the part of that time in which the job waited for this rank: a kernel that nobody waited for is there, with 0.
// Deterministic, one thread. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/compare.hpp"
#include "analyzer/kernel_name.hpp"
#include "analyzer/launch_places.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/sample_plan.hpp"

namespace stepscope::analysis {

// A kernel (of a CUDA graph that was recorded as a whole: one that it had when it was recorded node by node), or a leaf's part
// of a graph whose kernels are not known. Texts are ids of the TextPool.
struct SampledKernel {
  uint32_t name = 0;        // demangled
  uint32_t normalised = 0;  // see kernel_name.hpp
  uint32_t signature = 0;   // launch configuration; 0: not recorded
  uint32_t leaf = 0;        // "compute/gemm"
  uint32_t lane = 0;        // the stream's name
  KernelFamily family = KernelFamily::kOther;
  bool launched =
      false;  // its launch was recorded; else the place is that of the same kernel elsewhere, or nothing
  LaunchPlace place;
  int64_t begin_ns = 0;
  int64_t exclusive_ns = 0;   // inside what counts of the step
  int64_t overlapped_ns = 0;  // part of it, of a kernel that computes: a communication kernel ran beside it
};

struct SampledStep {
  uint32_t pair = 0;  // PlannedStep::pair
  int32_t rank = 0;
  int64_t number = 0;                  // Step::number
  std::vector<SampledKernel> kernels;  // in the order of launch
};

struct KernelSample {
  std::vector<SampledStep> steps;  // as planned
  bool operators = false;          // some kernel's operator is known
};

// `places`: also read where kernels were launched.
[[nodiscard]] Result<KernelSample> sample_kernels(const Run& run, const SamplePlan& plan, bool places,
                                                  TextPool* pool);

// Both sides of a diff, by the first run of each that has steps with GPU activity; `by_ranks` as in Diff. Empty when none has.
struct SampledSides {
  KernelSample base, candidate;
};
[[nodiscard]] Result<SampledSides> sample_sides(std::span<const AnalyzedRun> base,
                                                std::span<const AnalyzedRun> candidate, bool by_ranks,
                                                TextPool* pool);

// Steps of two samples that are compared with each other: of the same number, in order. Borrowed from the samples.
using StepPair = std::pair<const SampledStep*, const SampledStep*>;
[[nodiscard]] std::vector<StepPair> pair_steps(const KernelSample& base, const KernelSample& candidate);

}  // namespace stepscope::analysis
