// SPDX-License-Identifier: Apache-2.0
//
// RunSet: some of N observations, as bits: how many two sets share costs N / 64 operations. Sets that meet have the same N.
// Internal to analyzer/fleet.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stepscope::analysis {

class RunSet {
 public:
  RunSet() = default;
  explicit RunSet(size_t size) : words_((size + kBits - 1) / kBits) {}

  void add(size_t index) { words_[index / kBits] |= uint64_t{1} << (index % kBits); }
  [[nodiscard]] bool has(size_t index) const { return (words_[index / kBits] >> (index % kBits) & 1) != 0; }

  [[nodiscard]] size_t count() const {
    size_t sum = 0;
    for (const uint64_t word : words_) {
      sum += static_cast<size_t>(std::popcount(word));
    }
    return sum;
  }
  [[nodiscard]] size_t count_common(const RunSet& other) const {
    size_t sum = 0;
    for (size_t i = 0; i < words_.size(); ++i) {
      sum += static_cast<size_t>(std::popcount(words_[i] & other.words_[i]));
    }
    return sum;
  }
  [[nodiscard]] RunSet common(const RunSet& other) const {
    RunSet out(*this);
    for (size_t i = 0; i < words_.size(); ++i) {
      out.words_[i] &= other.words_[i];
    }
    return out;
  }
  [[nodiscard]] RunSet without(const RunSet& other) const {
    RunSet out(*this);
    for (size_t i = 0; i < words_.size(); ++i) {
      out.words_[i] &= ~other.words_[i];
    }
    return out;
  }
  // Ascending.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        visit(i * kBits + static_cast<size_t>(std::countr_zero(rest)));
      }
    }
  }

 private:
  static constexpr size_t kBits = 64;
  std::vector<uint64_t> words_;
};

}  // namespace stepscope::analysis
