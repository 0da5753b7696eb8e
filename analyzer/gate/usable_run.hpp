// SPDX-License-Identifier: Apache-2.0
//
// Which runs may be counted, by a gate and in a baseline, and which may be held against each other.
#pragma once

#include <span>
#include <string>

#include "analyzer/gate/policy.hpp"
#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis {

// Why this run is no measurement of training, as a sentence without the run's name; empty: it is one.
[[nodiscard]] std::string why_unusable(const RunSummary& run, const Policy& policy);

// A sentence when a run is there twice (by id), empty otherwise.
[[nodiscard]] std::string repeated_run(std::span<const RunSummary* const> runs);

// "gpu.model: H100 -> A100, world_size: 8 -> 4": what makes a step of one other work, or work of another machine, than a step of the other.
// Empty: comparable.
[[nodiscard]] std::string what_differs(const RunSummary& one, const RunSummary& other);

}  // namespace stepscope::analysis
