// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/damage.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

// A picture of `width` columns, every pixel another colour.
std::vector<uint32_t> shades(int width, int height) {
  std::vector<uint32_t> pixels(static_cast<size_t>(width) * static_cast<size_t>(height));
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint32_t>(i);
  }
  return pixels;
}

// How many of the parts hold each pixel.
std::vector<int> covered(const std::vector<PixelRect>& parts, int width, int height) {
  std::vector<int> times(static_cast<size_t>(width) * static_cast<size_t>(height));
  for (const PixelRect& part : parts) {
    for (int y = part.y; y < part.y + part.height; ++y) {
      for (int x = part.x; x < part.x + part.width; ++x) {
        ++times.at(static_cast<size_t>(y * width + x));
      }
    }
  }
  return times;
}

TEST(Damage, EqualPicturesHaveNone) {
  const auto picture = shades(300, 200);
  EXPECT_TRUE(damage(picture, picture, 300).empty());
  EXPECT_TRUE(damage({}, {}, 300).empty());
}

TEST(Damage, AChangedPixelTakesItsNeighbourhoodNotThePicture) {
  const auto before = shades(1920, 1080);
  auto after = before;
  after[500 * 1920 + 700] = 0xFFFFFFFFU;
  const auto parts = damage(before, after, 1920);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_LE(parts[0].width * parts[0].height, 2048);
}

TEST(Damage, AChangedColumnIsOnePart) {
  const auto before = shades(1920, 1080);
  auto after = before;
  for (size_t y = 100; y < 900; ++y) {
    after[y * 1920 + 960] ^= 0xFFU;
  }
  const auto parts = damage(before, after, 1920);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].width, 64);
  EXPECT_GE(parts[0].height, 800);
}

TEST(Damage, EveryChangedPixelIsInOnePartAndPartsLieInsideThePicture) {
  std::mt19937 random(7);
  for (const auto& [width, height] :
       {std::pair(1, 1), std::pair(63, 17), std::pair(64, 16), std::pair(333, 101)}) {
    for (const size_t changes : {size_t{1}, size_t{5}, size_t{200}}) {
      const auto before = shades(width, height);
      auto after = before;
      for (size_t i = 0; i < changes; ++i) {
        after[random() % after.size()] ^= 1U;
      }
      const auto times = covered(damage(before, after, width), width, height);
      for (size_t i = 0; i < times.size(); ++i) {
        ASSERT_LE(times[i], 1) << "two parts overlap";
        ASSERT_GE(times[i], after[i] != before[i] ? 1 : 0) << width << "x" << height << " pixel " << i;
      }
    }
  }
}

TEST(Damage, ManySpotsBecomeOnePart) {
  const auto before = shades(1920, 1080);
  auto after = before;
  for (size_t y = 0; y < 1080; y += 40) {
    for (size_t x = 0; x < 1920; x += 200) {
      after[y * 1920 + x] ^= 1U;
    }
  }
  EXPECT_EQ(damage(before, after, 1920).size(), 1U);
}

}  // namespace
}  // namespace stepscope::viewer
