// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/analyse_fleet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fleet/fleets.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

std::string objection_of(FleetBuilder& fleet) {
  const Result<FleetReport> report = analyse_fleet(fleet.table(), {});
  EXPECT_TRUE(report.value().findings.empty());
  return report.value().objection;
}

TEST(Fleets, ThatTellNothingSaySo) {
  FleetBuilder fine({"host"});
  fine.add_many(0, 10, {"h1"});
  EXPECT_EQ(objection_of(fine), "none of 10 runs failed: there is nothing to explain");
  FleetBuilder broken({"host"});
  broken.add_many(10, 10, {"h1"});
  EXPECT_THAT(objection_of(broken), HasSubstr("all 10 runs failed"));
  FleetBuilder small({"host"});
  small.add_many(2, 4, {"h1"});
  small.add_many(2, 4, {"h2"});
  EXPECT_THAT(objection_of(small), HasSubstr("no value of an attribute has 5 runs with it and 5 without"));
  FleetBuilder none({"host"});
  none.add(RunOutcome::kCancelled, {"h1"});
  EXPECT_EQ(objection_of(none), "no run has an outcome");
}

TEST(Fleets, WithoutAFindingSayWhatTheyWouldHaveShown) {
  FleetBuilder fleet({"host", "note"});
  for (int host = 0; host < 10; ++host) {
    fleet.add_many(2, 30,
                   {"h" + std::to_string(host), "n" + std::to_string(host) + std::to_string(host % 3)});
  }
  fleet.add(RunOutcome::kOk, {"h77", "n77"});
  const FleetReport report = analyse_fleet(fleet.table(), {}).value();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.objection, "");
  ASSERT_EQ(report.attributes.size(), 2U);
  EXPECT_EQ(report.attributes[0].values, 11U);
  EXPECT_EQ(report.attributes[0].tested, 10U);
  EXPECT_EQ(report.attributes[0].median_runs, 30U);
  EXPECT_EQ(report.hypotheses, 10U) << "a note is on the same runs as its host";
  EXPECT_TRUE(report.attributes[0].detectable.possible);
  EXPECT_GT(report.attributes[0].detectable.ratio, 2);
}

TEST(Fleets, ByHoursAreNotMisledByLongRuns) {
  // Runs of the large model fail ten times as often, in ten times the hours.
  FleetBuilder fleet({"model"});
  fleet.table().has_exposure = true;
  for (int i = 0; i < 100; ++i) {
    fleet.add(i < 40 ? RunOutcome::kFailed : RunOutcome::kOk, {"large"}).hours = 100;
    fleet.add(i < 4 ? RunOutcome::kFailed : RunOutcome::kOk, {"small"}).hours = 10;
  }
  EXPECT_TRUE(analyse_fleet(fleet.table(), {}).value().findings.empty());
  fleet.table().has_exposure = false;
  EXPECT_EQ(analyse_fleet(fleet.table(), {}).value().findings.size(), 1U);
}

TEST(Fleets, LookAtTheWantedAttributesOnly) {
  FleetBuilder fleet({"host", "image"});
  fleet.add_many(15, 20, {"bad", "new"});
  fleet.add_many(5, 100, {"h2", "old"});
  const FleetReport report = analyse_fleet(fleet.table(), {RunOutcome::kFailed, {"image"}}).value();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_THAT(report.findings[0].factors.at(0), ::testing::SizeIs(1));
  const auto wrong = analyse_fleet(fleet.table(), {RunOutcome::kFailed, {"rack"}});
  EXPECT_EQ(wrong.status().code(), trace::Code::kUsage);
  EXPECT_EQ(wrong.status().message(), "'runs.csv' has no attribute rack; it has host, image");
}

}  // namespace
}  // namespace stepscope::analysis
