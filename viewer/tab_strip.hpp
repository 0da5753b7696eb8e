// SPDX-License-Identifier: Apache-2.0
//
// Tab strip: the tabs of the lower panel, every one in sight, in one row or in two of nearly equal width. Where the panel has
// no room for that they are one menu with the title of the open tab.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "viewer/model/palette.hpp"

namespace stepscope::viewer {

// Draws at the cursor, over the width that is left. `titles` are null-terminated and differ; `open` is one of their positions. The
// position of the title that was clicked in this frame, or nothing.
[[nodiscard]] std::optional<size_t> draw_tab_strip(std::span<const char* const> titles, size_t open,
                                                   const Palette& colors, float unit);

}  // namespace stepscope::viewer
