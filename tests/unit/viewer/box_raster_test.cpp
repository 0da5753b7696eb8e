// SPDX-License-Identifier: Apache-2.0
#include "viewer/box_raster.hpp"

#include <algorithm>
#include <random>
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

// The whole picture, as it is drawn from what is kept.
std::vector<uint32_t> picture(const BoxRaster& raster) {
  std::vector<uint32_t> all(static_cast<size_t>(raster.width * raster.height), 0);
  for (const BoxRaster::Block& block : raster.blocks) {
    for (int row = block.first; row < block.last; ++row) {
      const int kept = block.kept_first + (block.alike ? 0 : row - block.first);
      std::copy_n(raster.pixels.begin() + kept * raster.width, raster.width,
                  all.begin() + row * raster.width);
    }
  }
  return all;
}

size_t painted(const BoxRaster& raster) {
  const std::vector<uint32_t> all = picture(raster);
  return static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [](uint32_t pixel) { return pixel != 0; }));
}

TEST(BoxRaster, APixelIsPaintedWhenItsCentreIsInTheBox) {
  const BoxRaster raster = raster_of({{11.5F, 21, 13.49F, 22, kRed}});
  EXPECT_EQ(painted(raster), 2U) << "from the centre of 11 on, and not the centre of 13";
  EXPECT_EQ(picture(raster)[8 + 1], 0xFFFF0000U) << "bytes are blue, green, red, alpha";
  EXPECT_EQ(picture(raster)[8 + 2], 0xFFFF0000U);
}

TEST(BoxRaster, WhatIsThinnerThanAPixelAndHoldsNoCentreIsNotSeen) {
  EXPECT_EQ(painted(raster_of({{11.6F, 21, 12.4F, 22, kRed}})), 0U);
  EXPECT_EQ(painted(raster_of({{12, 21, 11, 22, kRed}})), 0U) << "nor what ends before it begins";
}

TEST(BoxRaster, BoxesAreCutAtTheEdgesAndLaterOnesReplaceEarlierOnes) {
  const BoxRaster raster = raster_of({{-100, -100, 1000, 1000, kRed}, {17, 23, 99, 99, kBlue}});
  EXPECT_EQ(painted(raster), 32U);
  EXPECT_EQ(picture(raster)[0], 0xFFFF0000U);
  EXPECT_EQ(picture(raster)[31], 0x800000FFU);
  EXPECT_EQ(painted(raster_of({{100, 100, 200, 200, kRed}})), 0U);
}

TEST(BoxRaster, RowsThatAreAlikeAreKeptOnce) {
  BoxRaster raster;
  raster.width = 100;
  raster.height = 60;
  // Two lanes of 18 rows, of which the second has a box that is less tall, and nothing between them.
  rasterise(
      std::vector<Box>{
          {0, 2, 30, 20, kRed}, {40, 2, 90, 20, kBlue}, {0, 30, 50, 48, kRed}, {60, 45, 70, 48, kBlue}},
      raster);
  ASSERT_EQ(raster.blocks.size(), 3U);
  EXPECT_TRUE(raster.blocks[0].alike);
  EXPECT_EQ(raster.blocks[0].first, 2);
  EXPECT_EQ(raster.blocks[0].last, 20);
  EXPECT_TRUE(raster.blocks[1].alike);
  EXPECT_EQ(raster.blocks[1].last, 45);
  EXPECT_FALSE(raster.blocks[2].alike) << "three rows are too few to be worth a rectangle of their own";
  EXPECT_EQ(raster.blocks[2].last, 48);
  EXPECT_EQ(raster.pixels.size(), 100U * (1 + 1 + 3));
}

TEST(BoxRaster, TranslucentBoxesAreMixedWithAGroundThatIsKnown) {
  BoxRaster raster;
  raster.width = 4;
  raster.height = 2;
  raster.ground = {100, 100, 100, 255};
  rasterise(std::vector<Box>{{1, 0, 2, 2, {200, 100, 0, 128}}}, raster);
  EXPECT_EQ(picture(raster)[0], 0xFF646464U) << "where no box is, the ground";
  EXPECT_EQ(picture(raster)[1], 0xFF966432U) << "half way from ground to box, and nothing shines through";
}

// Many boxes are painted by several threads, each its columns.
TEST(BoxRaster, ManyBoxesMakeThePictureThatTheyMakeOneAfterTheOther) {
  std::mt19937 random(11);
  std::vector<Box> boxes;
  for (int i = 0; i < 20'000; ++i) {
    const auto x = static_cast<float>(random() % 400);
    const auto y = static_cast<float>(random() % 150);
    const auto wide = static_cast<float>(random() % 5 + (i % 1000 == 0 ? 150 : 0));
    boxes.push_back({x,
                     y,
                     x + wide,
                     y + static_cast<float>(random() % 20),
                     {static_cast<uint8_t>(random()), static_cast<uint8_t>(random()), 7, 255}});
  }
  BoxRaster raster;
  raster.x = 20;
  raster.y = 10;
  raster.width = 333;
  raster.height = 120;
  rasterise(boxes, raster);
  std::vector<uint32_t> expected(static_cast<size_t>(raster.width * raster.height), 0);
  for (const Box& box : boxes) {
    for (int y = std::max(0, static_cast<int>(box.y0) - 10); y < std::min(120, static_cast<int>(box.y1) - 10);
         ++y) {
      for (int x = std::max(0, static_cast<int>(box.x0) - 20);
           x < std::min(333, static_cast<int>(box.x1) - 20); ++x) {
        expected[static_cast<size_t>(y * 333 + x)] =
            0xFF000000U | (uint32_t{box.color.r} << 16U) | (uint32_t{box.color.g} << 8U) | 7U;
      }
    }
  }
  EXPECT_TRUE(picture(raster) == expected);
  rasterise({boxes.data(), 3}, raster);  // memory of a larger picture leaves nothing behind
  EXPECT_LE(painted(raster), 3U * 155 * 20);
}

}  // namespace
}  // namespace stepscope::viewer
