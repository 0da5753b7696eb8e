// SPDX-License-Identifier: Apache-2.0
#include "analyzer/motif_lags.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace stepscope::analysis {
namespace {

constexpr size_t kLagsOfAll = 12;
constexpr size_t kLagsOfUpdates = 4;

uint64_t mixed(uint64_t a, uint64_t b) {
  uint64_t value = (a ^ (b + 0x9E3779B97F4A7C15ULL + (a << 6U) + (a >> 2U))) * 0xBF58476D1CE4E5B9ULL;
  value ^= value >> 29U;
  value *= 0x94D049BB133111EBULL;
  return value ^ (value >> 32U);
}

// Windows of equal content. `lag` is the majority among the distances of neighbours (Boyer and Moore), when there is one.
struct WindowClass {
  uint64_t hash = 0;
  uint32_t last = 0;
  uint32_t count = 0;  // 0: an empty slot
  uint32_t lag = 0;
  uint32_t weight = 0;
};

// Open addressing, at most three quarters full: a node per window would cost much more.
class WindowClasses {
 public:
  explicit WindowClasses(size_t windows)
      : slots_(std::bit_ceil(std::max<size_t>(4, windows + windows / 3))) {}

  void add(uint64_t hash, uint32_t at) {
    const size_t mask = slots_.size() - 1;
    size_t slot = hash & mask;
    while (slots_[slot].count != 0 && slots_[slot].hash != hash) {
      slot = (slot + 1) & mask;
    }
    WindowClass& one = slots_[slot];
    if (one.count != 0) {
      const uint32_t lag = at - one.last;
      if (one.weight == 0) {
        one.lag = lag;
      }
      one.weight = one.lag == lag ? one.weight + 1 : one.weight - 1;
    }
    one.hash = hash;
    one.last = at;
    ++one.count;
  }

  [[nodiscard]] const std::vector<WindowClass>& slots() const { return slots_; }

 private:
  std::vector<WindowClass> slots_;
};

using Votes = std::unordered_map<size_t, size_t>;

void take_most(const Votes& votes, size_t how_many, std::vector<size_t>* lags) {
  std::vector<std::pair<size_t, size_t>> order(votes.begin(), votes.end());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  for (size_t i = 0; i < std::min(how_many, order.size()); ++i) {
    lags->push_back(order[i].first);
  }
}

}  // namespace

std::vector<size_t> candidate_lags(std::span<const MotifItem> items, size_t longest) {
  std::vector<uint64_t> hashes(items.size());
  std::transform(items.begin(), items.end(), hashes.begin(),
                 [](const MotifItem& item) { return mixed(item.symbol, 1); });
  Votes all;
  Votes updates;
  size_t window = 1;
  for (const size_t wanted : {size_t{1}, size_t{8}, size_t{64}}) {
    for (; window < wanted; window *= 2) {  // the hash of a window from those of its halves, in place
      const size_t windows = items.size() >= 2 * window ? items.size() - 2 * window + 1 : 0;
      for (size_t i = 0; i < windows; ++i) {
        hashes[i] = mixed(hashes[i], hashes[i + window]);
      }
      hashes.resize(windows);
    }
    WindowClasses classes(hashes.size());
    for (size_t i = 0; i < hashes.size(); ++i) {
      classes.add(hashes[i], static_cast<uint32_t>(i));
    }
    for (const WindowClass& one : classes.slots()) {
      if (one.count >= 3 && one.weight > 0 && one.lag >= 2 && one.lag <= longest) {
        ++all[one.lag];
        updates[one.lag] += items[one.last].update;
      }
    }
  }
  std::erase_if(updates, [](const auto& entry) { return entry.second == 0; });
  std::vector<size_t> lags;
  take_most(all, kLagsOfAll, &lags);
  take_most(updates, kLagsOfUpdates, &lags);
  std::sort(lags.begin(), lags.end());
  lags.erase(std::unique(lags.begin(), lags.end()), lags.end());
  return lags;
}

}  // namespace stepscope::analysis
