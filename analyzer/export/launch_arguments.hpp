// SPDX-License-Identifier: Apache-2.0
//
// The launch of a kernel, from the text in column `signature` ("grid 128x1x1 block 256x1x1 regs 32 smem 0+4096",
// docs/FORMAT.md) to Kineto's arguments. Pure function, any thread. Internal to analyzer/export.
#pragma once

#include <string>
#include <string_view>

namespace stepscope::analysis::exporting {

// "grid": [128, 1, 1], "block": [256, 1, 1], "registers per thread": 32, "shared memory": 4096, ... as JSON members; what the
// text does not have is left out. Empty for an empty text.
[[nodiscard]] std::string launch_arguments(std::string_view signature);

}  // namespace stepscope::analysis::exporting
