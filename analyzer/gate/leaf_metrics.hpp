// SPDX-License-Identifier: Apache-2.0
//
// Leaves of the ledger as metrics of a run summary: `leaf/<leaf>_ns`, and the sum that each belongs to. Internal to the library.
#pragma once

#include <string>
#include <string_view>

namespace stepscope::analysis {

[[nodiscard]] std::string metric_of_leaf(std::string_view leaf_name);
// "" for a metric that is no leaf's.
[[nodiscard]] std::string_view leaf_of_metric(std::string_view metric);
// "data_wait_ns", "comm_exposed_ns", "compute_ns", "idle_ns" or "host_ns"; every leaf belongs to one.
[[nodiscard]] std::string_view sum_of_leaf(std::string_view leaf_name);

}  // namespace stepscope::analysis
