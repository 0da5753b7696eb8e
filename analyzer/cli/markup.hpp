// SPDX-License-Identifier: Apache-2.0
//
// Text inside the XML and HTML that the program writes.
#pragma once

#include <string>
#include <string_view>

namespace stepscope::analysis::cli {

// Printable (terminal.hpp), and fit for an element's content or a quoted attribute.
[[nodiscard]] std::string markup_escaped(std::string_view text);

}  // namespace stepscope::analysis::cli
