// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/markup.hpp"

#include "analyzer/cli/terminal.hpp"

namespace stepscope::analysis::cli {

std::string markup_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    out += c == '&'   ? "&amp;"
           : c == '<' ? "&lt;"
           : c == '>' ? "&gt;"
           : c == '"' ? "&quot;"
                      : std::string(1, c);
  }
  return out;
}

}  // namespace stepscope::analysis::cli
