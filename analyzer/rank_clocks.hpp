// SPDX-License-Identifier: Apache-2.0
//
// fit_rank_clocks: how the clocks of the ranks of a job stand to each other, from when they left the collectives they share.
//
// Ranks leave an all-reduce within microseconds of each other, however late one of them came. So the difference of two ranks'
// end times, over many collectives, is the difference of their clocks: an offset and a drift, fitted robustly (median of the
// slopes between collectives half a run apart, then median of what is left), so that up to a quarter of the collectives may
// be wrong. The first rank is the measure; each other is fitted against the rank, known by then, with which it shares most
// collectives (ties: the lower one). The wall clocks that placed the hosts on one timeline need not be right.
//
// Limits. What a link makes one rank leave later every time looks like an offset: ends are 10 to 25 us apart on NVLink pairs.
// Sends, broadcasts and reduces, whose root or sender can leave early, are taken only between ranks that share nothing else;
// then messages that fit into NCCL's buffers bias the offset by as much as the receiver is late. Outside the span of
// the collectives the fit is extrapolated. A clock that jumps is not followed: the residual shows it.
//
// Pure function; deterministic. Internal to the library.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analyzer/rank_collectives.hpp"

namespace stepscope::analysis {

struct RankClock {
  double offset_ns = 0;    // how far this clock is ahead of the first rank's at `origin_ns`
  double drift = 0;        // and what it gains per ns from there; parts, not ppm
  int64_t origin_ns = 0;   // by this rank's clock
  size_t collectives = 0;  // that it was fitted to
  int64_t residual_ns =
      0;  // 95 % of their ends lie within this of the fit, all fits on the way to the first rank added up

  // From this rank's time on the run's timeline to the first rank's. Order is kept.
  [[nodiscard]] int64_t to_first(int64_t ns) const;
  // And back, but for a rounding of 1 ns.
  [[nodiscard]] int64_t from_first(int64_t ns) const;
};

// One per rank; nothing when some rank shares fewer than kFewestShared collectives with all that are known.
inline constexpr size_t kFewestShared = 8;
[[nodiscard]] std::optional<std::vector<RankClock>> fit_rank_clocks(const Meetings& meetings, size_t ranks);

}  // namespace stepscope::analysis
