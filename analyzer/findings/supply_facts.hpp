// SPDX-License-Identifier: Apache-2.0
//
// What findings about data loading say of how batches were made. Internal to the library.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

// Leaves of the wait for a batch whose making was recorded.
inline constexpr std::string_view kMakingLeaves[] = {leaf::kFetchCpu, leaf::kFetchStarved,
                                                     leaf::kFetchIo,  leaf::kFetchBlocked,
                                                     leaf::kCollate,  leaf::kTransfer};

// Whether the making of batches was recorded, on both sides.
[[nodiscard]] bool supply_known(const Case& c);

// "18.0 ms -> 38.0 ms" of a stage, per batch; of one run the one value there is.
[[nodiscard]] std::string stage_cost(const Case& c, double BatchCost::*stage);

// The same as an observation: "cpu_ns per batch".
[[nodiscard]] Observation stage_observed(const Case& c, std::string name, double BatchCost::*stage);

}  // namespace stepscope::analysis::finding
