// SPDX-License-Identifier: Apache-2.0
//
// Many boxes are drawn as one picture: it must be the picture that the boxes make.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gui/picture.hpp"

namespace stepscope::viewer {
namespace {

TEST(PixelSheet, APictureOfBoxesLooksAsTheBoxesDo) {
  if (run("xvfb-run --help").code != 0) {
    GTEST_SKIP() << "xvfb-run is absent (Debian package xvfb): pictures cannot be drawn here";
  }
  const Outcome outcome = run_in_xvfb(STEPSCOPE_DRAW_BOXES);
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  for (const std::string scene : {"bars", "dots on any ground"}) {
    EXPECT_THAT(outcome.output,
                testing::ContainsRegex("window and file, " + scene + ": 0 of [1-9][0-9]+ pixels differ"));
  }
  for (const std::string scene :
       {"bars", "events", "events of another time", "dots", "dots on any ground", "bars on any ground"}) {
    EXPECT_THAT(outcome.output,
                testing::ContainsRegex(scene + ": a picture, 0 of [1-9][0-9]+ pixels differ"));
  }
}

}  // namespace
}  // namespace stepscope::viewer
