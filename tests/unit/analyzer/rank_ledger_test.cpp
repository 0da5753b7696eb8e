// SPDX-License-Identifier: Apache-2.0
//
// The ledger of a job of ranks: whose time its step is, to the nanosecond, and when it would rather say nothing.
#include "analyzer/rank_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rank_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::stepscope::testing::kMillisecond;
using ::stepscope::testing::RankJob;
using ::testing::HasSubstr;

class RankLedgerTest : public RunTest {
 protected:
  RankLedger ranks_of(const RankJob& job) {
    ::stepscope::testing::write_rank_job(path("job"), job);
    run_.emplace(open("job"));
    alone_ = ledger_of(*run_);
    Result<RankLedger> ranks = build_rank_ledger(*run_, alone_);
    ::stepscope::testing::require(ranks.status());
    if (ranks.value().known) {
      EXPECT_EQ(ranks.value().ledger.residual_ns(), 0);
    }
    return std::move(ranks).value();
  }

  std::optional<analysis::Run> run_;
  Ledger alone_;  // of each rank for itself
};

TEST_F(RankLedgerTest, TheStepIsTheLateRanksWorkAndTheTransfer) {
  RankJob job;
  job.ranks = 3;
  job.gemm = [](int64_t rank, int64_t) { return rank == 2 ? 15 * kMillisecond : 10 * kMillisecond; };
  const RankLedger ranks = ranks_of(job);
  ASSERT_TRUE(ranks.known) << ranks.why_not;
  EXPECT_EQ(step_ms(ranks.ledger), 18);
  EXPECT_EQ(leaf_ms(ranks.ledger, "compute/gemm"), 15) << "of rank 2";
  EXPECT_EQ(leaf_ms(ranks.ledger, "comm.exposed/all_reduce"), 2) << "from when rank 2 has come";
  EXPECT_EQ(leaf_ms(ranks.ledger, "compute/optimizer"), 1);
  // Means over ranks mix what rank 2 did with what the others waited.
  EXPECT_NEAR(leaf_ms(alone_, "compute/gemm"), 11.667, 0.001);
  EXPECT_NEAR(leaf_ms(alone_, "comm.exposed/all_reduce"), 5.333, 0.001);
  for (size_t s = 0; s < ranks.steps().size(); ++s) {
    EXPECT_GE(ranks.held(s)[2], 15 * kMillisecond);
    EXPECT_EQ(ranks.waited(s)[0], 5 * kMillisecond);
    EXPECT_EQ(ranks.waited(s)[2], 0);
  }
  ASSERT_EQ(ranks.transfers.size(), 1U);
  EXPECT_EQ(ranks.transfers[0].op, "all_reduce");
  EXPECT_EQ(ranks.transfers[0].arrival_ns, 5e6);
  EXPECT_EQ(ranks.transfers[0].transfer_ns, 2e6);
}

TEST_F(RankLedgerTest, AStepBelongsToWhoeverIsLateInIt) {
  RankJob job;
  job.gemm = [](int64_t rank, int64_t step) {
    return (step + rank) % 2 == 0 ? 12 * kMillisecond : 8 * kMillisecond;
  };
  const RankLedger ranks = ranks_of(job);
  ASSERT_TRUE(ranks.known) << ranks.why_not;
  EXPECT_EQ(leaf_ms(ranks.ledger, "compute/gemm"), 12) << "the longest of each step, not the mean of 10";
  EXPECT_EQ(step_ms(ranks.ledger), 15);
  EXPECT_GT(ranks.held(4)[0], ranks.held(4)[1]);
  EXPECT_LT(ranks.held(5)[0], ranks.held(5)[1]);
}

