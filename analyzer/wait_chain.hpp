// SPDX-License-Identifier: Apache-2.0
//
// Level B of the ledger for data: a wait for a batch, instant by instant, handed to what its worker did then. The rules
// stand in ledger.hpp. Internal to the library.
#pragma once

#include <vector>

#include "analyzer/batches.hpp"
#include "analyzer/labels.hpp"
#include "analyzer/partition.hpp"

namespace stepscope::analysis {

// Appends disjoint intervals of tier `tier` that cover the batch's wait exactly.
void explain_wait(const BatchTable& table, const Batch& batch, uint8_t tier, Labels& labels,
                  std::vector<LabelInterval>* out);

}  // namespace stepscope::analysis
