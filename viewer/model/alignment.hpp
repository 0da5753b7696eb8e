// SPDX-License-Identifier: Apache-2.0
//
// Alignment: puts the times of one or two runs on one axis, "display time" in ns from 0.
//
//   absolute         both runs from their own start; a slower run drifts away within a few steps
//   step start       every pair of steps starts at the same place; the shorter one is followed by a gap
//   step normalised  B's steps are stretched to the width of A's
//   anchor           in every pair of steps one event of each stands at the same place (step_anchor.hpp); a pair in which
//                    either lacks it starts together
//
// Steps are paired by number; what lies between paired steps is treated like a step of its own. The mapping of each
// side is piecewise linear and monotone, held as knots. Constant once made.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "viewer/model/lod.hpp"
#include "viewer/model/run_model.hpp"
#include "viewer/model/step_anchor.hpp"
#include "viewer/model/viewport.hpp"

namespace stepscope::viewer {

enum class AlignMode : uint8_t { kAbsolute, kStepStart, kStepNormalised, kAnchor };

// A pair of steps on screen. index_x: position in that run's `steps`.
struct StepSlot {
  TimeRange display;
  size_t index_a = 0;
  size_t index_b = 0;
  int64_t duration_a = 0;
  int64_t duration_b = 0;
  double origin_ns = 0;  // display time that rulers count from: the steps' start, or the anchor
  [[nodiscard]] int64_t delta() const { return duration_b - duration_a; }
};

class Alignment {
 public:
  Alignment() = default;
  [[nodiscard]] static Alignment single(const RunModel& run);
  // `anchor` is looked at in that mode only; without one it is as step start.
  [[nodiscard]] static Alignment pair(const RunModel& a, const RunModel& b, AlignMode mode,
                                      const StepAnchor* anchor = nullptr);

  [[nodiscard]] TimeRange extent() const { return extent_; }
  // Paired steps, ascending. With one run every step, paired with itself. Display ranges in `absolute` are A's.
  [[nodiscard]] std::span<const StepSlot> slots() const { return slots_; }
  [[nodiscard]] double to_display(Side side, int64_t t) const;
  // The run's time at a display time; inside a gap the end of the shorter step.
  [[nodiscard]] int64_t to_time(Side side, double display) const;
  [[nodiscard]] TimeRange to_display(Side side, int64_t begin_ns, int64_t end_ns) const;
  // The pixel edges of a viewport for one side. Reuses the memory of `map`.
  void fill(Side side, const Viewport& view, PixelMap& map) const;
  // Position in slots() of the slot at a display time, or slots().size().
  [[nodiscard]] size_t slot_at(double display) const;

 private:
  struct Knot {
    double display = 0;
    double time = 0;  // relative to the side's begin, so that doubles stay exact
  };
  void add_segment(AlignMode mode, double length_a, double length_b, bool from_right);

  std::array<std::vector<Knot>, 2> knots_;
  std::array<int64_t, 2> begin_{};
  std::vector<StepSlot> slots_;
  TimeRange extent_{0, 1};
};

}  // namespace stepscope::viewer