TEST_F(RankLedgerTest, ClocksThatDisagreeChangeNothing) {
  RankJob job;
  job.ranks = 3;
  job.steps = 40;
  job.gemm = [](int64_t rank, int64_t) { return rank == 1 ? 14 * kMillisecond : 10 * kMillisecond; };
  job.clock_offset = [](int64_t rank) { return rank * 70'000 * kMillisecond; };
  job.clock_drift = [](int64_t rank) { return static_cast<double>(rank) * 50e-6; };
  job.wall_error = 50 * kMillisecond;  // longer than a step
  const RankLedger ranks = ranks_of(job);
  ASSERT_TRUE(ranks.known) << ranks.why_not;
  EXPECT_NEAR(ranks.clocks[2].offset_ns, 100e6, 100e3) << "what the wall clocks are wrong by";
  EXPECT_NEAR(ranks.clocks[2].drift, 100e-6, 2e-8);
  EXPECT_LE(ranks.residual_ns, 10);
  EXPECT_NEAR(step_ms(ranks.ledger), 17, 0.00001);
  EXPECT_NEAR(leaf_ms(ranks.ledger, "compute/gemm"), 14, 0.00001);
  EXPECT_NEAR(leaf_ms(ranks.ledger, "comm.exposed/all_reduce"), 2, 0.00001);
}

TEST_F(RankLedgerTest, ARankThatComputesMeanwhileDoesNotWait) {
  RankJob job;
  job.overlapped = 1;
  job.gemm = [](int64_t rank, int64_t) { return (rank == 1 ? 15 : 10) * kMillisecond; };
  const RankLedger ranks = ranks_of(job);
  ASSERT_TRUE(ranks.known) << ranks.why_not;
  EXPECT_EQ(ranks.waited(3)[0], 0);
  EXPECT_EQ(ranks.held(3)[1], 0) << "nobody had to wait for rank 1";
  EXPECT_EQ(leaf_ms(ranks.ledger, "compute/gemm"), 10);
  EXPECT_EQ(leaf_ms(ranks.ledger, "compute/elementwise"), 5);
  EXPECT_EQ(leaf_ms(ranks.ledger, "comm.exposed/all_reduce"), 2);
  EXPECT_EQ(step_ms(ranks.ledger), 18);
}

TEST_F(RankLedgerTest, ASendThatIsOverBeforeTheReceiverComesWaitsForNobody) {
  RankJob job;
  job.send = kMillisecond;
  job.gemm = [](int64_t rank, int64_t) { return (rank == 1 ? 15 : 10) * kMillisecond; };
  const RankLedger ranks = ranks_of(job);
  ASSERT_TRUE(ranks.known) << ranks.why_not;
  EXPECT_EQ(ranks.waited(3)[0], 5 * kMillisecond) << "in the all-reduce, not in the send";
  EXPECT_EQ(leaf_ms(ranks.ledger, "compute/gemm"), 15);
  EXPECT_EQ(leaf_ms(ranks.ledger, "comm.exposed/send_recv"), 1) << "of rank 1";
  EXPECT_EQ(step_ms(ranks.ledger), 19);
}

TEST_F(RankLedgerTest, SaysNothingWithoutGpuActivity) {
  RankJob job;
  job.kernels = 0;
  const RankLedger ranks = ranks_of(job);
  EXPECT_FALSE(ranks.known);
  EXPECT_EQ(ranks.why_not, "no GPU activity of rank 0 was recorded, so when it waits is not seen");
}

TEST_F(RankLedgerTest, SaysNothingWithoutARecordingOfEveryRank) {
  RankJob job;
  job.ranks = 4;
  job.unrecorded = 2;
  const RankLedger ranks = ranks_of(job);
  EXPECT_FALSE(ranks.known);
  EXPECT_EQ(ranks.why_not, "3 of 4 ranks have a recording with steps");
}

TEST_F(RankLedgerTest, SaysNothingWhenCollectivesCannotBeTold) {
  RankJob job;
  job.numbered = 0;
  const RankLedger ranks = ranks_of(job);
  EXPECT_FALSE(ranks.known);
  EXPECT_EQ(ranks.why_not, "no collective was recorded on all of its ranks");
}

TEST_F(RankLedgerTest, SaysNothingWhenTheClocksCannotBeAligned) {
  RankJob job;
  job.end_jitter = 2 * kMillisecond;
  job.optimizer = 5 * kMillisecond;
  const RankLedger ranks = ranks_of(job);
  EXPECT_FALSE(ranks.known);
  EXPECT_THAT(ranks.why_not, HasSubstr("cannot be aligned better than"));
}

TEST_F(RankLedgerTest, OneRankAloneIsNoJobOfRanksAndNoFault) {
  RankJob job;
  job.ranks = 1;
  const RankLedger ranks = ranks_of(job);
  EXPECT_FALSE(ranks.known);
  EXPECT_EQ(ranks.why_not, "");
}

}  // namespace
}  // namespace stepscope::analysis
