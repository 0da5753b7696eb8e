// SPDX-License-Identifier: Apache-2.0
//
// What the GPUs did, as part of a report: text and the value of key "gpu".
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/report_view.hpp"

namespace stepscope::analysis::cli {

// Both are empty (the JSON null) for a run without GPU activity.
[[nodiscard]] std::string gpu_text(const Report& report, const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json gpu_json(const Report& report);

}  // namespace stepscope::analysis::cli
