// SPDX-License-Identifier: Apache-2.0
//
// The analyzer's categories under a short name, with words for the legend. Colours: palette.hpp.
#pragma once

#include <string_view>

#include "analyzer/category.hpp"

namespace stepscope::viewer {

using analysis::Category;
using analysis::kCategoryCount;

// "forward / compute", "waiting for data", ...
[[nodiscard]] std::string_view category_label(Category category);

}  // namespace stepscope::viewer
