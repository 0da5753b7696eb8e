// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/fuzzy.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>

namespace stepscope::viewer {
namespace {

constexpr int kImpossible = std::numeric_limits<int>::min() / 2;
constexpr int kHit = 10;
constexpr int kWordStart = 12;
constexpr int kTogether =
    15;  // with the letter before; more than a new word, so that "mark" is found as such
constexpr size_t kMostPattern = 64;

char small_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_word(std::string_view text, size_t at) {
  const auto is_letter = [](char c) {
    return (small_letter(c) >= 'a' && small_letter(c) <= 'z') || (c >= '0' && c <= '9');
  };
  return at == 0 || (is_letter(text[at]) && !is_letter(text[at - 1]));
}

// Blanks of a pattern only part words: "nx st" means what "nxst" does.
std::string without_blanks(std::string_view pattern) {
  std::string out;
  std::copy_if(pattern.begin(), pattern.end(), std::back_inserter(out), [](char c) { return c != ' '; });
  return out;
}

// Best scores with the first i letters placed, the i-th of them at j.
struct Table {
  Table(std::string_view searched, std::string_view wanted)
      : text(searched),
        pattern(wanted),
        scores(pattern.size() * text.size(), kImpossible),
        from(pattern.size() * text.size(), 0) {}

  void fill() {
    for (size_t i = 0; i < pattern.size(); ++i) {
      int best = i == 0 ? 0 : kImpossible;  // of the letters before, anywhere before
      size_t best_at = 0;
      for (size_t j = i; j < text.size(); ++j) {
        if (i > 0 && score(i - 1, j - 1) > best) {
          best = score(i - 1, j - 1);
          best_at = j - 1;
        }
        if (small_letter(text[j]) != small_letter(pattern[i]) || best == kImpossible) {
          continue;
        }
        const int hit = kHit + (starts_word(text, j) ? kWordStart : 0);
        const bool together =
            i > 0 && score(i - 1, j - 1) != kImpossible && score(i - 1, j - 1) + kTogether >= best;
        score(i, j) = hit + (together ? score(i - 1, j - 1) + kTogether : best);
        from[i * text.size() + j] = together ? j - 1 : best_at;
      }
    }
  }
  int& score(size_t i, size_t j) { return scores[i * text.size() + j]; }

  std::string_view text;
  std::string_view pattern;
  std::vector<int> scores;
  std::vector<size_t> from;
};

}  // namespace

std::optional<FuzzyMatch> fuzzy_match(std::string_view text, std::string_view typed) {
  const std::string pattern = without_blanks(typed.substr(0, kMostPattern));
  if (pattern.empty()) {
    return FuzzyMatch();
  }
  if (pattern.size() > text.size()) {
    return std::nullopt;
  }
  Table table(text, pattern);
  table.fill();
  const size_t last = pattern.size() - 1;
  size_t at = 0;
  for (size_t j = 1; j < text.size(); ++j) {
    at = table.score(last, j) > table.score(last, at) ? j : at;
  }
  FuzzyMatch match{table.score(last, at), {}};
  if (match.score <= kImpossible / 2) {
    return std::nullopt;
  }
  for (size_t i = last + 1; i-- > 0;) {
    match.places.push_back(at);
    at = table.from[i * text.size() + at];
  }
  std::reverse(match.places.begin(), match.places.end());
  match.score -= static_cast<int>(match.places.front()) + static_cast<int>(text.size()) / 8;
  return match;
}

}  // namespace stepscope::viewer
