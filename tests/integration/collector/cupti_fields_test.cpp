// SPDX-License-Identifier: Apache-2.0
//
// Records with the fields of our choice: asked for where CUPTI has them, the same recording from fewer bytes, and the classic
// ones, all of them and with the reason, where CUPTI does not take our choice. What else is in such records is tested with
// every version (cupti_records_test.cpp).
#include "tests/integration/collector/cupti_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

class CuptiFields : public CuptiTest {
 protected:
  // All that a job did is there, in the form that meta `cupti.records` names.
  void expect_everything(const Recorded& recorded, const std::string& form) {
    EXPECT_EQ(recorded.contents.fact("cupti.state"), "recording");
    EXPECT_EQ(recorded.contents.fact("cupti.records"), form);
    EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
    EXPECT_EQ(recorded.contents.of(Kind::kMemcpy).size(), truth_of(recorded.job, "memcpy").size());
    EXPECT_EQ(recorded.contents.of(Kind::kMemset).size(), truth_of(recorded.job, "memset").size());
  }
};

const std::vector<std::string> kJob = {"steps=4", "copies=2", "memsets=1"};

TEST_F(CuptiFields, AreChosenFromTheVersionOnThatDescribesThem) {
  for (const std::string& version : cupti_versions()) {
    SCOPED_TRACE(version);
    Recorded recorded = record_job(version, kJob);
    expect_everything(recorded, version == "13.3" ? "user-defined" : "classic: CUPTI is older than 13.3");
    EXPECT_THAT(cupti_losses(recorded.contents), ::testing::IsEmpty());
  }
}

TEST_F(CuptiFields, MakeRecordsLessThanHalfAsLong) {
  Recorded chosen = record_job("13.3", kJob);
  Recorded classic = record_job("13.3", kJob, {{"STEPSCOPE_CUPTI_RECORDS", "classic"}});
  expect_everything(chosen, "user-defined");
  expect_everything(classic, "classic: asked for");
  const auto bytes_of_one = [](Recorded& recorded) {
    return recorded.job.report["record_bytes"] / recorded.job.report["records_written"];
  };
  EXPECT_LT(bytes_of_one(chosen), bytes_of_one(classic) / 2);
}

TEST_F(CuptiFields, AChoiceThatIsRefusedLeavesEverythingClassic) {
  Recorded nothing = record_job("13.3", kJob, {{"FAKE_CUPTI_FIELDS_FAIL", "attribute=35"}});
  expect_everything(nothing,
                    "classic: user-defined ones were refused, CUPTI_ERROR_INSUFFICIENT_PRIVILEGES (35)");
  EXPECT_THAT(cupti_losses(nothing.contents), ::testing::IsEmpty());
  Recorded kernels = record_job("13.3", kJob, {{"FAKE_CUPTI_FIELDS_FAIL", "10=1"}});
  expect_everything(kernels,
                    "classic: the fields of kernels were refused, CUPTI_ERROR_INVALID_PARAMETER (1)");
  EXPECT_THAT(cupti_losses(kernels.contents), ::testing::IsEmpty());
}

TEST_F(CuptiFields, ALaterKindThatIsRefusedIsCountedAndTheRestRecorded) {
  Recorded recorded = record_job("13.3", kJob, {{"FAKE_CUPTI_FIELDS_FAIL", "2=1"}});
  EXPECT_EQ(recorded.contents.fact("cupti.records"), "user-defined");
  EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
  EXPECT_TRUE(recorded.contents.of(Kind::kMemset).empty());
  EXPECT_THAT(cupti_losses(recorded.contents),
              ::testing::ElementsAre(::testing::Pair("cupti.call_failed.enable_2", 1)));
}

TEST_F(CuptiFields, RecordsThatAreNotDescribedAreCountedAndNotGuessedAt) {
  Recorded recorded = record_job("13.3", kJob, {{"FAKE_CUPTI_DESCRIBES", "0"}});
  EXPECT_TRUE(recorded.contents.of(Kind::kKernel).empty());
  EXPECT_EQ(cupti_losses(recorded.contents)["cupti.undescribed"], recorded.job.report["records_written"]);
}

// The kind is enabled and disabled with each turn between nodes and launches, always with the same fields.
TEST_F(CuptiFields, GraphsTurnToWholeLaunchesAndBack) {
  Recorded recorded = record_job("13.3", {"steps=40", "graphs=1", "think_us=2000"});
  EXPECT_EQ(recorded.contents.fact("cupti.records"), "user-defined");
  ASSERT_FALSE(recorded.contents.of(Kind::kGraphLaunch).empty());
  EXPECT_EQ(recorded.contents.of(Kind::kGraphLaunch).back().column(6), 1) << "its context";
}

TEST_F(CuptiFields, ThreadsAndCallsAreKnownWithoutTheClassicSettings) {
  Recorded recorded = record_job("13.3", {"steps=3", "events=1"}, {{"STEPSCOPE_LEVEL", "full"}});
  EXPECT_FALSE(recorded.contents.of(Kind::kCudaEvent).empty()) << "device timestamps were asked for";
  for (const Event& call : recorded.contents.of(Kind::kCudaApi)) {
    EXPECT_EQ(recorded.contents.lanes.at(call.lane).type, "thread");
  }
}

}  // namespace
}  // namespace stepscope::testing
