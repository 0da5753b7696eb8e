// SPDX-License-Identifier: Apache-2.0
//
// A diff of jobs of several ranks in other parts than terms: kernels, ranks, classes, clocks. All are the job's, whichever rank
// it waited for.
#include <algorithm>
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/diff_by.hpp"
#include "analyzer/diff_kernels.hpp"
#include "analyzer/findings.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::stepscope::testing::kMillisecond;
using ::stepscope::testing::RankJob;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class RankDiffTest : public RunTest {
 protected:
  static RankJob job_of(int64_t ranks) {
    RankJob out;
    out.ranks = ranks;
    out.steps = 30;
    return out;
  }

  const AnalyzedRun& analyzed(const std::string& name, const RankJob& job) {
    ::stepscope::testing::write_rank_job(path(name), job);
    Made& made = made_.emplace_back(Made{open(name), {}, {}, {}, {}});
    made.ledger = ledger_of(made.run);
    made.evidence = gather_evidence(made.run, made.ledger).value();
    made.ranks = build_rank_ledger(made.run, made.ledger).value();
    made.analyzed = {&made.run, &made.ledger, &made.evidence, &made.ranks};
    return made.analyzed;
  }

  void compare(const RankJob& a, const RankJob& b) {
    base_ = &analyzed("a" + std::to_string(made_.size()), a);
    candidate_ = &analyzed("b" + std::to_string(made_.size()), b);
    diff_ = diff_analyzed({base_, 1}, {candidate_, 1}, {}).value();
    kernels_ = diff_kernels({base_, 1}, {candidate_, 1}, diff_).value();
    for (const std::string_view key : kDiffByNames) {
      int64_t sum = 0;
      for (const DiffRow& row : rows(parse_diff_by(key).value())) {
        sum += row.delta_ns;
      }
      EXPECT_EQ(sum, diff_.delta_ns) << "by " << key;
    }
  }

  std::vector<DiffRow> rows(DiffBy by) const {
    return diff_by({base_, 1}, {candidate_, 1}, diff_, kernels_, by).value();
  }
  // Base, candidate and change of a row, ms.
  std::vector<double> row_ms(DiffBy by, std::string_view name) const {
    for (const DiffRow& row : rows(by)) {
      if (row.name == name) {
        return {static_cast<double>(row.base_ns) / 1e6, static_cast<double>(row.candidate_ns) / 1e6,
                static_cast<double>(row.delta_ns) / 1e6};
      }
    }
    return {};
  }
  const KernelGroup* group_of(std::string_view kernel) const {
    for (const KernelGroup& group : kernels_.groups) {
      for (const auto* side : {&group.base, &group.candidate}) {
        if (std::any_of(side->begin(), side->end(), [kernel](const GroupKernel& one) {
              return one.name.find(kernel) != std::string::npos;
            })) {
          return &group;
        }
      }
    }
    return nullptr;
  }
  std::string said(std::string_view id) const {
    for (const Finding& one : find_in_diff(diff_, {base_, 1}, {candidate_, 1})) {
      if (one.id == id) {
        return one.text;
      }
    }
    return "";
  }

  struct Made {
    analysis::Run run;
    Ledger ledger;
    Evidence evidence;
    RankLedger ranks;
    AnalyzedRun analyzed;
  };
  std::deque<Made> made_;
  const AnalyzedRun* base_ = nullptr;
  const AnalyzedRun* candidate_ = nullptr;
  Diff diff_;
  KernelDiff kernels_;
};

TEST_F(RankDiffTest, AKernelThatMakesOneOfManyRanksLateIsNamedWithItsRank) {
  RankJob late = job_of(8);
  late.extra = [](int64_t rank, int64_t) { return rank == 6 ? 5 * kMillisecond : 0; };
  compare(job_of(8), late);
  ASSERT_TRUE(diff_.by_ranks);
  EXPECT_EQ(diff_.delta_ns, 5 * kMillisecond);
  const KernelGroup* const extra = group_of("s16816gemm");
  ASSERT_NE(extra, nullptr) << "a kernel of rank 6 alone";
  EXPECT_EQ(extra->tier, MatchTier::kNew);
  EXPECT_EQ(extra->delta_ns, 5 * kMillisecond);
  EXPECT_EQ(extra->rank, 6);
  const KernelGroup* const adam = group_of("adam");
  ASSERT_NE(adam, nullptr);
  EXPECT_EQ(adam->delta_ns, 0);
  EXPECT_EQ(adam->rank, -1);
  EXPECT_THAT(row_ms(DiffBy::kLane, "GPU 0 stream 7"), ::testing::ElementsAre(11, 16, 5));
}

