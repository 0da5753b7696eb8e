// SPDX-License-Identifier: Apache-2.0
//
// The brackets of `diff --what-if`: a table of its own under the terms, and members of the terms in JSON.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/replay/what_if.hpp"

namespace stepscope::analysis::cli {

[[nodiscard]] std::string what_if_text(const WhatIf& what_if, const Terminal& terminal);

// What goes for all terms: how well the replays rebuilt the runs, or why there are none.
[[nodiscard]] nlohmann::ordered_json what_if_json(const WhatIf& what_if);
// Adds what_if_ns and its ends to a term that was asked about.
void add_what_if(const WhatIf& what_if, const std::string& term, nlohmann::ordered_json* entry);

}  // namespace stepscope::analysis::cli
