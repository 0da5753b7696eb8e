// SPDX-License-Identifier: Apache-2.0
//
// Another profiler in the same process, as nsys or torch.profiler: there is one place in CUPTI, and the recording says who
// had it.
#include "tests/integration/collector/cupti_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

using CuptiSharing = CuptiTest;

TEST_F(CuptiSharing, WhoCameFirstKeepsIt) {
  for (const std::string& version : cupti_versions()) {
    Recorded recorded = record_job(version, {"steps=4", "kineto_from=-1"});
    EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(0)) << version;
    ASSERT_EQ(recorded.job.kineto_kernels.size(), 1U) << version;
    EXPECT_EQ(recorded.job.kineto_kernels[0], recorded.job.totals["kernel"]) << version << ": not disturbed";
    EXPECT_THAT(recorded.contents.fact("cupti.state"), ::testing::StartsWith("held by ")) << version;
    EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 4U) << version;
    EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty()) << version;
  }
}

TEST_F(CuptiSharing, HoldKeepsEverythingFromTheProfilerThatComesLater) {
  Recorded recorded =
      record_job("13.0", {"steps=6", "kineto_from=2", "kineto_to=4"}, {{"STEPSCOPE_CUPTI", "hold"}});
  EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(39));
  EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
  EXPECT_EQ(recorded.contents.fact("cupti.policy"), "hold");
}

TEST_F(CuptiSharing, YieldGivesCuptiToTheProfilerThatAsks) {
  for (const std::string& version : cupti_versions()) {
    SCOPED_TRACE(version);
    Recorded recorded = record_job(
        version,
        {"steps=8", "threads=3", "kineto_from=3", "kineto_to=5", "kineto_again=6", "kineto_asks=yes"},
        {{"STEPSCOPE_CUPTI", "yield"}});
    EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(0, 0));
    ASSERT_EQ(recorded.job.kineto_kernels.size(), 2U);
    EXPECT_EQ(recorded.job.kineto_kernels[0].count, 2U * 3 * 40);
    EXPECT_EQ(recorded.job.kineto_kernels[1].count, 2U * 3 * 40);
    EXPECT_EQ(recorded.contents.of(Kind::kKernel).size(), 3U * 3 * 40) << "what came before is ours";
    EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 8U);
    EXPECT_EQ(recorded.contents.fact("cupti.state"), "yielded to torch.profiler");
    EXPECT_THAT(cupti_losses(recorded.contents), ::testing::ElementsAre(::testing::Pair("cupti.yielded", 1)));
  }
}

// Whoever tears CUPTI down does so when it suits it: a subscription that we made meanwhile would end with it.
TEST_F(CuptiSharing, WhatWasYieldedIsNotTakenBackWhenTheProfilerIsDone) {
  Recorded recorded = record_job("13.0",
                                 {"steps=6", "think_us=250000", "kineto_from=1", "kineto_to=2",
                                  "kineto_finalize=yes", "kineto_asks=yes"},
                                 {{"STEPSCOPE_CUPTI", "yield"}});
  EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(0));
  EXPECT_EQ(recorded.contents.of(Kind::kKernel).size(), 40U) << "those of the first step";
  EXPECT_EQ(recorded.contents.fact("cupti.state"), "yielded to torch.profiler");
  EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 6U);
}

// From 13.3 on records can only be read as the subscriber that they were made for.
TEST_F(CuptiSharing, BuffersThatComeAfterCuptiWasGivenAwayAreCounted) {
  Recorded recorded = record_job("13.3", {"steps=6", "release_at=3", "think_us=100000"},
                                 {{"STEPSCOPE_CUPTI", "yield"}, {"FAKE_CUPTI_LATE", "1"}});
  EXPECT_EQ(recorded.contents.fact("cupti.interface"), "shared");
  EXPECT_THAT(recorded.job.process.out, ::testing::HasSubstr("released 1"));
  EXPECT_LT(recorded.contents.of(Kind::kKernel).size(), 3U * 40);
  EXPECT_THAT(cupti_losses(recorded.contents),
              ::testing::UnorderedElementsAre(::testing::Pair("cupti.yielded", 1),
                                              ::testing::Pair("cupti.discarded_late", ::testing::Gt(0U))));
}

TEST_F(CuptiSharing, AskingDoesNotHelpAgainstHold) {
  Recorded recorded = record_job("13.0", {"steps=4", "kineto_from=2", "kineto_asks=yes"});
  EXPECT_THAT(recorded.job.process.out, ::testing::HasSubstr("released 0"));
  EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(39));
  EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
}

TEST_F(CuptiSharing, OffLeavesCuptiToOthers) {
  Recorded recorded = record_job("13.0", {"steps=6", "kineto_from=2"}, {{"STEPSCOPE_CUPTI", "off"}});
  EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(0));
  EXPECT_EQ(recorded.job.kineto_kernels[0].count, 4U * 40);
  EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty());
  EXPECT_EQ(recorded.contents.fact("cupti.state"), "off: STEPSCOPE_CUPTI=off");
}

// CUDA 13.3: tools that agree to it all get their records.
TEST_F(CuptiSharing, WithANewDriverBothGetEverything) {
  for (const char* from : {"kineto_from=-1", "kineto_from=0"}) {
    Recorded recorded = record_job("13.3", {"steps=6", "threads=3", from}, {{"FAKE_KINETO_SHARES", "1"}});
    EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(0)) << from;
    EXPECT_EQ(recorded.job.kineto_kernels[0], recorded.job.totals["kernel"]) << from;
    EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job)) << from;
    EXPECT_EQ(recorded.contents.fact("cupti.interface"), "shared") << from;
    EXPECT_THAT(cupti_losses(recorded.contents), ::testing::IsEmpty()) << from;
  }
}

TEST_F(CuptiSharing, AnOlderDriverHasOnePlaceEvenFor133) {
  Recorded recorded = record_job("13.3", {"steps=3"}, {{"FAKE_CUDA_DRIVER_VERSION", "13000"}});
  EXPECT_EQ(recorded.contents.fact("cupti.interface"), "single");
  EXPECT_EQ(recorded.contents.fact("cupti.records"), "user-defined") << "those need no new driver";
  EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
}

// A torch.profiler that does not share uses the classic calls, which CUPTI does not take beside a subscriber's own.
TEST_F(CuptiSharing, WhoWillLeaveItsOnePlaceUsesTheClassicCalls) {
  Recorded recorded = record_job("13.3", {"steps=8", "kineto_from=3", "kineto_asks=yes"},
                                 {{"FAKE_CUDA_DRIVER_VERSION", "13000"}, {"STEPSCOPE_CUPTI", "yield"}});
  EXPECT_EQ(recorded.contents.fact("cupti.interface"), "single");
  EXPECT_EQ(recorded.contents.fact("cupti.records"), "classic: only the classic calls are open to us");
  EXPECT_THAT(recorded.job.kineto_starts, ::testing::ElementsAre(0));
  EXPECT_EQ(recorded.contents.of(Kind::kKernel).size(), 3U * 40);
}

TEST_F(CuptiSharing, WhoHasTheOnePlaceIsNamedEvenWhereNoneShares) {
  Recorded recorded =
      record_job("13.3", {"steps=3", "kineto_from=-1"}, {{"FAKE_CUDA_DRIVER_VERSION", "13000"}});
  EXPECT_THAT(recorded.contents.fact("cupti.state"), ::testing::StartsWith("held by "));
  EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty());
}

}  // namespace
}  // namespace stepscope::testing
