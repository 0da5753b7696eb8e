// SPDX-License-Identifier: Apache-2.0
//
// Durations: how long the chosen events of one or two runs take: statistics, counts per bin over bins that both runs share,
// and the longest events. Two passes over the events, no copy of them: 10 M take some tens of ms.
//
// count, total, min, max are exact; median and 99th percentile (nearest rank) to 1 part in 8 million. Bins: equally long where
// the longest duration is less than 8 times the shortest, else 128 to each doubling.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "viewer/model/event_filter.hpp"

namespace stepscope::viewer {

struct DurationStats {
  uint64_t count = 0;
  int64_t total_ns = 0;
  int64_t min_ns = 0;
  int64_t max_ns = 0;
  int64_t median_ns = 0;
  int64_t p99_ns = 0;
  [[nodiscard]] double mean_ns() const {
    return count > 0 ? static_cast<double>(total_ns) / static_cast<double>(count) : 0;
  }
};

// Durations looked at: low <= d <= high.
struct DurationRange {
  int64_t low_ns = 0;
  int64_t high_ns = std::numeric_limits<int64_t>::max();
  friend bool operator==(const DurationRange&, const DurationRange&) = default;
};

struct LongEvent {
  EventRef ref;
  int64_t duration_ns = 0;
};

struct DurationReport {
  std::array<DurationStats, 2> stats;           // by Side
  std::vector<double> edges;                    // ns, ascending; one more than bins; empty without events
  std::array<std::vector<uint64_t>, 2> counts;  // by Side, per bin
  std::vector<LongEvent> longest;               // of both runs, longest first
};

inline constexpr size_t kLongestEvents = 500;

// runs[s] null: that side has none. A cancelled report is meaningless. Lanes are counted on all cores (parallel_for); the report does
// not depend on how many there are.
[[nodiscard]] DurationReport measure_durations(const std::array<const RunModel*, 2>& runs,
                                               const std::array<EventFilter, 2>& filters,
                                               const DurationRange& within,
                                               const std::atomic<bool>& cancelled);

// Counts per bin spread over `columns` equal parts of [low, high], by overlap; `logarithmic`: equal in the logarithm.
// The sum is that of the bins inside.
[[nodiscard]] std::vector<double> spread_over(std::span<const double> edges, std::span<const uint64_t> counts,
                                              double low, double high, size_t columns, bool logarithmic);

}  // namespace stepscope::viewer
