// SPDX-License-Identifier: Apache-2.0
//
// CUPTI refuses, fails, breaks down, or delivers what it should not: the job runs to its end unharmed, what was recorded is
// right, and what is missing is counted and named.
#include "tests/integration/collector/cupti_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

class CuptiTrouble : public CuptiTest {
 protected:
  // The job as it would have run without us.
  void expect_unharmed(const JobOutcome& job, const std::vector<std::string>& arguments) {
    JobOutcome alone = run_job("13.0", arguments, {{"LD_PRELOAD", ""}});
    EXPECT_EQ(job.process.exit_code, alone.process.exit_code) << job.process;
    EXPECT_EQ(job.process.out, alone.process.out);
    EXPECT_EQ(job.process.err, alone.process.err);
  }
};

const std::vector<std::string> kTroubledJob = {"steps=4", "code=3", "end=exit"};

TEST_F(CuptiTrouble, SubscribingIsRefused) {
  struct Refusal {
    const char* version;
    const char* result;
    const char* state;
  };
  for (const Refusal& refusal :
       {Refusal{"13.0", "39", "held by Nsight Systems"}, Refusal{"12.4", "39", "held by another tool"},
        Refusal{"11.8", "39", "held by another tool"},
        Refusal{"13.0", "35", "unavailable: CUPTI_ERROR_INSUFFICIENT_PRIVILEGES (35)"},
        Refusal{"12.8", "999", "unavailable: CUPTI_ERROR_UNKNOWN (999)"}}) {
    Recorded recorded = record_job(refusal.version, kTroubledJob, {{"FAKE_CUPTI_SUBSCRIBE", refusal.result}});
    EXPECT_EQ(recorded.contents.fact("cupti.state"), refusal.state) << refusal.version;
    EXPECT_THAT(cupti_losses(recorded.contents),
                ::testing::ElementsAre(::testing::Pair("cupti.unavailable", 1)));
    EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 4U) << "the level is `steps` then";
    EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty());
    EXPECT_EQ(recorded.job.report["records_written"], 0U);
    expect_unharmed(recorded.job, kTroubledJob);
  }
}

TEST_F(CuptiTrouble, AnActivityThatIsRefusedIsNamedAndTheRestRecorded) {
  Recorded recorded = record_job("13.0", kTroubledJob, {{"FAKE_CUPTI_ENABLE_FAILS", "2=27,17"}});
  EXPECT_EQ(recorded.contents.fact("cupti.state"), "recording");
  EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
  EXPECT_TRUE(recorded.contents.of(Kind::kMemset).empty());
  EXPECT_THAT(cupti_losses(recorded.contents),
              ::testing::UnorderedElementsAre(::testing::Pair("cupti.call_failed.enable_2", 1),
                                              ::testing::Pair("cupti.call_failed.enable_17", 1)));
}

TEST_F(CuptiTrouble, WithoutKernelsThereIsNothingToRecord) {
  Recorded recorded = record_job("12.8", kTroubledJob, {{"FAKE_CUPTI_ENABLE_FAILS", "10=35"}});
  EXPECT_THAT(recorded.contents.fact("cupti.state"), ::testing::HasSubstr("INSUFFICIENT_PRIVILEGES"));
  EXPECT_TRUE(recorded.contents.of(Kind::kMemcpy).empty());
  EXPECT_EQ(recorded.job.report["buffers_outstanding"], 0U);
  expect_unharmed(recorded.job, kTroubledJob);
}

TEST_F(CuptiTrouble, AFatalErrorEndsTheSourceAndNothingElse) {
  std::vector<std::string> job = {"steps=150", "graphs=1", "think_us=4000"};
  Recorded recorded = record_job("13.0", job, {{"FAKE_CUPTI_FATAL_AFTER", "300"}});
  EXPECT_EQ(recorded.contents.fact("cupti.state"), "stopped: CUPTI reported a fatal error");
  EXPECT_EQ(cupti_losses(recorded.contents)["cupti.fatal"], 1U);
  EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 150U);
  EXPECT_TRUE(recorded.contents.summary.clean_end);
  expect_unharmed(recorded.job, job);
}