TEST_F(RankDiffTest, ByRankIsWhomTheJobWaitedForInAllSteps) {
  RankJob late = job_of(8);
  late.steps = 50;
  // A rank that a sample of steps would mostly miss is late in one step of ten, another in all others.
  late.gemm = [](int64_t rank, int64_t step) {
    return (rank == (step % 10 == 3 ? 5 : 6) ? 15 : 10) * kMillisecond;
  };
  RankJob fine = job_of(8);
  fine.steps = 50;
  compare(fine, late);
  ASSERT_TRUE(diff_.by_ranks);
  double steps = 0;
  double of_five = 0;
  for (const Step& step : candidate_->ranks->steps()) {
    steps += step.step_class == StepClass::kTrain ? 1 : 0;
    of_five += step.step_class == StepClass::kTrain && step.number % 10 == 3 ? 1 : 0;
  }
  ASSERT_EQ(of_five, 5);
  constexpr double kRounding = 2e-6;
  // From when the others had nothing more to wait for in the step before.
  EXPECT_NEAR(row_ms(DiffBy::kRank, "rank 5").at(2), 18 * of_five / steps, kRounding);
  // Which of equals ends the last step last is no matter: the transfer and the optimizer of that one are rank 0's.
  EXPECT_NEAR(row_ms(DiffBy::kRank, "rank 6").at(2), 18 * (1 - of_five / steps) - 3 / steps, kRounding);
  EXPECT_EQ(row_ms(DiffBy::kRank, "rank 0").at(0), 13)
      << "at first nobody is late, and the path stays where it is";
  EXPECT_NEAR(row_ms(DiffBy::kRank, "rank 0").at(1), 3 / steps, kRounding);
  EXPECT_TRUE(row_ms(DiffBy::kRank, "rank 1").empty()) << "nobody ever waited for it";
}

TEST_F(RankDiffTest, ClassesOfStepsAreTheJobs) {
  RankJob late = job_of(4);
  late.gemm = [](int64_t rank, int64_t) { return (rank == 3 ? 15 : 10) * kMillisecond; };
  compare(job_of(4), late);
  for (const ClassDiff& one : diff_.classes) {
    EXPECT_LE(one.candidate_steps, 30U) << "steps of the job, not of each rank";
    EXPECT_EQ(one.base_mean_ns, 13 * kMillisecond);
    EXPECT_EQ(one.candidate_mean_ns, 18 * kMillisecond);
  }
}

TEST_F(RankDiffTest, AClockIsThatOfTheRankThatTheJobWaitsFor) {
  RankJob fine = job_of(6);
  fine.sm_clock = [](int64_t) { return 1980.0; };
  RankJob hot = fine;
  hot.sm_clock = [](int64_t rank) { return rank == 5 ? 1410.0 : 1980.0; };
  hot.gemm = [](int64_t rank, int64_t) { return (rank == 5 ? 14 : 10) * kMillisecond; };
  compare(fine, hot);
  EXPECT_THAT(said("gpu.clock"), HasSubstr("all kernels x1.40 slower on rank 5, SM clock 1980 -> 1410 MHz"));
  // The clock of a rank that nobody waits for is none of the job's.
  hot.gemm = [](int64_t rank, int64_t) { return (rank == 1 ? 14 : 10) * kMillisecond; };
  compare(fine, hot);
  EXPECT_EQ(said("gpu.clock"), "");
  // What all have in common is no matter of one.
  hot.sm_clock = [](int64_t) { return 1410.0; };
  hot.gemm = [](int64_t, int64_t) { return 14 * kMillisecond; };
  compare(fine, hot);
  EXPECT_THAT(said("gpu.clock"), HasSubstr("all kernels x1.40 slower, SM clock 1980 -> 1410 MHz"));
}

TEST_F(RankDiffTest, ARankThatOneSideLacksIsNoFasterStep) {
  const auto key_blocks = [this](std::string_view key) {
    return std::any_of(diff_.comparability.differences.begin(), diff_.comparability.differences.end(),
                       [key](const Difference& one) { return one.key == key && one.blocking; });
  };
  RankJob slow = job_of(8);
  slow.gemm = [](int64_t rank, int64_t) { return (rank == 6 ? 20 : 10) * kMillisecond; };
  RankJob missing = slow;
  missing.unrecorded = 6;
  compare(slow, missing);
  EXPECT_EQ(diff_.comparability.verdict, Verdict::kNotComparable);
  EXPECT_TRUE(key_blocks("ranks recorded"));
  EXPECT_THAT(diff_.caveats, Contains("the candidate has no recording with steps of rank 6: what is missing "
                                      "there can look like time saved"));
  // As many on both sides, and yet not the same.
  RankJob other = slow;
  other.unrecorded = 2;
  compare(other, missing);
  EXPECT_TRUE(key_blocks("ranks recorded"));
  EXPECT_FALSE(key_blocks("training processes"));
  EXPECT_THAT(diff_.caveats, Contains(HasSubstr("the base has no recording with steps of rank 2")));
  // The same on both sides: a fact, and no difference.
  compare(missing, missing);
  EXPECT_FALSE(key_blocks("ranks recorded"));
  EXPECT_THAT(diff_.caveats, Not(Contains(HasSubstr("has no recording"))));
  EXPECT_THAT(diff_.caveats, Contains(HasSubstr("7 of 8 ranks have a recording with steps")));
}

}  // namespace
}  // namespace stepscope::analysis
