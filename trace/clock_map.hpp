// SPDX-License-Identifier: Apache-2.0
//
// ClockMap: from the clock that stamped a GPU's events to CLOCK_MONOTONIC_RAW, by the anchors of a spool.
//
// Piecewise linear between anchors at least kMinSpacingNs apart (closer ones would turn the noise of reading clocks into a
// slope), so that NTP may slew the wall clock as it likes; before the first and
// after the last anchor the slope of the nearest piece goes on. A piece whose two clocks disagree by more than
// kMaxSlope (the wall clock was stepped) keeps slope 1 from its earlier anchor; jumps() counts them.
// An anchor without a reading of CUPTI's clock stands for its CLOCK_REALTIME, which is the clock CUPTI uses on Linux.
// Without any anchor times stay as they are. Immutable after construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trace/spool_reader.hpp"

namespace stepscope::trace {

class ClockMap {
 public:
  // NTP slews by at most 500 ppm; beyond this it was a step.
  static constexpr double kMaxSlope = 0.002;
  static constexpr int64_t kMinSpacingNs = 200'000'000;

  ClockMap() = default;
  explicit ClockMap(std::span<const ClockAnchor> anchors);

  [[nodiscard]] int64_t to_raw(int64_t cupti_ns) const;
  [[nodiscard]] uint64_t jumps() const { return jumps_; }

 private:
  struct Piece {
    int64_t from_ns;  // CUPTI's clock
    int64_t raw_ns;
    double slope;  // raw ns per CUPTI ns
  };
  std::vector<Piece> pieces_;  // ascending by from_ns
  uint64_t jumps_ = 0;
};

}  // namespace stepscope::trace
