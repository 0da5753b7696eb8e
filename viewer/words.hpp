// SPDX-License-Identifier: Apache-2.0
//
// What tabs, alignments and the like are called in options, links and scripts: one table each, so that a word that one of them
// takes, all of them take.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "viewer/model/alignment.hpp"
#include "viewer/model/delta_map.hpp"
#include "viewer/model/track_layout.hpp"
#include "viewer/options.hpp"

namespace stepscope::viewer {

template <typename T>
struct Word {
  std::string_view text;
  T value;
};

[[nodiscard]] std::span<const Word<Tab>> tab_words();
[[nodiscard]] std::span<const Word<AlignMode>> align_words();
[[nodiscard]] std::span<const Word<Arrangement>> arrangement_words();
[[nodiscard]] std::span<const Word<Shown>> shown_words();
[[nodiscard]] std::span<const Word<Side>> side_words();
[[nodiscard]] std::span<const Word<DeltaMeasure>> delta_words();

// The value of a word of one of the tables; none when it is not in it.
template <typename T>
[[nodiscard]] std::optional<T> value_of(std::span<const Word<T>> words, std::string_view text) {
  for (const Word<T>& word : words) {
    if (word.text == text) {
      return word.value;
    }
  }
  return std::nullopt;
}

// The first word of a value.
template <typename T>
[[nodiscard]] std::string_view word_of(std::span<const Word<T>> words, T value) {
  for (const Word<T>& word : words) {
    if (word.value == value) {
      return word.text;
    }
  }
  return "";
}

// "terms, findings or details", for a sentence on what is expected.
template <typename T>
[[nodiscard]] std::string choices(std::span<const Word<T>> words) {
  std::string all;
  for (size_t i = 0; i < words.size(); ++i) {
    all += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    all += words[i].text;
  }
  return all;
}

}  // namespace stepscope::viewer
