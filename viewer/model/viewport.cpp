// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/viewport.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::viewer {
namespace {
constexpr double kMargin = 0.02;
}

void Viewport::set_bounds(TimeRange bounds) {
  bounds_ = bounds;
  if (bounds_.length() < kMinSpanNs) {
    bounds_.end_ns = bounds_.begin_ns + kMinSpanNs;
  }
  clamp(with_margin());
}

void Viewport::set_width(double pixels) {
  width_ = std::max(1.0, pixels);
}

void Viewport::show(TimeRange range) {
  TimeRange allowed = with_margin();
  allowed.begin_ns = std::min(allowed.begin_ns, visible_.begin_ns);
  allowed.end_ns = std::max(allowed.end_ns, visible_.end_ns);
  visible_ = range;
  clamp(allowed);
}

void Viewport::show_with_margin(TimeRange range, double margin_fraction) {
  const double margin = std::max(range.length(), kMinSpanNs) * margin_fraction;
  show({range.begin_ns - margin, range.end_ns + margin});
}

void Viewport::fit_all() {
  show_with_margin(bounds_, kMargin / 2);
}

void Viewport::zoom_about(double pixel, double factor) {
  const double anchor = to_time(pixel);
  const double span_limit = bounds_.length() * (1 + 2 * kMargin);
  const double span = std::clamp(visible_.length() * factor, kMinSpanNs, span_limit);
  const double begin = anchor - span * (pixel / width_);
  show({begin, begin + span});
}

void Viewport::pan_pixels(double pixels) {
  const double delta = pixels * ns_per_pixel();
  show({visible_.begin_ns + delta, visible_.end_ns + delta});
}

void Viewport::center_on(double t) {
  const double half = visible_.length() / 2;
  show({t - half, t + half});
}

void Viewport::hold(double t, double pixel) {
  const double span = std::clamp(visible_.length(), kMinSpanNs, with_margin().length());
  const double begin = t - span * (pixel / width_);
  visible_ = {begin, begin + span};
}

TimeRange Viewport::with_margin() const {
  const double margin = bounds_.length() * kMargin;
  return {bounds_.begin_ns - margin, bounds_.end_ns + margin};
}

void Viewport::clamp(TimeRange allowed) {
  const double span = std::clamp(visible_.length(), kMinSpanNs, with_margin().length());
  if (visible_.length() != span) {
    const double middle = (visible_.begin_ns + visible_.end_ns) / 2;
    visible_ = {middle - span / 2, middle + span / 2};
  }
  if (visible_.begin_ns < allowed.begin_ns) {
    visible_ = {allowed.begin_ns, allowed.begin_ns + span};
  } else if (visible_.end_ns > allowed.end_ns) {
    visible_ = {allowed.end_ns - span, allowed.end_ns};
  }
}

double tick_step(double ns_per_pixel, double min_pixels) {
  const double wanted = std::max(ns_per_pixel * min_pixels, 1.0);
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  for (const double multiple : {1.0, 2.0, 5.0}) {
    if (power * multiple >= wanted) {
      return power * multiple;
    }
  }
  return power * 10;
}

}  // namespace stepscope::viewer
