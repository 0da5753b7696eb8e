// SPDX-License-Identifier: Apache-2.0
//
// Which baseline store a command means: --store of `baseline`, `gate` and `trend`.
#pragma once

#include <string>

#include "analyzer/cli/options.hpp"

namespace stepscope::analysis::cli {

// Declares --store.
void store_option(OptionSet* options, std::string& target);

// --store where given, else STEPSCOPE_BASELINES where set, else stepscope-baselines.db in the working directory.
[[nodiscard]] std::string store_path(const std::string& option);

}  // namespace stepscope::analysis::cli
