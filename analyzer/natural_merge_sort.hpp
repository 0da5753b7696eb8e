// SPDX-License-Identifier: Apache-2.0
//
// natural_merge_sort: std::sort for what is in order already, but for a few places. Internal to the library.
//
// Recordings deliver events lane by lane and segment by segment, each ascending: finding these runs and merging them
// compares an element a few times where a general sort does so log n times. What has no runs falls back to std::sort.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace stepscope::analysis {

// Sorts by `less`, whose first criterion is `key` (a number), ascending. As with std::sort the order of elements that `less`
// does not tell apart is not defined.
template <typename T, typename Key, typename Less>
void natural_merge_sort(std::vector<T>& values, const Key& key, const Less& less) {
  constexpr size_t kLeastRun = 32;  // elements per run, on average; below it std::sort is faster
  const auto at = [&values](size_t i) { return values.begin() + static_cast<std::ptrdiff_t>(i); };
  const auto by_key = [&key](const T& a, const T& b) { return key(a) < key(b); };
  std::vector<size_t> bounds = {0};  // of the runs
  for (size_t i = 1; i < values.size(); ++i) {
    if (by_key(values[i], values[i - 1])) {
      bounds.push_back(i);
      if (bounds.size() * kLeastRun > values.size()) {
        std::sort(values.begin(), values.end(), less);
        return;
      }
    }
  }
  bounds.push_back(values.size());
  while (bounds.size() > 2) {
    std::vector<size_t> merged = {0};
    size_t run = 0;
    for (; run + 2 < bounds.size(); run += 2) {
      const auto middle = at(bounds[run + 1]);
      // Neighbours overlap little as a rule: what lies before the second run stays where it is.
      const auto first = std::upper_bound(at(bounds[run]), middle, *middle, by_key);
      std::inplace_merge(first, middle, at(bounds[run + 2]), by_key);
      merged.push_back(bounds[run + 2]);
    }
    if (merged.back() != values.size()) {
      merged.push_back(values.size());
    }
    bounds.swap(merged);
  }
  for (size_t begin = 0; begin < values.size();) {
    size_t end = begin + 1;
    while (end < values.size() && key(values[end]) == key(values[begin])) {
      ++end;
    }
    if (end - begin > 1) {
      std::sort(at(begin), at(end), less);
    }
    begin = end;
  }
}

}  // namespace stepscope::analysis
