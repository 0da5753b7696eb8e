// SPDX-License-Identifier: Apache-2.0
//
// A diff of jobs of ranks: a late rank, a slow link and ranks out of balance are told apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/findings.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::stepscope::testing::kMillisecond;
using ::stepscope::testing::RankJob;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RankFindingsTest : public RunTest {
 protected:
  // Steps differ by up to 40 us, by chance and alike on all ranks, so that there is some noise.
  static RankJob job() {
    RankJob out;
    out.ranks = 4;
    out.steps = 40;
    out.gemm = [](int64_t, int64_t step) { return 10 * kMillisecond + noise(step); };
    return out;
  }
  static int64_t noise(int64_t step) { return (step * 7919 % 41) * 1000; }

  void compare(const RankJob& a, const RankJob& b) {
    ::stepscope::testing::write_rank_job(path("a"), a);
    ::stepscope::testing::write_rank_job(path("b"), b);
    const analysis::Run base = open("a");
    const analysis::Run candidate = open("b");
    const Ledger ledgers[] = {ledger_of(base), ledger_of(candidate)};
    const Result<Evidence> evidence[] = {gather_evidence(base, ledgers[0]),
                                         gather_evidence(candidate, ledgers[1])};
    const Result<RankLedger> ranks[] = {build_rank_ledger(base, ledgers[0]),
                                        build_rank_ledger(candidate, ledgers[1])};
    const AnalyzedRun sides[] = {{&base, &ledgers[0], &evidence[0].value(), &ranks[0].value()},
                                 {&candidate, &ledgers[1], &evidence[1].value(), &ranks[1].value()}};
    Result<Diff> made = diff_analyzed({sides, 1}, {sides + 1, 1}, {});
    ::stepscope::testing::require(made.status());
    diff_ = std::move(made).value();
    EXPECT_EQ(diff_.residual_ns, 0);
    findings_ = find_in_diff(diff_, {sides, 1}, {sides + 1, 1});
  }

  const Finding* find(std::string_view id) const {
    for (const Finding& one : findings_) {
      if (one.id == id) {
        return &one;
      }
    }
    return nullptr;
  }
  const Term& term(std::string_view name) const {
    for (const Term& one : diff_.terms) {
      if (one.name == name) {
        return one;
      }
    }
    throw std::runtime_error("no term " + std::string(name));
  }

  Diff diff_;
  std::vector<Finding> findings_;
};

TEST_F(RankFindingsTest, ALateRankIsNamedWithWhatItCostsTheJob) {
  RankJob late = job();
  late.gemm = [](int64_t rank, int64_t step) { return (rank == 3 ? 15 : 10) * kMillisecond + noise(step); };
  compare(job(), late);
  EXPECT_TRUE(diff_.by_ranks);
  EXPECT_EQ(diff_.delta_ns, 5 * kMillisecond) << "the job's step, not a quarter of it";
  EXPECT_EQ(term("compute/gemm").delta_ns, 5 * kMillisecond);
  EXPECT_EQ(term("compute/gemm").rank, 3);
  EXPECT_EQ(term("comm.exposed/all_reduce").delta_ns, 0) << "that the others wait is not the network's fault";
  const Finding* const finding = find("rank.late");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->effect_ns, 5 * kMillisecond);
  EXPECT_EQ(finding->rank, 3);
  EXPECT_THAT(finding->terms, ElementsAre("compute/gemm"));
  EXPECT_THAT(finding->text,
              HasSubstr("rank 3 is late: compute/gemm +5.0 ms/step; the other ranks wait for it"));
  EXPECT_THAT(finding->advice, HasSubstr("rank 3 on host node3"));
  ASSERT_TRUE(finding->where.has_value());
  EXPECT_EQ(finding->where->process, 3U);
  EXPECT_EQ(findings_.size(), 1U);
}

