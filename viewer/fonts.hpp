// SPDX-License-Identifier: Apache-2.0
//
// Fonts: a readable font of the system, or ImGui's built-in one.
#pragma once

namespace stepscope::viewer {

// Loads the font for `scale` into the current context's atlas, replacing what is there. The caller makes the back end
// upload it again. False: no system font found, the built-in one is used (no arrows or Greek in it).
bool load_font(float scale);

}  // namespace stepscope::viewer
