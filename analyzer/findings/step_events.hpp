// SPDX-License-Identifier: Apache-2.0
//
// Events in the train steps of a run, for rules that need more than the evidence holds: decoded only once the number that they
// explain stands out. Internal to the library.
#pragma once

#include <cstdint>
#include <functional>

#include "analyzer/compare.hpp"

namespace stepscope::analysis::finding {

// Row of a view, of this process; names are the process's own ids.
using RowVisitor = std::function<void(uint32_t process, const trace::SegmentView& view, size_t row)>;

// Visits every event of a kind that starts in a train step of a training process. `columns` is a set of bits; times are read in any
// case. False when something could not be read: the rule abstains then.
[[nodiscard]] bool each_train_event(const AnalyzedRun& run, Kind kind, uint32_t columns,
                                    const RowVisitor& visit);

// Train steps of all ranks.
[[nodiscard]] double train_steps(const AnalyzedRun& run);

}  // namespace stepscope::analysis::finding