// The anchors of the clock read CUPTI's several times in a row, whoever has noticed meanwhile that it may not be called.
TEST_F(CuptiTrouble, ItsClockIsNotReadAfterAFatalError) {
  Recorded recorded = record_job("13.0", {"steps=20", "kernels=200", "think_us=20000"},
                                 {{"FAKE_CUPTI_FATAL_AT_CLOCK", "2"}, {"STEPSCOPE_CUPTI_MEMORY_MIB", "8"}});
  EXPECT_EQ(recorded.contents.fact("cupti.state"), "stopped: CUPTI reported a fatal error");
  EXPECT_EQ(cupti_losses(recorded.contents)["cupti.fatal"], 1U);
  EXPECT_GT(recorded.contents.of(Kind::kKernel).size(), 0U) << "what set the clock";
  EXPECT_TRUE(recorded.contents.summary.clean_end);
}

// CUPTI has finalized itself by then; what it filled before may not even be read with it.
TEST_F(CuptiTrouble, BuffersFilledBeforeAFatalErrorAreCountedButNotTouched) {
  Recorded recorded = record_job(
      "13.0", {"steps=2", "think_us=300000", "kernels=9000"},
      {{"FAKE_CUPTI_FATAL_AFTER", "8000"}, {"FAKE_CUPTI_LATE", "1"}, {"STEPSCOPE_CUPTI_MEMORY_MIB", "8"}});
  EXPECT_GT(cupti_losses(recorded.contents)["cupti.fatal_buffers"], 0U);
  EXPECT_EQ(cupti_losses(recorded.contents)["cupti.fatal"], 1U);
  EXPECT_TRUE(recorded.contents.summary.clean_end);
}

// A graph that fills more than the pool at once: its last records are in spare buffers, which come back to be counted.
TEST_F(CuptiTrouble, SpareBuffersThatComeBackAfterAFatalErrorAreNotTouchedEither) {
  Recorded recorded = record_job(
      "13.0", {"steps=1", "think_us=300000", "kernels=0", "graphs=1", "graph_nodes=60000", "kernel_ns=5000"},
      {{"FAKE_CUPTI_FATAL_AFTER", "48000"}, {"FAKE_CUPTI_LATE", "1"}, {"STEPSCOPE_CUPTI_MEMORY_MIB", "8"}});
  EXPECT_GT(cupti_losses(recorded.contents)["cupti.fatal_buffers"], 128U) << "more than the pool has";
  EXPECT_TRUE(recorded.contents.summary.clean_end);
}

TEST_F(CuptiTrouble, EveryCallMayFail) {
  for (const char* call :
       {"cuptiActivityRegisterCallbacks", "cuptiEnableCallback", "cuptiActivityFlushAll",
        "cuptiActivitySetAttribute", "cuptiSetThreadIdType", "cuptiActivityGetNumDroppedRecords",
        "cuptiGetTimestamp", "cuptiActivityEnableRuntimeApi", "cuptiGetGraphExecId"}) {
    Recorded recorded = record_job("13.0", {"steps=3", "graphs=1"},
                                   {{"FAKE_CUPTI_CALL_FAILS", call}, {"STEPSCOPE_LEVEL", "api"}});
    EXPECT_EQ(recorded.job.process.exit_code, 0) << call << recorded.job.process;
    EXPECT_TRUE(recorded.contents.summary.clean_end) << call;
    EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 3U) << call;
  }
}

TEST_F(CuptiTrouble, AFailingFlushIsCounted) {
  Recorded recorded = record_job("13.0", {"steps=3"}, {{"FAKE_CUPTI_CALL_FAILS", "cuptiActivityFlushAll"}});
  EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty());
  EXPECT_THAT(cupti_losses(recorded.contents), ::testing::Not(::testing::IsEmpty()))
      << "all kernels are missing and nothing says so";
}

