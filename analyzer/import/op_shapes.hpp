// SPDX-License-Identifier: Apache-2.0
//
// compact_shapes: the dimensions of an operator's inputs as a recording keeps them. Internal to analyzer/import.
#pragma once

#include <string>
#include <string_view>

namespace stepscope::analysis::importing {

// "[[32, 1024], [1024, 1024], [], []]" becomes "[[32,1024],[1024,1024]]": no blanks, and no inputs without dimensions at the
// end (numbers, defaults). "" when no input has any. Foreach operators have hundreds of inputs: what is longer than 256
// characters ends in a hash of the whole, so that equal shapes stay equal texts and others do not. Pure; any thread.
[[nodiscard]] std::string compact_shapes(std::string_view written);

}  // namespace stepscope::analysis::importing
