// SPDX-License-Identifier: Apache-2.0
//
// How much work a step is, where it is known, and what of a change it explains: longer sequences are not a slowdown.
#include "analyzer/work.hpp"

#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/diff.hpp"
#include "analyzer/findings.hpp"
#include "analyzer/work_change.hpp"
#include "analyzer/work_words.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- how much there is ----

class WorkTest : public RunTest {
 protected:
  static Work work_of(const analysis::Run& run) {
    const Ledger ledger = ledger_of(run);
    Result<Evidence> evidence = gather_evidence(run, ledger);
    ::stepscope::testing::require(evidence.status());
    const Work work = evidence.value().work;
    const Result<Work> alone = gather_work(run, ledger);
    ::stepscope::testing::require(alone.status());
    EXPECT_EQ(alone.value().samples_per_step, work.samples_per_step) << "what a gate reads";
    EXPECT_EQ(alone.value().tokens_per_step, work.tokens_per_step);
    EXPECT_EQ(alone.value().said, work.said);
    return work;
  }

  // Twenty steps, in each of which the program says what `rows` says.
  static std::string saying(std::initializer_list<const char*> rows) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
      const std::string at = std::to_string(10 * i);
      text += "step start_ns=" + at + "ms index=" + std::to_string(i) + " source=1\n";
      for (const char* row : rows) {
        text += "step_work start_ns=" + at + "500us " + row + "\n";
      }
    }
    return text;
  }
};

TEST_F(WorkTest, IsWhatTheDataLoaderDelivered) {
  const Work in_workers = work_of(job("workers", "steps=60 tokens=4096"));
  EXPECT_EQ(in_workers.samples_per_step, 32);
  EXPECT_EQ(in_workers.tokens_per_step, 4096);
  EXPECT_FALSE(in_workers.said);
  const Work accumulated = work_of(job("accumulated", "steps=60 workers=0 accumulation=2 tokens=4096"));
  EXPECT_EQ(accumulated.samples_per_step, 64);
  EXPECT_EQ(accumulated.tokens_per_step, 8192);
}

TEST_F(WorkTest, IsNotKnownWhereNobodyRecordedIt) {
  EXPECT_EQ(work_of(job("no-tokens", "steps=60")).tokens_per_step, -1);
  EXPECT_EQ(work_of(job("no-items", "steps=60 count_items=0")).samples_per_step, -1);
  EXPECT_EQ(work_of(job("no-workers", "steps=60 tokens=4096 record_workers=0")).tokens_per_step, -1);
}

TEST_F(WorkTest, IsWhatTheProgramSaidAndAddsUpInAStep) {
  const Work said = work_of(process("said", saying({"samples=8 tokens=1000", "samples=8 tokens=1200"})));
  EXPECT_EQ(said.samples_per_step, 16);
  EXPECT_EQ(said.tokens_per_step, 2200);
  EXPECT_TRUE(said.said);
  const Work only_samples = work_of(process("samples", saying({"samples=8"})));
  EXPECT_EQ(only_samples.samples_per_step, 8);
  EXPECT_EQ(only_samples.tokens_per_step, -1);
}

// ---- what it explains ----

WorkChange longer(double ratio) {
  return {WorkUnit::kTokens, 1000, 1000 * ratio, 1, ratio};
}

double explained(const WorkChange& change, const std::string& name, double base, double delta) {
  return explained_by_work(change, {name}, {base}, {delta})[0];
}

TEST(ExplainedByWork, GoesAsFarAsTheWorkDoesAndNoFurther) {
  const WorkChange more = longer(1.5);
  EXPECT_EQ(explained(more, "compute/gemm", 10, 5), 5);
  EXPECT_EQ(explained(more, "compute/gemm", 10, 3), 3) << "a part of it is fixed cost, not faster";
  EXPECT_EQ(explained(more, "compute/gemm", 10, 8), 5) << "3 are slower per token";
  EXPECT_EQ(explained(more, "compute/gemm", 10, -2), 0) << "that is faster";
  const WorkChange less = longer(0.5);
  EXPECT_EQ(explained(less, "compute/gemm", 10, -5), -5);
  EXPECT_EQ(explained(less, "compute/gemm", 10, -7), -5);
  EXPECT_EQ(explained(less, "compute/gemm", 10, 1), 0);
}