// With a GPU that hangs, our own thread may never come back from CUPTI. The program ends all the same.
TEST_F(CuptiTrouble, AFlushThatNeverReturnsIsGivenUpAtTheEndAndCounted) {
  Recorded recorded =
      record_job("13.0", {"steps=4", "think_us=100000", "code=3"}, {{"FAKE_CUPTI_FLUSH_HANGS", "1"}});
  EXPECT_EQ(recorded.job.process.exit_code, 3) << recorded.job.process;
  EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 4U) << "what reached a ring is there";
  EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty());
  EXPECT_EQ(recorded.contents.losses["exit.lock_timeout"], 1U)
      << "the kernels are missing and nothing says so";
}

TEST_F(CuptiTrouble, NoCuptiAnywhere) {
  // A toolkit of the machine the test runs on may still be found, and is then told that there is no real driver.
  Recorded recorded = record_job("", kTroubledJob, {{"STEPSCOPE_CUPTI_LIBRARY", "/nowhere/libcupti.so.13"}});
  EXPECT_THAT(recorded.contents.fact("cupti.state"), ::testing::StartsWith("unavailable"));
  EXPECT_EQ(cupti_losses(recorded.contents)["cupti.unavailable"], 1U);
  expect_unharmed(recorded.job, kTroubledJob);
}

// STEPSCOPE_TEST_LIBCUPTI names another one. Without a driver 13.3 and later do not even tell their version.
TEST_F(CuptiTrouble, TheRealLibraryWithoutADriver) {
  const char* other = getenv("STEPSCOPE_TEST_LIBCUPTI");
  const std::string real = other != nullptr ? other : "/usr/local/cuda/lib64/libcupti.so.13";
  if (!std::filesystem::exists(real)) {
    GTEST_SKIP() << "no CUDA 13 toolkit here: " << real;
  }
  Recorded recorded = record_job("", kTroubledJob, {{"STEPSCOPE_CUPTI_LIBRARY", real}});
  EXPECT_EQ(recorded.contents.fact("cupti.library"), real);
  EXPECT_THAT(recorded.contents.fact("cupti.version"),
              ::testing::AnyOf(::testing::StartsWith("13"), ::testing::StrEq("0")));
  EXPECT_THAT(recorded.contents.fact("cupti.state"),
              ::testing::AllOf(::testing::StartsWith("unavailable: "), ::testing::EndsWith(" (999)")));
  EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 4U);
  EXPECT_TRUE(recorded.contents.summary.clean_end);
  expect_unharmed(recorded.job, kTroubledJob);
}

// ---- what is delivered is not in order ----

TEST_F(CuptiTrouble, OutOfOrderAndLateIsStillEverything) {
  for (const std::string& version : cupti_versions()) {
    Recorded recorded = record_job(
        version, {"steps=6", "threads=8", "streams=3", "kernels=200"},
        {{"FAKE_CUPTI_SHUFFLE", "1"}, {"FAKE_CUPTI_HOLD_BACK", "1"}, {"STEPSCOPE_CUPTI_MEMORY_MIB", "8"}});
    EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job)) << version;
    EXPECT_THAT(cupti_losses(recorded.contents), ::testing::IsEmpty()) << version;
    EXPECT_EQ(recorded.job.report["buffers_given_twice"], 0U);
  }
}

TEST_F(CuptiTrouble, SixtyFourThreads) {
  for (const char* version : {"12.8", "13.0"}) {
    Recorded recorded = record_job(version, {"steps=5", "threads=64", "streams=1", "kernels=100"},
                                   {{"STEPSCOPE_LEVEL", "api"}});
    EXPECT_EQ(recorded.contents.of(Kind::kKernel).size(), 64U * 5 * 100) << version;
    EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job)) << version;
    EXPECT_THAT(cupti_losses(recorded.contents), ::testing::IsEmpty()) << version;
    EXPECT_EQ(recorded.job.report["buffers_given_twice"], 0U);
  }
}

