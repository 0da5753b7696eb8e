// SPDX-License-Identifier: Apache-2.0
#include "analyzer/live_steps.hpp"

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
  EXPECT_EQ(look_at_live_steps(dir.path()).steps, 0U);
  EXPECT_EQ(look_at_live_steps(dir.file("missing")).steps, 0U);
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
  const LiveSteps steps = look_at_live_steps(dir.path());
  EXPECT_EQ(steps.steps, 30U);
  EXPECT_EQ(steps.recent_step_ns, 100);
  EXPECT_EQ(testing::read_bytes(dir.file("main-r0-host-1-2.spool")), before);
  spool.close();
}

}  // namespace
}  // namespace stepscope::analysis
