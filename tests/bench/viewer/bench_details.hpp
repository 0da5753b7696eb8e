// SPDX-License-Identifier: Apache-2.0
//
// What the drawer's views compute over a whole run takes: duration statistics, the flame graph, the sorted list, a rank map.
#pragma once

#include <memory>

#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

void bench_details(const std::shared_ptr<const RunModel>& run);

}  // namespace stepscope::viewer
