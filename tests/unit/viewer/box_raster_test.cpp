// SPDX-License-Identifier: Apache-2.0
#include "viewer/box_raster.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

constexpr Color kRed{255, 0, 0, 255};
constexpr Color kBlue{0, 0, 255, 128};

BoxRaster raster_of(const std::vector<Box>& boxes) {
  BoxRaster raster;
  raster.x = 10;
  raster.y = 20;
  raster.width = 8;
  raster.height = 4;
  rasterise(boxes, raster);
  return raster;
}

size_t painted(const BoxRaster& raster) {
  return static_cast<size_t>(
      std::count_if(raster.pixels.begin(), raster.pixels.end(), [](uint32_t pixel) { return pixel != 0; }));
}

TEST(BoxRaster, APixelIsPaintedWhenItsCentreIsInTheBox) {
  const BoxRaster raster = raster_of({{11.5F, 21, 13.49F, 22, kRed}});
  EXPECT_EQ(painted(raster), 2U) << "from the centre of 11 on, and not the centre of 13";
  EXPECT_EQ(raster.pixels[8 + 1], 0xFF0000FFU) << "bytes are red, green, blue, alpha";
  EXPECT_EQ(raster.pixels[8 + 2], 0xFF0000FFU);
}

TEST(BoxRaster, WhatIsThinnerThanAPixelAndHoldsNoCentreIsNotSeen) {
  EXPECT_EQ(painted(raster_of({{11.6F, 21, 12.4F, 22, kRed}})), 0U);
  EXPECT_EQ(painted(raster_of({{12, 21, 11, 22, kRed}})), 0U) << "nor what ends before it begins";
}

TEST(BoxRaster, BoxesAreCutAtTheEdgesAndLaterOnesReplaceEarlierOnes) {
  const BoxRaster raster = raster_of({{-100, -100, 1000, 1000, kRed}, {17, 23, 99, 99, kBlue}});
  EXPECT_EQ(painted(raster), 32U);
  EXPECT_EQ(raster.pixels[0], 0xFF0000FFU);
  EXPECT_EQ(raster.pixels[31], 0x80FF0000U);
  EXPECT_EQ(painted(raster_of({{100, 100, 200, 200, kRed}})), 0U);
}

}  // namespace
}  // namespace stepscope::viewer
