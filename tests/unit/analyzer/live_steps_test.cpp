// SPDX-License-Identifier: Apache-2.0
#include "analyzer/live_steps.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::analysis {
namespace {

using testing::TempDir;
using trace::Spool;

constexpr int64_t kApi = 1;
constexpr int64_t kOptimizerHook = 3;

void push_step(Spool& spool, trace::Ring* ring, int64_t start_ns, int64_t source) {
  const int64_t values[] = {start_ns, 0, source, 0, 0};
  ASSERT_TRUE(spool.push(ring, Kind::kStep, 0, values, 5));
}

TEST(LiveSteps, AnEmptyOrMissingDirectoryHasNone) {
  const TempDir dir;
  EXPECT_EQ(LiveStepsWatch(dir.path()).look().steps, 0U);
  EXPECT_EQ(LiveStepsWatch(dir.file("missing")).look().steps, 0U);
}

TEST(LiveSteps, CountsFinishedStepsOfARunningProcessAndLeavesItsFilesAlone) {
  const TempDir dir;
  static Spool spool;
  ASSERT_EQ(spool.open(dir.path().c_str(), "main-r0-host-1-2"), 0);
  trace::Ring* ring = spool.acquire_ring(1, "main", 1 << 16);
  ASSERT_NE(ring, nullptr);
  for (int64_t i = 0; i <= 30; ++i) {
    push_step(spool, ring, 1000 + i * (i < 15 ? 500 : 100), kApi);
    push_step(spool, ring, 1000 + i * 7, kOptimizerHook);  // less trusted: not counted beside the other
  }
  static_cast<void>(spool.drain());
  testing::write_bytes(dir.file("garbage.spool"), "x");
  const std::string before = testing::read_bytes(dir.file("main-r0-host-1-2.spool"));
  const LiveSteps steps = LiveStepsWatch(dir.path()).look();
  EXPECT_EQ(steps.steps, 30U);
  EXPECT_EQ(steps.recent_step_ns, 100);
  EXPECT_EQ(testing::read_bytes(dir.file("main-r0-host-1-2.spool")), before);
  spool.close();
}

// A long job is looked at every second: a look must not read what the looks before it have read.
TEST(LiveSteps, ALaterLookReadsOnlyWhatIsNew) {
  const TempDir dir;
  static Spool spool;
  ASSERT_EQ(spool.open(dir.path().c_str(), "main-r0-host-1-3"), 0);
  trace::Ring* ring = spool.acquire_ring(1, "main", 1 << 16);
  ASSERT_NE(ring, nullptr);
  LiveStepsWatch watch(dir.path());
  EXPECT_EQ(watch.look().steps, 0U);
  for (int64_t i = 0; i <= 30; ++i) {
    push_step(spool, ring, 1000 + i * 100, kApi);
  }
  static_cast<void>(spool.drain());
  EXPECT_EQ(watch.look().steps, 30U);
  EXPECT_EQ(watch.look().steps, 30U) << "nothing counts twice";

  // What was read lies in pieces now; the next look does not notice.
  std::fstream file(dir.file("main-r0-host-1-3.spool"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto end = static_cast<size_t>(file.tellg());
  ASSERT_GT(end, 200U);
  file.seekp(128);
  file << std::string(end - 128, 'x');
  file.close();
  for (int64_t i = 31; i <= 60; ++i) {
    push_step(spool, ring, 1000 + 30 * 100 + (i - 30) * 70, kApi);
  }
  static_cast<void>(spool.drain());
  const LiveSteps steps = watch.look();
  EXPECT_EQ(steps.steps, 60U);
  EXPECT_EQ(steps.recent_step_ns, 70);
  EXPECT_EQ(LiveStepsWatch(dir.path()).look().steps, 29U)
      << "a new watch reads from the start, where nothing is left";
  spool.close();
}

}  // namespace
}  // namespace stepscope::analysis