TEST_F(CuptiTrouble, WhatCuptiDropsIsCounted) {
  Recorded recorded = record_job("13.0", {"steps=10"}, {{"FAKE_CUPTI_DROP_EVERY", "10"}});
  EXPECT_GT(recorded.job.report["records_dropped"], 30U);
  EXPECT_EQ(cupti_losses(recorded.contents)["cupti.dropped"], recorded.job.report["records_dropped"]);
  EXPECT_LT(recorded.contents.of(Kind::kKernel).size(), 400U);
}

TEST_F(CuptiTrouble, ATruncatedBufferIsReadAsFarAsItGoes) {
  Recorded recorded = record_job("13.0", {"steps=10"}, {{"FAKE_CUPTI_TRUNCATE", "1"}});
  uint64_t truncated = recorded.job.report["buffers_truncated"];
  EXPECT_GT(truncated, 0U);
  EXPECT_GE(recorded.contents.of(Kind::kKernel).size() + truncated, 400U);
  EXPECT_EQ(recorded.job.process.exit_code, 0);
}

TEST_F(CuptiTrouble, ABufferThatCuptiCannotReadToItsEndIsCounted) {
  for (const char* version : {"11.8", "13.3"}) {
    Recorded recorded = record_job(version, {"steps=10"}, {{"FAKE_CUPTI_SPOIL", "1"}});
    EXPECT_GT(recorded.job.report["buffers_spoiled"], 0U) << version;
    EXPECT_THAT(
        cupti_losses(recorded.contents),
        ::testing::ElementsAre(::testing::Pair("cupti.buffer_cut", recorded.job.report["buffers_spoiled"])))
        << version;
    EXPECT_GE(recorded.contents.of(Kind::kKernel).size() + recorded.job.report["buffers_spoiled"], 400U)
        << "all but the last of each buffer";
  }
}

TEST_F(CuptiTrouble, KernelsWithoutNameOrTime) {
  Recorded recorded = record_job("13.0", {"steps=3"}, {{"FAKE_CUPTI_ODD_EVERY", "10"}});
  ASSERT_EQ(recorded.job.report["odd_kernels"], 12U);
  std::map<std::string, uint64_t> counts = kernel_counts(recorded.contents);
  EXPECT_EQ(counts["(unnamed kernel)"], 4U);
  EXPECT_EQ(recorded.contents.of(Kind::kKernel).size(), 120U - 4)
      << "those without any time cannot be placed";
  EXPECT_THAT(cupti_losses(recorded.contents),
              ::testing::UnorderedElementsAre(::testing::Pair("cupti.no_time", 4),
                                              ::testing::Pair("cupti.bad_time", 4)));
}

TEST_F(CuptiTrouble, ABurstBeyondTheMemoryBudgetIsCounted) {
  // 8 MiB hold about 38,000 kernels; the drain thread cannot keep up with a GPU that runs one every 50 ns.
  Recorded recorded =
      record_job("13.0", {"steps=1", "threads=4", "kernels=100000", "kernel_ns=50", "names=3"},
                 {{"STEPSCOPE_CUPTI_MEMORY_MIB", "8"}, {"FAKE_CUPTI_CHECK_ZEROED", "0"}});
  EXPECT_EQ(recorded.job.process.exit_code, 0);
  uint64_t kept = recorded.contents.of(Kind::kKernel).size();
  uint64_t lost = 0;
  for (const auto& [name, count] : recorded.contents.losses) {
    lost += name == "cupti.discarded" || name == "cupti.dropped" || name.rfind("ring.", 0) == 0 ? count : 0;
  }
  if (recorded.job.report["buffers_given_twice"] == 0 &&
      cupti_losses(recorded.contents).count("cupti.discarded_buffers") == 0) {
    // Of the few records of other kinds nobody knows which buffer they were in.
    EXPECT_GE(kept + lost, 400'000U) << "every kernel is either there or counted";
    EXPECT_LE(kept + lost, recorded.job.report["records_written"]) << "and none is counted twice";
  } else {
    EXPECT_GT(cupti_losses(recorded.contents)["cupti.discarded_buffers"], 0U);
  }
}

}  // namespace
}  // namespace stepscope::testing
