// SPDX-License-Identifier: Apache-2.0
//
// How long a recorded run takes to its first picture and to all of its events.
#pragma once

#include <cstddef>

namespace stepscope::viewer {

// Writes a recording of `events` ranges on 64 lanes to a temporary directory and loads it. Returns 0, or 1 with a message.
int bench_load(size_t events);

}  // namespace stepscope::viewer
