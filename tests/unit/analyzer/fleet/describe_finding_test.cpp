// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/describe_finding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fleet/fleets.hpp"

namespace stepscope::analysis {
namespace {

// A bad host with an image of its own, but for one run; failures there show an Xid.
FleetTable confounded() {
  FleetBuilder fleet({"host", "image", "xid"});
  fleet.add_many(9, 14, {"bad;h2", "new", ""});
  fleet.add_many(0, 1, {"h2;h3", "new", ""});
  fleet.add_many(4, 200, {"h2;h3", "old", ""});
  FleetTable& table = fleet.table();
  for (size_t i = 0; i < 7; ++i) {
    table.runs[i].values[2] = {"79"};
    table.runs[i].job = "j" + std::to_string(i);
  }
  table.runs[15].values[2] = {"13"};
  // Jobs that failed there are tried again: two elsewhere, where one passes, one there.
  fleet.add(RunOutcome::kOk, {"h2;h3", "old", ""}).job = "j0";
  fleet.add(RunOutcome::kFailed, {"h2;h3", "old", ""}).job = "j1";
  fleet.add(RunOutcome::kFailed, {"bad;h3", "new", ""}).job = "j2";
  return table;
}

FleetFinding first_finding(const FleetTable& table) {
  const Result<FleetReport> report = analyse_fleet(table, {});
  EXPECT_TRUE(report.ok() && !report.value().findings.empty());
  return report.value().findings.at(0);
}

TEST(FleetFindings, CountBothSidesAndNameRuns) {
  const FleetFinding finding = first_finding(confounded());
  ASSERT_EQ(finding.factors.size(), 1U);
  ASSERT_EQ(finding.factors[0].size(), 2U);
  EXPECT_EQ(finding.factors[0][0].value, "new") << "the leader is on more runs";
  EXPECT_EQ(finding.factors[0][1].value, "bad");
  EXPECT_EQ(finding.failed_there, 9U);
  EXPECT_EQ(finding.runs_there, 15U);
  EXPECT_EQ(finding.failed_elsewhere, 4U);
  EXPECT_EQ(finding.runs_elsewhere, 200U) << "later attempts do not count";
  EXPECT_NEAR(finding.ratio.estimate, (9.0 / 15) / (4.0 / 200), 1e-9);
  EXPECT_EQ(finding.failures.count, 9U);
  EXPECT_THAT(finding.failures.names, ::testing::SizeIs(kMostRunNames));
  EXPECT_EQ(finding.counter_examples.count, 6U);
  EXPECT_EQ(finding.counter_examples.names.at(0), "r9");
}

TEST(FleetFindings, SayWhatWouldTellMembersOfAGroupApart) {
  const FleetFinding finding = first_finding(confounded());
  ASSERT_EQ(finding.separators.size(), 2U);
  EXPECT_EQ(finding.separators[0].with.value, "new");
  EXPECT_EQ(finding.separators[0].without.value, "bad");
  EXPECT_EQ(finding.separators[0].runs, 1U);
  EXPECT_EQ(finding.separators[0].failed, 0U);
  EXPECT_EQ(finding.separators[1].runs, 0U);
  EXPECT_EQ(finding.deciding_runs, 4) << "0.4^3 = 6.4 %, 0.4^4 = 2.6 %";
}

TEST(FleetFindings, ShowTheSymptomAndWhatBecameOfRetries) {
  const FleetFinding finding = first_finding(confounded());
  ASSERT_EQ(finding.symptoms.size(), 1U);
  EXPECT_EQ(finding.symptoms[0].value.value, "79");
  EXPECT_EQ(finding.symptoms[0].there, 7U);
  EXPECT_EQ(finding.symptoms[0].elsewhere, 0U);
  EXPECT_EQ(finding.retried_elsewhere, 2U);
  EXPECT_EQ(finding.passed_elsewhere, 1U);
}

}  // namespace
}  // namespace stepscope::analysis
