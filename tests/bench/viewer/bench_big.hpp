// SPDX-License-Identifier: Apache-2.0
//
// The size that the viewer is built for at the most: 100 M events of 64 ranks, each with a recording.
#pragma once

#include <cstddef>
#include <string>

namespace stepscope::viewer {

// Opens a run of `events` events in 64 recordings as the window does: time to the first picture and to everything, resident memory
// of the process, and how long it takes to stop at any point of it. The run is written to `directory`, unless it is there. Returns
// 0, or 1 with a message.
int bench_big(size_t events, const std::string& directory);

}  // namespace stepscope::viewer
