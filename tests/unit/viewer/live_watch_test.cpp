// SPDX-License-Identifier: Apache-2.0
#include "viewer/live_watch.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::viewer {
namespace {

TEST(LiveWatch, TellsWhenASpoolComesGrowsAndGoes) {
  const stepscope::testing::TempDir dir;
  const std::string spool = dir.file("main-r0-node0-1-1.spool");
  LiveWatch watch({dir.path(), ""});
  EXPECT_FALSE(watch.live());
  EXPECT_FALSE(watch.changed());
  std::ofstream(spool) << "frame";
  EXPECT_TRUE(watch.changed());
  EXPECT_TRUE(watch.live());
  EXPECT_FALSE(watch.changed()) << "nothing more since";
  std::ofstream(spool, std::ios::app) << "frame";
  EXPECT_TRUE(watch.changed());
  std::filesystem::remove(spool);
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.live());
}

TEST(LiveWatch, ARecordingAndAMissingDirectoryAreNotLive) {
  const stepscope::testing::TempDir dir;
  std::ofstream(dir.file("main.stepscope")) << "x";
  const LiveWatch watch({dir.file("main.stepscope"), dir.file("nowhere"), dir.path()});
  EXPECT_FALSE(watch.live());
}

}  // namespace
}  // namespace stepscope::viewer
