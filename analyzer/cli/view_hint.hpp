// SPDX-License-Identifier: Apache-2.0
//
// The command that shows in the window what a comparison says.
#pragma once

#include <cstdint>
#include <string>

namespace stepscope::analysis::cli {

// "stepscope view base --vs slow --link term=data.io,tab=terms": where this term shows best; rank -1: no single one's.
[[nodiscard]] std::string view_command(const std::string& base, const std::string& candidate,
                                       const std::string& term, int32_t rank);

}  // namespace stepscope::analysis::cli
