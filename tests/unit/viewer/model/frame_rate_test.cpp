// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/frame_rate.hpp"

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

TEST(FrameRate, ADisplayWithAHostIsReachedThroughANetwork) {
  for (const char* display : {"localhost:10.0", "node7:0", "10.0.0.7:0.0", "[::1]:12"}) {
    EXPECT_TRUE(is_remote_display(display)) << display;
  }
  for (const char* display : {":0", ":99.0", "unix:0", "unix/node7:0", "", "/tmp/launch-x/org.xquartz:0"}) {
    EXPECT_FALSE(is_remote_display(display)) << display;
  }
}

TEST(FrameRate, TheNextFrameWaitsForItsTimeAndNoLonger) {
  FrameRate rate(0.05);
  EXPECT_EQ(rate.wait(0), 0) << "the first one is at once";
  rate.shown(100);
  EXPECT_NEAR(rate.wait(100), 0.05, 1e-9);
  EXPECT_NEAR(rate.wait(100.02), 0.03, 1e-9);
  EXPECT_EQ(rate.wait(100.06), 0);
}

TEST(FrameRate, OnThisMachineNothingWaits) {
  FrameRate rate(0);
  rate.shown(100);
  EXPECT_EQ(rate.wait(100), 0);
}

}  // namespace
}  // namespace stepscope::viewer
