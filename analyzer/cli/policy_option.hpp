// SPDX-License-Identifier: Apache-2.0
//
// --policy of `gate` and `calibrate`.
#pragma once

#include <string>

#include "analyzer/cli/options.hpp"
#include "analyzer/gate/policy.hpp"

namespace stepscope::analysis::cli {

// Declares --policy.
void policy_option(OptionSet* options, std::string& target);

// The policy in that file, the default one where none was given. Errors: those of load_policy.
[[nodiscard]] Result<Policy> policy_of_option(const std::string& file);

}  // namespace stepscope::analysis::cli
