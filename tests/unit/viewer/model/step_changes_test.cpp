// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/step_changes.hpp"

#include <random>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

// Steps of 30 ms with 1 % of noise, and B longer by `shift` from `from` on.
StepStrip shifted(size_t steps, size_t from, int64_t shift) {
  std::mt19937_64 random(17);
  std::normal_distribution<double> noise(0, 300'000);
  StepStrip strip;
  strip.median_a_ns = 30e6;
  for (size_t i = 0; i < steps; ++i) {
    StepBar bar;
    bar.slot = i;
    bar.a_ns = 30'000'000 + static_cast<int64_t>(noise(random));
    bar.b_ns = 30'000'000 + static_cast<int64_t>(noise(random)) + (i >= from ? shift : 0);
    strip.bars.push_back(bar);
  }
  return strip;
}

TEST(StepChanges, AShiftOfBIsFoundWhereItBegins) {
  const auto changes = find_step_changes(shifted(120, 70, 3'000'000), true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].bar, 70U);
  EXPECT_NEAR(changes[0].delta_ns(), 3e6, 0.3e6);
}

TEST(StepChanges, WhatIsNoTrainingIsNotLookedAt) {
  StepStrip strip = shifted(120, 70, 3'000'000);
  for (size_t i = 60; i < 120; i += 10) {
    strip.bars[i].train = false;
    strip.bars[i].b_ns = 5'000'000'000;
  }
  const auto changes = find_step_changes(strip, true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].bar, 71U) << "step 70 is no train step";
}

TEST(StepChanges, OfThousandsOfStepsThePlaceIsOffByAFew) {
  const auto changes = find_step_changes(shifted(4000, 2500, 2'000'000), true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_NEAR(static_cast<double>(changes[0].bar), 2500, 8);
}

TEST(StepChanges, NoiseAndShiftsTooSmallToMatterAreNone) {
  EXPECT_TRUE(find_step_changes(shifted(120, 0, 3'000'000), true).empty()) << "from the first step on";
  EXPECT_TRUE(find_step_changes(shifted(400, 200, 150'000), true).empty()) << "half a percent";
  EXPECT_TRUE(find_step_changes(shifted(120, 70, 3'000'000), false).empty()) << "A alone has none";
  EXPECT_TRUE(find_step_changes(StepStrip(), true).empty());
}

}  // namespace
}  // namespace stepscope::viewer
