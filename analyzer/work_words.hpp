// SPDX-License-Identifier: Apache-2.0
//
// What a diff says about the amount of work, in words that program, findings and viewer share.
#pragma once

#include <string>

#include "analyzer/diff.hpp"

namespace stepscope::analysis {

// Why a step is more work: "longer sequences", "larger batches", "more tokens"; or less: "shorter sequences", ... Of amounts that differ.
[[nodiscard]] std::string work_cause(const WorkChange& change);

// "longer sequences, not a slowdown"; empty unless the work explains the step's change (WorkPart::explains_step).
[[nodiscard]] std::string work_verdict(const Diff& diff);

// "4096 -> 5120 tokens per step (+25.0 %), 4.883 -> 4.690 ms per 1000 tokens (-4.0 %)"; empty where the amounts are the same or not known.
[[nodiscard]] std::string work_amounts(const Diff& diff);

}  // namespace stepscope::analysis
