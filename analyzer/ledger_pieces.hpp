// SPDX-License-Identifier: Apache-2.0
//
// label_pieces: the steps of one process as pieces with one label each, in the order of time and without gap: what a ledger
// sums up, over whole steps (ledger.cpp) or over shorter spans (rank_ledger.cpp). The rules stand in ledger.hpp.
//
// Bounded memory, one thread. Internal to the library.
#pragma once

#include <cstdint>
#include <functional>

#include "analyzer/labels.hpp"
#include "analyzer/partition.hpp"
#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

// Batches waited for inside steps, and how many of them have no record of the worker that made them.
struct WaitCounts {
  uint64_t all = 0;
  uint64_t unjoined = 0;
};

// Fills `labels`, then calls `begin` once and hands the pieces to the visitor it returns: they cover the span from the first
// step's begin to the last step's end, on the run's timeline. No label is made after `begin` was called. `steps` has steps.
[[nodiscard]] Result<WaitCounts> label_pieces(const Run& run, const ProcessSteps& steps, Labels* labels,
                                              const std::function<PieceVisitor()>& begin);

}  // namespace stepscope::analysis
