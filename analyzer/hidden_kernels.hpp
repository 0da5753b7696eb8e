// SPDX-License-Identifier: Apache-2.0
//
// hidden_kernel_growth: kernels that take longer while communication runs beside them, so that the step does not.
//
// The ledger names an instant by the kernel that computes, whatever communication runs beside it. Where the step waits for
// communication in the end, computing longer under it moves time from comm.exposed/* to compute/* and costs nothing. Such
// growth is found by evidence, not by equal sizes: the time of each family beside a communication kernel, from a few steps of every
// run (sample_plan.hpp; of jobs whose ranks are known, what the job waited for). With O its growth over all families, X the shrinkage of what was exposed,
//     hidden = min(O, X), shared among the families in proportion to their growth beside communication,
// and no family more than its term. A faster network shrinks X without any O, a kernel that is slower where nothing runs beside it grows
// without: neither is hidden. Nothing is decoded unless both changes reach the minimum effect. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analyzer/compare.hpp"

namespace stepscope::analysis {

// A term of the diff before it is known what is hidden, ns per step.
struct OpenTerm {
  std::string name;
  int64_t base_ns = 0;
  int64_t candidate_ns = 0;
  int64_t delta_ns = 0;
};

// Per term what to take from its delta: positive for kernels that grew unseen, negative for the communication that covers
// them. Adds up to 0. Empty when nothing is hidden. `by_ranks` as in Diff.
[[nodiscard]] Result<std::vector<int64_t>> hidden_kernel_growth(std::span<const AnalyzedRun> base,
                                                                std::span<const AnalyzedRun> candidate,
                                                                const std::vector<OpenTerm>& terms,
                                                                bool by_ranks, int64_t min_effect_ns);

}  // namespace stepscope::analysis