TEST(ExplainedByWork, IsOnlyWhatTheWorkCanChange) {
  const WorkChange more = longer(1.5);
  for (const char* fixed : {"optimizer", "compute/optimizer", "comm.exposed/all_reduce", "idle.launch",
                            "idle.gc", "idle.checkpoint", "data.workers"}) {
    EXPECT_EQ(explained(more, fixed, 10, 5), 0) << fixed;
  }
  EXPECT_EQ(explained(more, "data.fetch", 10, 5), 0) << "as many samples as before";
  const WorkChange larger{WorkUnit::kSamples, 32, 48, 1.5, 1};
  EXPECT_EQ(explained(larger, "data.fetch", 10, 5), 5);
}

TEST(ExplainedByWork, LetsAttentionGrowWithTheSquareOfTheLength) {
  EXPECT_DOUBLE_EQ(explained(longer(1.5), "compute/attention", 10, 12.5), 12.5);
  EXPECT_DOUBLE_EQ(explained(longer(1.5), "compute/attention", 10, 14), 12.5);
  const WorkChange larger{WorkUnit::kTokens, 1000, 1500, 1.5, 1};
  EXPECT_DOUBLE_EQ(explained(larger, "compute/attention", 10, 12.5), 5) << "more sequences, not longer ones";
}

TEST(ExplainedByWork, TakesTheWaitsThatGaveWayToIt) {
  const std::vector<std::string> names = {"compute/gemm", "idle.launch", "comm.exposed/all_reduce"};
  EXPECT_THAT(explained_by_work(longer(1.5), names, {10, 4, 4}, {5, -1, -3}), ElementsAre(5, -1, -3));
  EXPECT_THAT(explained_by_work(longer(1.5), names, {10, 8, 8}, {5, -8, -2}), ElementsAre(5, -4, -1))
      << "no more than what covers them";
  EXPECT_THAT(explained_by_work(longer(1.5), names, {10, 4, 4}, {5, 2, 3}), ElementsAre(5, 0, 0));
}

// ---- a diff ----

class WorkDiffTest : public RunTest {
 protected:
  void compare(const std::string& base, const std::string& candidate) {
    runs_.push_back(std::make_unique<analysis::Run>(job("base", std::string(kJob) + base + " seed=11")));
    runs_.push_back(
        std::make_unique<analysis::Run>(job("candidate", std::string(kJob) + candidate + " seed=12")));
    for (const auto& run : runs_) {
      ledgers_.push_back(std::make_unique<Ledger>(ledger_of(*run)));
      Result<Evidence> evidence = gather_evidence(*run, *ledgers_.back());
      ::stepscope::testing::require(evidence.status());
      evidence_.push_back(std::make_unique<Evidence>(std::move(evidence).value()));
      sides_.push_back({run.get(), ledgers_.back().get(), evidence_.back().get(), nullptr});
    }
    const std::span<const AnalyzedRun> sides(sides_);
    Result<Diff> made = diff_analyzed(sides.subspan(0, 1), sides.subspan(1, 1), {});
    ::stepscope::testing::require(made.status());
    diff_ = std::move(made).value();
    findings_ = find_in_diff(diff_, sides.subspan(0, 1), sides.subspan(1, 1));
    int64_t sum = 0;
    for (const Term& term : diff_.terms) {
      sum += term.delta_ns;
    }
    EXPECT_EQ(sum, diff_.delta_ns);
    EXPECT_EQ(diff_.residual_ns, 0);
    EXPECT_EQ(diff_.work.explained_ns + diff_.work.rest_ns, diff_.delta_ns);
  }

  [[nodiscard]] double term_ms(std::string_view name) const {
    const auto found = std::find_if(diff_.terms.begin(), diff_.terms.end(),
                                    [name](const Term& term) { return term.name == name; });
    return found == diff_.terms.end() ? 0 : static_cast<double>(found->delta_ns) / 1e6;
  }
  [[nodiscard]] std::vector<std::string> flagged() const {
    std::vector<std::string> out;
    for (const Term& term : diff_.terms) {
      if (term.flagged) {
        out.push_back(term.name);
      }
    }
    return out;
  }
  [[nodiscard]] std::vector<std::string> found() const {
    std::vector<std::string> out;
    for (const Finding& finding : findings_) {
      out.push_back(finding.id);
    }
    return out;
  }

