// SPDX-License-Identifier: Apache-2.0
//
// Findings as report and diff show them.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/findings.hpp"

namespace stepscope::analysis::cli {

// `runs`: what Pointer::run indexes. Wrapped to the terminal's width (100 columns where there is none).
[[nodiscard]] std::string findings_text(std::span<const Finding> findings, std::span<const Run* const> runs,
                                        const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json findings_json(std::span<const Finding> findings,
                                                   std::span<const Run* const> runs);

}  // namespace stepscope::analysis::cli
