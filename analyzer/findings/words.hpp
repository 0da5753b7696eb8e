// SPDX-License-Identifier: Apache-2.0
//
// What findings are put together from: numbers in words, and the place to look at. Internal to the library.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/findings.hpp"

namespace stepscope::analysis::finding {

[[nodiscard]] std::string ms(double ns);                      // "12.3 ms"
[[nodiscard]] std::string micro(double ns);                   // "12.3 us"
[[nodiscard]] std::string percent(double share);              // "38 %"
[[nodiscard]] std::string from_to(double a_ns, double b_ns);  // "18.0 ms -> 38.0 ms"
[[nodiscard]] std::string gigabytes(double bytes_per_s);      // "12.3 GB/s"
// "1 CPU", "0.5 CPUs"
[[nodiscard]] std::string counted(double value, const char* one, const char* many);

// The train step in which `leaves` together take most time.
[[nodiscard]] std::optional<Pointer> worst_step(const AnalyzedRun& run, uint32_t run_index,
                                                std::span<const std::string_view> leaves);

// Whether one of these speaks of a term.
[[nodiscard]] bool accounted_for(std::span<const Finding> findings, std::string_view term);

// The leaves of a run whose names begin so.
[[nodiscard]] std::vector<std::string_view> leaves_with_prefix(const Ledger& ledger, std::string_view prefix);

}  // namespace stepscope::analysis::finding
