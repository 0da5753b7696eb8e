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
// Steps are paired by number, in the order of both runs, as many as there can be; what lies between paired steps is treated like a step of its own. The mapping of each
// side is piecewise linear and monotone, held as knots. Constant once made.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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

// A moment of a run, finer than a ns: zoomed in all the way a pixel is a tenth of one.
struct Moment {
  Side side = Side::kA;
  int64_t whole_ns = 0;  // on the run's own timeline
  double part_ns = 0;    // what is beyond
};

class Alignment {
 public:
  Alignment() = default;
  [[nodiscard]] static Alignment single(const RunModel& run);
  // `anchors` are looked at in that mode only; without them it is as step start, steps that they say nothing of too.
  [[nodiscard]] static Alignment pair(const RunModel& a, const RunModel& b, AlignMode mode,
                                      const AnchorOffsets* anchors = nullptr);

  [[nodiscard]] TimeRange extent() const { return extent_; }
  // Paired steps, ascending. With one run every step, paired with itself. Display ranges in `absolute` are A's.
  [[nodiscard]] std::span<const StepSlot> slots() const { return slots_; }
  [[nodiscard]] double to_display(Side side, int64_t t) const;
  // The run's time at a display time; inside a gap the end of the shorter step.
  [[nodiscard]] int64_t to_time(Side side, double display) const;
  [[nodiscard]] TimeRange to_display(Side side, int64_t begin_ns, int64_t end_ns) const;
  // The same without rounding to ns: to_display(moment_at(side, display)) is `display` wherever this side shows time.
  [[nodiscard]] Moment moment_at(Side side, double display) const;
  [[nodiscard]] double to_display(const Moment& moment) const;
  // Where this side shows no time around a display time, because a step of the other run lasts longer.
  [[nodiscard]] std::optional<TimeRange> gap_at(Side side, double display) const;
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
  [[nodiscard]] double display_of(Side side, double time) const;
  [[nodiscard]] double time_of(Side side, double display) const;

  std::array<std::vector<Knot>, 2> knots_;
  std::array<int64_t, 2> begin_{};
  std::vector<StepSlot> slots_;
  TimeRange extent_{0, 1};
};

}  // namespace stepscope::viewer
