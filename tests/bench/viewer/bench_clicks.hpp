// SPDX-License-Identifier: Apache-2.0
//
// What a click costs the thread that draws: the frame in which it happens and those until its answer is on screen. What is looked
// for in all events is found on another thread meanwhile.
#pragma once

#include <functional>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

// draw: one frame; its CPU time in ms. Two runs must be loaded.
void bench_clicks(AppState& state, const std::function<double()>& draw);

}  // namespace stepscope::viewer
