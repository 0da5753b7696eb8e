// SPDX-License-Identifier: Apache-2.0
//
// App: the window (GLFW, OpenGL 3.2 core), the frame loop and the screenshot. Draws a frame only after input, new data or
// a change of the window; otherwise it sleeps.
#pragma once

#include "viewer/options.hpp"

namespace stepscope::viewer {

// Runs until the window closes or the screenshot is written. Errors go to stderr, one line each.
[[nodiscard]] Exit run_app(const Options& options);

}  // namespace stepscope::viewer
