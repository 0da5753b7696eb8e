// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/cut_json.hpp"

namespace stepscope::analysis::importing {
namespace {

// Behind the end of the string that begins at `at`; the text's size when it does not end.
size_t behind_string(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace

std::optional<std::string> close_cut_json(std::string_view text) {
  constexpr size_t kWholeWithin = 2;  // the object, and what its members hold
  std::string open;                   // closing brackets that are awaited, the outermost first
  size_t whole = 0;                   // the text is whole up to here,
  std::string closing;                // followed by these brackets
  const auto mark = [&](size_t at) {
    whole = at;
    closing.assign(open.rbegin(), open.rend());
  };
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = behind_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') {
      open.push_back(c == '{' ? '}' : ']');
      if (open.front() != '}') {
        return std::nullopt;
      }
    } else if (c == '}' || c == ']') {
      if (open.empty() || open.back() != c) {
        return std::nullopt;
      }
      open.pop_back();
      if (open.size() <= kWholeWithin) {
        mark(at + 1);
      }
    } else if (c == ',' && open.size() <= kWholeWithin) {
      mark(at);  // a number, a text or a word ended before it
    }
    ++at;
  }
  if (open.empty() || whole == 0) {
    return std::nullopt;
  }
  return std::string(text.substr(0, whole)) + closing;
}

}  // namespace stepscope::analysis::importing
