// SPDX-License-Identifier: Apache-2.0
//
// sort_unless: std::sort for so many items that somebody may wait for it to end.
//
// In place, on one thread, about as fast as std::sort. `cancelled` is looked at every few milliseconds; once it is set the items are left in
// any order and the answer is false. `less` is a strict weak order; not stable.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <span>
#include <utility>

namespace stepscope::viewer {

template <typename Item, typename Less>
bool sort_unless(const std::atomic<bool>& cancelled, std::span<Item> items, const Less& less) {
  constexpr size_t kAtOnce = size_t{1} << 17U;  // 10 ms of std::sort
  constexpr size_t kLook = size_t{1} << 16U;
  while (items.size() > kAtOnce) {
    // 1. Around the median of nine items spread over all: [0, split) <= pivot <= [split, end).
    Item probes[9];
    for (size_t i = 0; i < 9; ++i) {
      probes[i] = items[(items.size() - 1) / 8 * i];
    }
    std::nth_element(probes, probes + 4, probes + 9, less);
    const Item pivot = probes[4];
    size_t low = 0;
    size_t high = items.size();
    for (size_t steps = 0; true; ++low) {
      for (; less(items[low], pivot); ++low) {
      }
      do {
        --high;
      } while (less(pivot, items[high]));
      if (low >= high) {
        break;
      }
      std::swap(items[low], items[high]);
      if (++steps % kLook == 0 && cancelled.load(std::memory_order_relaxed)) {
        return false;
      }
    }
    // 2. The smaller part by a call, the larger one in this loop.
    const size_t split = std::clamp<size_t>(low, 1, items.size() - 1);
    std::span<Item> smaller = items.first(split);
    std::span<Item> larger = items.subspan(split);
    if (smaller.size() > larger.size()) {
      std::swap(smaller, larger);
    }
    if (cancelled.load(std::memory_order_relaxed) || !sort_unless(cancelled, smaller, less)) {
      return false;
    }
    items = larger;
  }
  std::sort(items.begin(), items.end(), less);
  return !cancelled.load(std::memory_order_relaxed);
}

}  // namespace stepscope::viewer
