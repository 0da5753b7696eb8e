// SPDX-License-Identifier: Apache-2.0
//
// The ledger of a job of ranks: whose time its step is, to the nanosecond, and when it would rather say nothing.
#include "analyzer/rank_ledger.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/rank_ledger_cache.hpp"
#include "analyzer/rank_steps.hpp"
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

TEST_F(RankLedgerTest, OfManyRanksEachStepIsTheWorkOfTheLatest) {
  RankJob job;
  job.ranks = 7;
  job.steps = 60;
  job.gemm = [](int64_t rank, int64_t step) {  // nobody is the latest for long, some never are
    return (5 + (rank * 7919 + step * step * 104'729) % 13) * kMillisecond;
  };
  const RankLedger ranks = ranks_of(job);
  ASSERT_TRUE(ranks.known) << ranks.why_not;
  const size_t gemm = ranks.ledger.leaf_index("compute/gemm");
  ASSERT_LT(gemm, ranks.ledger.leaves.size());
  for (size_t s = 0; s < ranks.steps().size(); ++s) {
    int64_t longest = 0;
    for (int64_t rank = 0; rank < job.ranks; ++rank) {
      longest = std::max(longest, job.gemm(rank, ranks.steps()[s].index));
    }
    EXPECT_EQ(ranks.ledger.row(ranks.ledger.processes[0], s)[gemm], longest) << "step " << s;
  }
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

// Everything in it, as bytes.
std::vector<uint8_t> all_of(const RankLedger& job) {
  std::vector<uint8_t> out = to_job_rollup(job, "").data;
  const auto add = [&out](const std::vector<int64_t>& values) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(values.data());
    out.insert(out.end(), bytes, bytes + values.size() * sizeof(int64_t));
  };
  out.insert(out.end(), job.processes.begin(), job.processes.end());
  add(job.held_ns);
  add(job.waited_ns);
  for (const ProcessLedger& process : job.ledger.processes) {
    add(process.ns);
    add({process.steps.process, static_cast<int64_t>(process.steps.method),
         static_cast<int64_t>(process.steps.confidence * 1e9)});
  }
  return out;
}

class StoredRankLedgerTest : public RankLedgerTest {
 protected:
  static RankJob uneven() {
    RankJob job;
    job.ranks = 4;
    job.steps = 40;
    job.gemm = [](int64_t rank, int64_t step) { return (8 + (rank * 7 + step) % 5) * kMillisecond; };
    job.clock_drift = [](int64_t rank) { return static_cast<double>(rank) * 20e-6; };
    return job;
  }
  // What a run opened anew finds stored.
  std::optional<trace::JobRollup> stored() { return open("job").load_job_rollup(0).value(); }
  RankLedger build(Cache cache) {
    run_.emplace(open("job"));
    alone_ = ledger_of(*run_);
    return build_rank_ledger(*run_, alone_, cache).value();
  }
  std::string fingerprint() {
    std::string why_not;
    return job_fingerprint(*run_, analysis::ranks_of(*run_, alone_, &why_not));
  }
};

TEST_F(StoredRankLedgerTest, WarmIsColdToTheLastBit) {
  const RankLedger cold = ranks_of(uneven());
  ASSERT_TRUE(cold.known) << cold.why_not;
  ASSERT_TRUE(stored().has_value());
  const RankLedger warm = build(Cache::kRead);
  EXPECT_EQ(all_of(warm), all_of(cold));
  EXPECT_EQ(all_of(build(Cache::kNone)), all_of(cold));
  ASSERT_EQ(warm.transfers.size(), 1U);
  EXPECT_EQ(warm.transfers[0].op, "all_reduce");
  EXPECT_EQ(warm.transfers[0].members, cold.transfers[0].members);
}

TEST_F(StoredRankLedgerTest, AReasonNotToKnowIsStoredToo) {
  RankJob job;
  job.numbered = 0;
  const RankLedger cold = ranks_of(job);
  ASSERT_FALSE(cold.known);
  ASSERT_TRUE(stored().has_value());
  EXPECT_EQ(all_of(build(Cache::kRead)), all_of(cold));
}

TEST_F(StoredRankLedgerTest, IsTakenOnlyWithItsOwnFingerprint) {
  const RankLedger cold = ranks_of(uneven());
  RankLedger wrong = cold;
  wrong.residual_ns = 4711;
  const std::string own = fingerprint();
  ASSERT_TRUE(run_->store_job_rollup(0, to_job_rollup(wrong, own)).ok());
  EXPECT_EQ(build(Cache::kRead).residual_ns, 4711) << "what is stored is what is read";
  ASSERT_TRUE(run_->store_job_rollup(0, to_job_rollup(wrong, "0123456789abcdef")).ok());
  EXPECT_EQ(all_of(build(Cache::kRead)), all_of(cold));
  trace::JobRollup later = to_job_rollup(wrong, own);
  ++later.version;
  ASSERT_TRUE(run_->store_job_rollup(0, later).ok());
  EXPECT_EQ(all_of(build(Cache::kReadWrite)), all_of(cold));
  EXPECT_EQ(stored()->version, kRankLedgerVersion) << "replaced by what was computed anew";
}

TEST_F(StoredRankLedgerTest, IsStaleWhenAnotherRanksRecordingChanges) {
  RankJob job = uneven();
  (void)ranks_of(job);
  const trace::JobRollup before = *stored();
  // Rank 0's recording, which holds the roll-up, stays as it is.
  job.gemm = [](int64_t rank, int64_t step) {
    return (8 + (rank * 7 + step) % 5) * kMillisecond + (rank == 2 ? 1000 : 0);
  };
  ::stepscope::testing::write_rank_job(path("changed"), job);
  for (const auto& entry : std::filesystem::directory_iterator(path("changed"))) {
    if (entry.path().filename().string().starts_with("main-r2")) {
      std::filesystem::copy(entry.path(), path("job") + "/" + entry.path().filename().string(),
                            std::filesystem::copy_options::overwrite_existing);
    }
  }
  const RankLedger now = build(Cache::kReadWrite);
  EXPECT_NE(stored()->inputs, before.inputs);
  EXPECT_EQ(all_of(now), all_of(build(Cache::kNone)));
}

TEST_F(StoredRankLedgerTest, WhatIsCutOffIsNoRollUp) {
  const RankLedger cold = ranks_of(uneven());
  const trace::JobRollup good = to_job_rollup(cold, fingerprint());
  for (size_t cut = 0; cut < good.data.size(); cut += 1 + good.data.size() / 200) {
    trace::JobRollup damaged = good;
    damaged.data.resize(cut);
    EXPECT_FALSE(from_job_rollup(damaged, good.inputs, 4, alone_.processes[0]).has_value()) << cut;
  }
}

TEST_F(StoredRankLedgerTest, IsNotWrittenWhereItCannotOrMustNotBe) {
  ::stepscope::testing::write_rank_job(path("job"), uneven());
  EXPECT_TRUE(build(Cache::kNone).known);
  EXPECT_TRUE(build(Cache::kRead).known);
  EXPECT_FALSE(stored().has_value());
  // Read-only media. Root may write anywhere: then as somebody else.
  namespace fs = std::filesystem;
  const auto allow = [this](fs::perms directories, fs::perms files) {
    for (const auto& entry : fs::directory_iterator(path("job"))) {
      fs::permissions(entry.path(), files);
    }
    fs::permissions(path("job"), directories);
    fs::permissions(fs::path(path("job")).parent_path(), fs::perms(0755));
  };
  constexpr uid_t kNobody = 65534;
  const bool root = geteuid() == 0;
  allow(fs::perms(0555), fs::perms(0444));
  ASSERT_TRUE(!root || seteuid(kNobody) == 0);
  const RankLedger job = build(Cache::kReadWrite);
  ASSERT_TRUE(!root || seteuid(0) == 0);
  allow(fs::perms(0755), fs::perms(0644));
  EXPECT_TRUE(job.known);
  EXPECT_FALSE(stored().has_value());
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
