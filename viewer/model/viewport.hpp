// SPDX-License-Identifier: Apache-2.0
//
// Viewport: which stretch of time the timeline shows, and the conversion between time and pixels.
//
// Time is "display time" in ns (see alignment.hpp); doubles hold it to better than a ns for runs of a month.
// Plain value without animation: every change takes effect at once, so that tests and deep links are exact.
#pragma once

#include <cstdint>

namespace stepscope::viewer {

struct TimeRange {
  double begin_ns = 0;
  double end_ns = 0;
  [[nodiscard]] double length() const { return end_ns - begin_ns; }
  [[nodiscard]] bool empty() const { return !(end_ns > begin_ns); }
  [[nodiscard]] bool contains(double t) const { return t >= begin_ns && t < end_ns; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

class Viewport {
 public:
  static constexpr double kMinSpanNs = 100.0;  // further in there is nothing to see: stamps are whole ns

  // The stretch there is to see; the view is clamped to it plus a margin of 2 % on each side (but for hold()).
  void set_bounds(TimeRange bounds);
  void set_width(double pixels);

  void show(TimeRange range);
  // Shows `range` with a margin on both sides, so that its ends are visible.
  void show_with_margin(TimeRange range, double margin_fraction);
  void fit_all();
  // factor < 1 zooms in; the time under `pixel` stays under it unless the bounds forbid it.
  void zoom_about(double pixel, double factor);
  void pan_pixels(double pixels);
  void center_on(double t);
  // Puts time t at this pixel without zooming, even where the view then reaches past its margins: what somebody looks at
  // stays where it is. From there it moves inwards freely and no further out.
  void hold(double t, double pixel);

  [[nodiscard]] TimeRange visible() const { return visible_; }
  [[nodiscard]] TimeRange bounds() const { return bounds_; }
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double ns_per_pixel() const { return visible_.length() / width_; }
  [[nodiscard]] double to_pixel(double t) const { return (t - visible_.begin_ns) / ns_per_pixel(); }
  [[nodiscard]] double to_time(double pixel) const { return visible_.begin_ns + pixel * ns_per_pixel(); }

 private:
  void clamp(TimeRange allowed);
  [[nodiscard]] TimeRange with_margin() const;

  TimeRange bounds_{0, 1e9};
  TimeRange visible_{0, 1e9};
  double width_ = 1;
};

// A round distance between ruler ticks (1, 2 or 5 times a power of ten, in ns) that leaves at least
// `min_pixels` between two of them.
[[nodiscard]] double tick_step(double ns_per_pixel, double min_pixels);

}  // namespace stepscope::viewer
