// SPDX-License-Identifier: Apache-2.0
//
// Which baseline store a command means.
#pragma once

#include <string>

namespace stepscope::analysis::cli {

// --store where given, else STEPSCOPE_BASELINES where set, else stepscope-baselines.db in the working directory.
[[nodiscard]] std::string store_path(const std::string& option);

}  // namespace stepscope::analysis::cli
