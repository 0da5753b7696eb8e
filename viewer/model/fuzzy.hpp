// SPDX-License-Identifier: Apache-2.0
//
// Fuzzy match of what a person types against a short text: the letters in their order, with anything between them, letters
// A-Z without case. Better: at the start of words, together, early, in a short text. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace stepscope::viewer {

struct FuzzyMatch {
  int score = 0;               // larger is better; 0 for an empty pattern
  std::vector<size_t> places;  // bytes of the text that matched, ascending
};

// None when the letters are not all there. The best of all ways to place them; cost pattern x text.
[[nodiscard]] std::optional<FuzzyMatch> fuzzy_match(std::string_view text, std::string_view pattern);

}  // namespace stepscope::viewer
