// SPDX-License-Identifier: Apache-2.0
#include "viewer/timeline/fitted_text.hpp"

#include <algorithm>

namespace stepscope::viewer {

std::string_view fitted_text(Painter& out, std::string_view text, float width, std::string& scratch) {
  const bool cut = text.size() > visible_bytes(width);
  text = text.substr(0, visible_bytes(width));
  const float full = out.text_width(text);
  if (full <= width && !cut) {
    return text;
  }
  size_t keep = std::min(static_cast<size_t>(static_cast<float>(text.size()) * std::max(0.0F, width) / full),
                         text.size() - 1);
  for (; keep > 1; --keep) {
    if ((static_cast<unsigned char>(text[keep]) & 0xC0U) == 0x80U) {
      continue;  // not inside a character
    }
    scratch.assign(text.substr(0, keep));
    scratch += "…";
    if (out.text_width(scratch) <= width) {
      return scratch;
    }
  }
  return {};
}

}  // namespace stepscope::viewer