  static constexpr const char* kJob = "steps=80 fetch.cpu=1ms ";
  std::vector<std::unique_ptr<analysis::Run>> runs_;
  std::vector<std::unique_ptr<Ledger>> ledgers_;
  std::vector<std::unique_ptr<Evidence>> evidence_;
  std::vector<AnalyzedRun> sides_;
  Diff diff_;
  std::vector<Finding> findings_;
};

TEST_F(WorkDiffTest, LongerSequencesAreNotASlowdown) {
  compare("tokens=4096 forward=8ms backward=16ms", "tokens=6144 forward=12ms backward=24ms");
  EXPECT_TRUE(diff_.flagged);
  EXPECT_TRUE(diff_.work.explains_step);
  EXPECT_FALSE(diff_.work.rest_flagged);
  EXPECT_NEAR(term_ms("work"), 12, 0.5);
  EXPECT_THAT(flagged(), ElementsAre("work"));
  EXPECT_THAT(found(), ElementsAre("work"));
  EXPECT_EQ(work_verdict(diff_), "longer sequences, not a slowdown");
  EXPECT_THAT(work_amounts(diff_), HasSubstr("4096 -> 6144 tokens per step (+50.0 %)"));
  EXPECT_THAT(findings_.at(0).text, HasSubstr("longer sequences, not a slowdown"));
  EXPECT_EQ(findings_.at(0).evidence.at(0).name, "tokens per step");
  EXPECT_EQ(diff_.comparability.verdict, Verdict::kComparableWithNotes);
}

TEST_F(WorkDiffTest, WhatIsSlowerBesidesKeepsItsName) {
  compare("tokens=4096 forward=8ms backward=16ms optimizer=1ms",
          "tokens=6144 forward=12ms backward=24ms optimizer=7ms");
  EXPECT_FALSE(diff_.work.explains_step);
  EXPECT_TRUE(diff_.work.rest_flagged);
  EXPECT_EQ(work_verdict(diff_), "");
  EXPECT_THAT(flagged(), ElementsAre("work", "optimizer"));
  EXPECT_NEAR(term_ms("optimizer"), 6, 0.3);
  EXPECT_NEAR(term_ms("work"), 12, 0.5);
}

TEST_F(WorkDiffTest, SlowerPerTokenIsNoWork) {
  compare("tokens=4096 forward=8ms backward=16ms", "tokens=4505 forward=12ms backward=24ms");
  EXPECT_FALSE(diff_.work.explains_step);
  EXPECT_NEAR(term_ms("work"), 2.4, 0.3);
  EXPECT_NEAR(term_ms("compute/backward"), 6.4, 0.4);
}

TEST_F(WorkDiffTest, AnotherBatchSizeCanBeComparedWhereItsAmountIsKnown) {
  compare("batch_size=32 forward=8ms backward=16ms", "batch_size=16 forward=4ms backward=8ms");
  EXPECT_EQ(diff_.comparability.verdict, Verdict::kComparableWithNotes);
  EXPECT_EQ(work_verdict(diff_), "smaller batches, not a speedup");
  EXPECT_NEAR(term_ms("work"), -12, 0.5);
}

TEST_F(WorkDiffTest, AnotherBatchSizeOfUnknownAmountCannot) {
  compare("batch_size=32", "batch_size=16 count_items=0");
  EXPECT_EQ(diff_.comparability.verdict, Verdict::kNotComparable);
  EXPECT_FALSE(diff_.work.change.known());
}

TEST_F(WorkDiffTest, TheSameAmountExplainsNothing) {
  compare("tokens=4096 forward=8ms", "tokens=4096 forward=14ms");
  EXPECT_TRUE(diff_.work.change.known());
  EXPECT_EQ(diff_.work.explained_ns, 0);
  EXPECT_EQ(work_amounts(diff_), "");
  EXPECT_THAT(flagged(), ElementsAre("compute/forward"));
}

}  // namespace
}  // namespace stepscope::analysis
