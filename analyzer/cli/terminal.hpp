// SPDX-License-Identifier: Apache-2.0
//
// What the other end of a file descriptor can show, and text made safe for it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stepscope::analysis::cli {

struct Terminal {
  bool is_terminal = false;
  bool color = false;  // a terminal, not TERM=dumb, NO_COLOR unset or empty
  size_t width = 0;    // columns; 0 = do not shorten (a pipe or a file)
};

[[nodiscard]] Terminal inspect_terminal(int fd);

enum class Style { kPlain, kBold, kDim, kGood, kWarn, kBad };

// `text` in the style's escape sequence, or as it is when the terminal has no colour.
[[nodiscard]] std::string styled(std::string_view text, Style style, const Terminal& terminal);

// Names come from recorded programs: control characters and bytes that are not UTF-8 become '?', so that a recording
// cannot drive the reader's terminal or break a line.
[[nodiscard]] std::string printable(std::string_view text);

// Columns that valid UTF-8 text takes, one per code point.
[[nodiscard]] size_t display_width(std::string_view text);

// At most `width` columns; what is cut shows as "…".
[[nodiscard]] std::string shortened(std::string_view text, size_t width);

// Words of `text` on lines of at most `width` columns; lines after the first start with `indent` blanks.
[[nodiscard]] std::string wrapped(std::string_view text, size_t width, size_t indent);

}  // namespace stepscope::analysis::cli