TEST_F(RankFindingsTest, AReportOfOneRunNamesTheLateRankToo) {
  const auto said = [this](const RankJob& job, const std::string& name) {
    ::stepscope::testing::write_rank_job(path(name), job);
    const analysis::Run run = open(name);
    const Ledger ledger = ledger_of(run);
    const Result<Evidence> evidence = gather_evidence(run, ledger);
    const Result<RankLedger> ranks = build_rank_ledger(run, ledger);
    const std::vector<Finding> findings = find_in_run({&run, &ledger, &evidence.value(), &ranks.value()});
    return findings.empty() ? std::string() : findings.front().id + ": " + findings.front().text;
  };
  RankJob late = job();
  EXPECT_EQ(said(late, "fine"), "");
  late.gemm = [](int64_t rank, int64_t step) { return (rank == 2 ? 15 : 10) * kMillisecond + noise(step); };
  EXPECT_EQ(said(late, "late"),
            "rank.late: rank 2 is late: it is the one the job waits for longest in 100 % of the steps; the "
            "other ranks "
            "wait 5.0 ms of each step");
  late.gemm = [](int64_t rank, int64_t step) { return (rank == step % 4 ? 15 : 10) * kMillisecond; };
  EXPECT_EQ(said(late, "uneven"), "");
}

TEST_F(RankFindingsTest, ARankThatIsLateNoLongerGivesItsTimeBack) {
  RankJob late = job();
  late.gemm = [](int64_t rank, int64_t step) { return (rank == 1 ? 15 : 10) * kMillisecond + noise(step); };
  compare(late, job());
  EXPECT_EQ(diff_.delta_ns, -5 * kMillisecond);
  EXPECT_EQ(term("compute/gemm").rank, 1);
  EXPECT_TRUE(findings_.empty());
}

TEST_F(RankFindingsTest, ASlowLinkIsTheTransfersAndNobodysLateness) {
  RankJob slow = job();
  slow.transfer = 5 * kMillisecond;
  compare(job(), slow);
  EXPECT_EQ(term("comm.exposed/all_reduce").delta_ns, 3 * kMillisecond);
  EXPECT_EQ(term("comm.exposed/all_reduce").rank, -1);
  const Finding* const finding = find("link.slow");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->effect_ns, 3 * kMillisecond);
  EXPECT_THAT(finding->text, HasSubstr("all_reduce takes 2.0 ms -> 5.0 ms each once all ranks have come"));
  EXPECT_EQ(findings_.size(), 1U) << "one finding speaks of the collective";
}

TEST_F(RankFindingsTest, WhenEveryRankIsSlowerNoneIsLate) {
  RankJob slower = job();
  slower.gemm = [](int64_t, int64_t step) { return 14 * kMillisecond + noise(step); };
  compare(job(), slower);
  EXPECT_EQ(term("compute/gemm").delta_ns, 4 * kMillisecond);
  EXPECT_EQ(term("compute/gemm").rank, -1);
  EXPECT_EQ(find("rank.late"), nullptr);
}

TEST_F(RankFindingsTest, WhenAnotherRankIsLateEveryStepItIsImbalance) {
  RankJob uneven = job();
  uneven.gemm = [](int64_t rank, int64_t step) {
    return (rank == step % 4 ? 15 : 10) * kMillisecond + noise(step);
  };
  compare(job(), uneven);
  EXPECT_EQ(diff_.delta_ns, 5 * kMillisecond);
  EXPECT_EQ(term("compute/gemm").rank, -1);
  EXPECT_EQ(find("rank.late"), nullptr);
  const Finding* const finding = find("rank.imbalance");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->effect_ns, 15 * kMillisecond / 4) << "three of four ranks wait 5 ms";
  EXPECT_EQ(finding->rank, -1);
}

TEST_F(RankFindingsTest, WhatTheClocksCouldFeignIsNotSaid) {
  RankJob late = job();
  late.gemm = [](int64_t rank, int64_t step) {
    return 10 * kMillisecond + noise(step) + (rank == 3 ? 800'000 : 0);
  };
  compare(job(), late);
  EXPECT_NE(find("rank.late"), nullptr);
  late.end_jitter = kMillisecond;  // half of the ends: what is between fits them best
  compare(job(), late);
  EXPECT_TRUE(diff_.by_ranks);
  EXPECT_EQ(find("rank.late"), nullptr) << "0.8 ms against a residual of 0.5 ms";
}

TEST_F(RankFindingsTest, WithoutARankOnOneSideMeansOverRanksRemain) {
  RankJob missing = job();
  missing.unrecorded = 3;
  compare(job(), missing);
  EXPECT_FALSE(diff_.by_ranks);
  EXPECT_THAT(diff_.caveats, ::testing::Contains(HasSubstr("3 of 4 ranks have a recording with steps")));
}

}  // namespace
}  // namespace stepscope::analysis
