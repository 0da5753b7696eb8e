// SPDX-License-Identifier: Apache-2.0
#include "analyzer/step_window.hpp"

#include <gtest/gtest.h>

#include "analyzer/ledger.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

using testing::TempDir;
using testing::write_job;

constexpr const char* kJob =
    "steps=40 workers=2 fetch.cpu=12ms ranges=1 steps_by=api checkpoint.every=10 checkpoint=9ms";

Run open(const std::string& path) {
  return std::move(Run::open(path, {}).value());
}

TEST(StepWindow, KeepsTheStepsThatWereAskedFor) {
  const TempDir dir;
  write_job(dir.file("run"), kJob);
  const Result<WindowResult> kept = keep_step_window(dir.file("run"), {10, 19});
  ASSERT_TRUE(kept.ok()) << kept.status().message();
  EXPECT_EQ(kept.value().steps, 10U);
  EXPECT_GT(kept.value().dropped, 0U);
  const auto run = open(dir.file("run"));
  const Steps steps = find_steps(run, {}).value();
  ASSERT_EQ(steps.total(), 10U);
  EXPECT_EQ(steps.processes[0].steps.front().number, 10);
  EXPECT_EQ(steps.processes[0].steps.back().number, 19);
}

TEST(StepWindow, TheLedgerOfAKeptStepStaysAsItWas) {
  const TempDir dir;
  write_job(dir.file("whole"), kJob);
  write_job(dir.file("part"), kJob);
  ASSERT_TRUE(keep_step_window(dir.file("part"), {10, 19}).ok());
  const auto whole = open(dir.file("whole"));
  const auto part = open(dir.file("part"));
  const Ledger all = build_ledger(whole, {}).value();
  const Ledger some = build_ledger(part, {}).value();
  const size_t first = 10;
  for (size_t step = 0; step < 10; ++step) {
    for (size_t leaf = 0; leaf < some.leaves.size(); ++leaf) {
      const size_t same = all.leaf_index(some.leaves[leaf]);
      ASSERT_LT(same, all.leaves.size());
      EXPECT_EQ(some.row(some.processes[0], step)[leaf], all.row(all.processes[0], first + step)[same])
          << some.leaves[leaf] << " of step " << first + step;
    }
  }
}

TEST(StepWindow, KeepsWhatTheRecordingSaysAboutItself) {
  const TempDir dir;
  write_job(dir.file("run"), kJob);
  const auto before = open(dir.file("run")).processes()[0].meta;
  ASSERT_TRUE(keep_step_window(dir.file("run"), {5, 6}).ok());
  const auto run = open(dir.file("run"));
  EXPECT_EQ(run.processes()[0].meta, before);
  for (uint32_t process = 0; process < run.processes().size(); ++process) {
    EXPECT_TRUE(run.verify(process).ok());
  }
}

TEST(StepWindow, OneThatIsNeverReachedChangesNothing) {
  const TempDir dir;
  write_job(dir.file("run"), kJob);
  const Result<WindowResult> kept = keep_step_window(dir.file("run"), {100, 200});
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept.value().steps, 0U);
  EXPECT_EQ(find_steps(open(dir.file("run")), {}).value().total(), 39U);
}

TEST(StepWindow, AMissingRunIsAnError) {
  EXPECT_EQ(keep_step_window("/no/such/run", {0, 1}).status().code(), Code::kUnreadable);
}

}  // namespace
}  // namespace stepscope::analysis
