// SPDX-License-Identifier: Apache-2.0
//
// Theme: gives ImGui's own widgets the colours of the palette, and sizes for the display's scale.
#pragma once

#include "viewer/model/palette.hpp"

namespace stepscope::viewer {

// Sets the whole style; called every frame (about a hundred assignments).
void apply_theme(Theme theme, float scale);

}  // namespace stepscope::viewer
