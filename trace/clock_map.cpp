// SPDX-License-Identifier: Apache-2.0
#include "trace/clock_map.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::trace {
namespace {

struct Pair {
  int64_t cupti_ns;
  int64_t raw_ns;
};

int64_t difference(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_sub_overflow(a, b, &result) ? (a > b ? INT64_MAX : INT64_MIN) : result;
}

}  // namespace

ClockMap::ClockMap(std::span<const ClockAnchor> anchors) {
  std::vector<Pair> pairs;
  for (const ClockAnchor& anchor : anchors) {
    pairs.push_back({anchor.cupti_ns != 0 ? anchor.cupti_ns : anchor.realtime_ns, anchor.monotonic_raw_ns});
  }
  // In the order they were taken; a clock that went backwards is a step, not another order.
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.raw_ns < b.raw_ns; });
  size_t kept = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (kept == 0 || difference(pairs[i].raw_ns, pairs[kept - 1].raw_ns) >= kMinSpacingNs) {
      pairs[kept++] = pairs[i];
    }
  }
  pairs.resize(kept);
  for (size_t i = 0; i < pairs.size(); ++i) {
    Piece piece{pairs[i].cupti_ns, pairs[i].raw_ns, 1.0};
    if (i + 1 < pairs.size()) {
      const auto raw = static_cast<double>(difference(pairs[i + 1].raw_ns, pairs[i].raw_ns));
      const auto cupti = static_cast<double>(difference(pairs[i + 1].cupti_ns, pairs[i].cupti_ns));
      if (cupti > 0 && std::abs(raw / cupti - 1.0) <= kMaxSlope) {
        piece.slope = raw / cupti;
      } else if (raw != cupti) {
        ++jumps_;
      }
    } else if (!pieces_.empty()) {
      piece.slope = pieces_.back().slope;
    }
    pieces_.push_back(piece);
  }
  std::stable_sort(pieces_.begin(), pieces_.end(),
                   [](const Piece& a, const Piece& b) { return a.from_ns < b.from_ns; });
}

int64_t ClockMap::to_raw(int64_t cupti_ns) const {
  if (pieces_.empty()) {
    return cupti_ns;
  }
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), cupti_ns,
                                [](int64_t ns, const Piece& p) { return ns < p.from_ns; });
  if (piece != pieces_.begin()) {
    --piece;
  }
  const int64_t since = difference(cupti_ns, piece->from_ns);
  // Whole ns exactly, and only the small correction as a double.
  const auto correction =
      static_cast<int64_t>(std::llround(static_cast<double>(since) * (piece->slope - 1.0)));
  return static_cast<int64_t>(static_cast<uint64_t>(piece->raw_ns) + static_cast<uint64_t>(since) +
                              static_cast<uint64_t>(correction));
}

}  // namespace stepscope::trace
