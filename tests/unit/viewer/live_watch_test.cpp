// SPDX-License-Identifier: Apache-2.0
#include "viewer/live_watch.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/loading.hpp"

namespace stepscope::viewer {
namespace {

TEST(LiveWatch, TellsWhenASpoolComesGrowsAndGoes) {
  const stepscope::testing::TempDir dir;
  const std::string spool = dir.file("main-r0-node0-1-1.spool");
  std::ofstream(spool) << "frame";
  LiveWatch watch(dir.path());
  EXPECT_FALSE(watch.live()) << "nothing was opened";
  watch.opened({spool});
  EXPECT_TRUE(watch.live());
  EXPECT_TRUE(watch.changed()) << "nobody writes it any more";
  EXPECT_FALSE(watch.changed()) << "nothing more since";
  std::ofstream(spool, std::ios::app) << "frame";
  EXPECT_TRUE(watch.changed());
  std::ofstream(dir.file("worker-r0-node0-2-2.spool")) << "frame";
  EXPECT_TRUE(watch.changed());
  std::filesystem::remove(spool);
  EXPECT_TRUE(watch.changed());
}

TEST(LiveWatch, WhatIsWrittenWhileTheRunIsOpenedIsNews) {
  const stepscope::testing::TempDir dir;
  testing::LiveProcess process(dir.path());
  process.push(10);
  LiveWatch watch(dir.path());
  process.push(20);  // behind what the run holds, or not: nobody can tell
  watch.opened({dir.file("main-r0-node0-9-1.spool")});
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
  process.kill();
  EXPECT_TRUE(watch.changed()) << "its end, whoever turns it into a recording";
}

TEST(LiveWatch, ASpoolThatNobodyWritesIsNoNews) {
  const stepscope::testing::TempDir dir;
  std::ofstream(dir.file("a-r0-node0-1-1.spool")) << "damaged, and left where it is";
  std::ofstream(dir.file("b-r0-node0-2-2.spool")) << "finalized while the run is opened";
  LiveWatch watch(dir.path());
  std::filesystem::remove(dir.file("b-r0-node0-2-2.spool"));
  watch.opened({});
  EXPECT_FALSE(watch.live());
  EXPECT_FALSE(watch.changed());
}

TEST(LiveWatch, ARecordingAndAMissingDirectoryAreNotLive) {
  const stepscope::testing::TempDir dir;
  std::ofstream(dir.file("main.stepscope")) << "x";
  for (const std::string& path : {dir.file("main.stepscope"), dir.file("nowhere"), dir.path()}) {
    LiveWatch watch(path);
    watch.opened({});
    EXPECT_FALSE(watch.live());
    EXPECT_FALSE(watch.changed());
  }
}

}  // namespace
}  // namespace stepscope::viewer
