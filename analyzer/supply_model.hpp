// SPDX-License-Identifier: Apache-2.0
//
// The supply model of a diff: hands a change of the exposed data wait to what changed in the making of batches.
// The model, its limits and its fallbacks are described in diff.hpp and docs/METRICS.md. Pure arithmetic. Internal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/evidence.hpp"

namespace stepscope::analysis {

// The terms that the model hands out.
enum SupplyTerm : size_t {
  kTermFetch,
  kTermStarved,
  kTermIo,
  kTermBlocked,
  kTermCollate,
  kTermTransfer,
  kTermSlowWorker,
  kTermWorkers,
  kSupplyTermCount
};
using SupplyTerms = std::array<double, kSupplyTermCount>;
[[nodiscard]] std::string_view supply_term_name(size_t supply_term);

// One side: the mean over its runs.
struct SupplySide {
  bool known = false;
  double batches_per_step = 0;
  double inverse_parallelism = 0;  // mean of 1 / workers
  BatchCost cost;                  // of the typical worker
  double excess = 0;               // of the slowest worker
  double transfer = -1;            // put until received, -1 unknown
  double error = 0;                // standard error of the interval per step
  double cpus = -1;                // CPUs that the workers may use: affinity, quota; -1 unknown
  double throttled_share = -1;

  [[nodiscard]] double service() const { return cost.total() + excess; }
  [[nodiscard]] double interval() const {
    return batches_per_step * inverse_parallelism * service();
  }  // per step
};

[[nodiscard]] SupplySide supply_side(const std::vector<const Evidence*>& runs);

// Change of the supply interval per step, by cause; adds up to candidate.interval() - base.interval() as long as both
// consume the same number of batches per step.
[[nodiscard]] SupplyTerms supply_change(const SupplySide& base, const SupplySide& candidate);

struct SupplySplit {
  SupplyTerms delta{};    // adds up to the change of the leaves
  SupplyTerms hidden{};   // growth of supply that did not reach the step, >= 0
  bool modelled = false;  // false: the leaves' own changes
};
// Leaves: mean exposed time per step of what the model explains, by the term that has the leaf's name (slow_worker and
// workers are 0).
[[nodiscard]] SupplySplit split_data_wait(const SupplyTerms& base_leaves, const SupplyTerms& candidate_leaves,
                                          const SupplySide& base, const SupplySide& candidate);

}  // namespace stepscope::analysis
