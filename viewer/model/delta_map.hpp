// SPDX-License-Identifier: Apache-2.0
//
// Delta map: what changed on every lane in every step: rows are tracks (a lane of A with its counterpart of B), columns
// the steps that both runs have, a cell the time of B less that of A.
//
//   busy      something ran on the lane
//   exposed   the lane communicated while nothing of its process computed: communication less compute, both as unions
//   idle      the rest of the step
//
// All in ns per step, as unions clipped to the step (busy_time.hpp). A run that lacks the lane has 0 of everything, so that
// a lane that is new or gone shows whole. Made once when both runs are loaded, on as many threads as there are cores,
// then constant; indices are those of Tracks::tracks and Alignment::slots().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "viewer/model/alignment.hpp"
#include "viewer/model/track_layout.hpp"

namespace stepscope::viewer {

enum class DeltaMeasure : uint8_t { kBusy, kExposed, kIdle };
inline constexpr size_t kDeltaMeasures = 3;

struct DeltaCell {
  size_t row = 0;
  size_t column = 0;
  double delta_ns = 0;
};

// [first, last)
struct IndexRange {
  size_t first = 0;
  size_t last = 0;
};

class DeltaMap {
 public:
  // `cancelled` is asked now and then, from any thread; a map whose making was cancelled is empty.
  [[nodiscard]] static DeltaMap make(const RunModel& a, const RunModel& b, const Tracks& tracks,
                                     std::span<const StepSlot> slots,
                                     const std::function<bool()>& cancelled = {});

  [[nodiscard]] bool empty() const { return rows_ == 0 || columns_ == 0; }
  [[nodiscard]] size_t rows() const { return rows_; }
  [[nodiscard]] size_t columns() const { return columns_; }

  // To 1 part in 10 million.
  [[nodiscard]] double value_ns(Side side, DeltaMeasure measure, size_t row, size_t column) const;
  [[nodiscard]] double delta_ns(DeltaMeasure measure, size_t row, size_t column) const {
    return value_ns(Side::kB, measure, row, column) - value_ns(Side::kA, measure, row, column);
  }
  // The cell of largest |delta| among these: what one pixel shows that stands for several. Both ranges hold something.
  [[nodiscard]] DeltaCell strongest(DeltaMeasure measure, IndexRange rows, IndexRange columns) const;
  // The delta that takes the full colour: a round number that 99 of 100 cells that changed stay below. Of train steps,
  // lest one checkpoint pale everything else; of all where there are none. At least 1 us.
  [[nodiscard]] double scale_ns(DeltaMeasure measure) const {
    return scale_ns_.at(static_cast<size_t>(measure));
  }

 private:
  struct SideTimes {
    std::vector<float> busy;     // [row * columns + column]
    std::vector<float> exposed;  //
    std::vector<float> step;     // by column
    std::vector<uint8_t> there;  // by row: this run has the lane
  };
  class Maker;
  [[nodiscard]] double scale_of(DeltaMeasure measure, const std::vector<uint8_t>& train) const;

  size_t rows_ = 0;
  size_t columns_ = 0;
  std::array<SideTimes, 2> sides_;
  std::array<double, kDeltaMeasures> scale_ns_{};
};

}  // namespace stepscope::viewer
