// SPDX-License-Identifier: Apache-2.0
//
// Lists of hosts as tables have them: "h1;h2", and Slurm's short form "h[01-03,7],login1". Internal to analyzer/fleet.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stepscope::analysis {

inline constexpr size_t kMostHosts = 65536;  // of one list

// The hosts in the order of the text, each once. Hosts are separated by ";", in a part with brackets also by ",". Numbers in brackets keep
// their leading zeros. nullopt: brackets that are not closed, a range that is none, or more than kMostHosts.
[[nodiscard]] std::optional<std::vector<std::string>> hosts_of(std::string_view list);

}  // namespace stepscope::analysis
