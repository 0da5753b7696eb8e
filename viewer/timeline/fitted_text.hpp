// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "viewer/painter.hpp"

namespace stepscope::viewer {

// The text, or as much of it as fits with an ellipsis, or nothing. What is returned may point into `scratch`.
[[nodiscard]] std::string_view fitted_text(Painter& out, std::string_view text, float width,
                                           std::string& scratch);

}  // namespace stepscope::viewer
