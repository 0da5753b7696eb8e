// SPDX-License-Identifier: Apache-2.0
//
// What is read from the recordings of a simulated job is what was simulated.
#include "tests/scenarios/generator/recording.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"
#include "tests/scenarios/generator/simulation.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::scenarios {
namespace {

constexpr uint64_t kSeed = 11;

// Four ranks on two hosts, with loader workers.
Job job_on_two_hosts() {
  Job job;
  job.layers = 2;
  job.steps = 8;
  job.ranks = 4;
  return job;
}

TEST(Recording, HasTheStepsOfEachRankByTheClockOfItsHost) {
  const testing::TempDir directory;
  const Job job = job_on_two_hosts();
  const History history = simulate(job, kSeed);
  write_recordings(directory.path(), job, history, kSeed);
  const analysis::Run run = analysis::Run::open(directory.path(), {}).value();
  EXPECT_EQ(run.processes().size(), 4U + 4U * 2U) << "the ranks and their workers";
  const analysis::Steps steps = analysis::find_steps(run, {}).value();
  ASSERT_EQ(steps.processes.size(), 4U);
  for (size_t rank = 0; rank < 4; ++rank) {
    const std::vector<int64_t>& marks = history.ranks[rank].marks;
    const std::vector<analysis::Step>& found = steps.processes[rank].steps;
    ASSERT_EQ(found.size(), marks.size() - 1);
    for (size_t i = 0; i < found.size(); ++i) {
      const int64_t length = marks[i + 1] - marks[i];
      EXPECT_NEAR(static_cast<double>(found[i].duration_ns()), static_cast<double>(length),
                  1 + static_cast<double>(length) * job.host_clock_drift);
    }
  }
}

TEST(Recording, OfASimulatedJobHasALedgerThatAddsUp) {
  const testing::TempDir directory;
  const Job job = job_on_two_hosts();
  write_recordings(directory.path(), job, simulate(job, kSeed), kSeed);
  const analysis::Run run = analysis::Run::open(directory.path(), {}).value();
  const analysis::Ledger ledger = analysis::build_ledger(run, {}).value();
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_LT(ledger.leaf_index("comm.exposed/all_reduce"), ledger.leaves.size());
  EXPECT_LT(ledger.leaf_index("compute/attention"), ledger.leaves.size());
  EXPECT_EQ(ledger.leaf_index("compute/other"), ledger.leaves.size())
      << "all names of kernels are understood";
}

TEST(Recording, IsTheSameBytesForTheSameSeed) {
  const testing::TempDir one;
  const testing::TempDir other;
  const Job job = job_on_two_hosts();
  write_recordings(one.path(), job, simulate(job, kSeed), kSeed);
  write_recordings(other.path(), job, simulate(job, kSeed), kSeed);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(one.path())) {
    ++files;
    EXPECT_TRUE(testing::read_bytes(entry.path().string()) ==
                testing::read_bytes(other.file(entry.path().filename().string())))
        << entry.path();
  }
  EXPECT_EQ(files, 12U);
}

}  // namespace
}  // namespace stepscope::scenarios
