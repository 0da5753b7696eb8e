// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/viewport.hpp"

#include <random>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

Viewport over(double length, double width) {
  Viewport view;
  view.set_bounds({0, length});
  view.set_width(width);
  view.fit_all();
  return view;
}

TEST(Viewport, PixelsAndTimesAreEachOthersInverse) {
  Viewport view = over(3e11, 1700);
  view.zoom_about(400, 1e-4);
  for (double pixel = 0; pixel <= 1700; pixel += 17) {
    EXPECT_NEAR(view.to_pixel(view.to_time(pixel)), pixel, 1e-6);
  }
}

TEST(Viewport, ZoomKeepsTheTimeUnderThePointer) {
  std::mt19937_64 random(3);
  Viewport view = over(3e11, 1000);
  for (int i = 0; i < 500; ++i) {
    const double pixel = static_cast<double>(random() % 1000);
    const double at = view.to_time(pixel);
    const double factor = random() % 2 == 0 ? 0.8 : 1.2;
    view.zoom_about(pixel, factor);
    const TimeRange seen = view.visible();
    const bool at_edge =
        seen.begin_ns <= -0.0199 * 3e11 || seen.end_ns >= 1.0199 * 3e11 || seen.length() <= 101;
    if (!at_edge) {
      ASSERT_NEAR(view.to_pixel(at), pixel, 0.01) << i;
    }
  }
}

TEST(Viewport, NeverLeavesItsBoundsNorZoomsBeyondItsLimits) {
  std::mt19937_64 random(4);
  Viewport view = over(1e9, 800);
  for (int i = 0; i < 2000; ++i) {
    view.zoom_about(static_cast<double>(random() % 800), random() % 3 == 0 ? 0.1 : 1.7);
    view.pan_pixels(static_cast<double>(random() % 4000) - 2000);
    const TimeRange seen = view.visible();
    ASSERT_GE(seen.begin_ns, -0.0201e9);
    ASSERT_LE(seen.end_ns, 1.0201e9);
    ASSERT_GE(seen.length(), 99.9);
  }
}

TEST(Viewport, ShowWithMarginMakesBothEndsVisible) {
  Viewport view = over(1e9, 800);
  view.show_with_margin({2e8, 3e8}, 0.1);
  EXPECT_NEAR(view.visible().begin_ns, 1.9e8, 1);
  EXPECT_NEAR(view.visible().end_ns, 3.1e8, 1);
}

TEST(Viewport, TicksAreRoundAndFarEnoughApart) {
  for (double npp = 0.01; npp < 1e9; npp *= 1.37) {
    const double step = tick_step(npp, 100);
    EXPECT_GE(step / npp, 99.999);
    EXPECT_LE(step / npp, std::max(251.0, 1.01 / npp));
    double mantissa = step;
    while (mantissa >= 10) {
      mantissa /= 10;
    }
    EXPECT_TRUE(std::abs(mantissa - 1) < 1e-9 || std::abs(mantissa - 2) < 1e-9 ||
                std::abs(mantissa - 5) < 1e-9 || std::abs(mantissa - 10) < 1e-9)
        << mantissa;
  }
}

}  // namespace
}  // namespace stepscope::viewer
