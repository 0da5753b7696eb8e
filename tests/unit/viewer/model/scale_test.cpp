// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/scale.hpp"

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

TEST(Scale, OnX11TheProgramEnlarges) {
  const InterfaceScale scale = interface_scale(2, 1, 0, 1);
  EXPECT_EQ(scale.unit, 2);
  EXPECT_EQ(scale.density, 1);
}

// Wayland and macOS report the same enlargement twice; it must not count twice.
TEST(Scale, WhereTheFramebufferIsLargerNothingIsLeftToEnlarge) {
  const InterfaceScale scale = interface_scale(2, 2, 0, 1);
  EXPECT_EQ(scale.unit, 1);
  EXPECT_EQ(scale.density, 2) << "letters need the pixels";
}

TEST(Scale, AFractionThatTheFramebufferRoundedUpIsTakenBack) {
  EXPECT_EQ(interface_scale(1.5F, 2, 0, 1).unit, 0.75F);
}

TEST(Scale, WhatTheUserWantsGoesFirstAndLargerTextMultiplies) {
  EXPECT_EQ(interface_scale(2, 1, 1.25F, 1).unit, 1.25F);
  EXPECT_FLOAT_EQ(interface_scale(2, 1, 0, 1.1F).unit, 2.2F);
  EXPECT_FLOAT_EQ(interface_scale(2, 2, 1.25F, 1.1F).unit, 1.375F);
}

TEST(Scale, NonsenseFromTheSystemStaysUsable) {
  EXPECT_EQ(interface_scale(0, 0, 0, 1).unit, 0.75F);
  EXPECT_EQ(interface_scale(100, 1, 0, 1).unit, 4);
}

}  // namespace
}  // namespace stepscope::viewer
