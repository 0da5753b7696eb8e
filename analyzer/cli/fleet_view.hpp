// SPDX-License-Identifier: Apache-2.0
//
// What goes with failed runs, as text and as JSON (stepscope.fleet/1).
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/fleet/analyse_fleet.hpp"

namespace stepscope::analysis::cli {

[[nodiscard]] std::string fleet_text(const FleetReport& report, const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json fleet_json(const FleetReport& report);

}  // namespace stepscope::analysis::cli
