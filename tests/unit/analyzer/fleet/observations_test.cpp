// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/observations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fleet/fleets.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names_of(const FleetTable& table, const Observations& observations) {
  std::vector<std::string> out;
  for (const size_t run : observations.runs) {
    out.push_back(table.runs[run].run);
  }
  return out;
}

TEST(FleetObservations, AreOneAttemptPerJob) {
  FleetBuilder fleet({"host"});
  fleet.add(RunOutcome::kOk, {"h2"}).job = "a";      // r0: the second attempt, by its date
  fleet.add(RunOutcome::kFailed, {"h1"}).job = "a";  // r1
  fleet.add(RunOutcome::kCancelled, {"h1"}).job = "b";
  fleet.add(RunOutcome::kOk, {"h1"}).job = "b";  // r3: the first that has an outcome
  fleet.add(RunOutcome::kOk, {"h1"});            // r4, r5: of no job
  fleet.add(RunOutcome::kUnknown, {"h1"});
  fleet.table().runs[0].started = "2026-11-28";
  fleet.table().runs[1].started = "2026-11-27";
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, {0}});
  EXPECT_THAT(names_of(fleet.table(), observations), ElementsAre("r3", "r4", "r1"));
  EXPECT_EQ(observations.failed.count(), 1U);
  EXPECT_EQ(observations.attempts, 1U);
  EXPECT_EQ(observations.cancelled, 1U);
  EXPECT_EQ(observations.unfinished, 1U);
}

TEST(FleetObservations, OfCancelledRunsAreTheirHours) {
  FleetBuilder fleet({"host"});
  fleet.table().has_exposure = true;
  fleet.add(RunOutcome::kCancelled, {"h1"}).hours = 10;
  fleet.add(RunOutcome::kFailed, {"h1"}).hours = 5;
  fleet.add(RunOutcome::kFailed, {"h2"});
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, {0}});
  EXPECT_EQ(observations.exposure, Exposure::kHours);
  EXPECT_EQ(observations.without_hours, 1U);
  EXPECT_EQ(observations.passed.count(), 0U) << "a cancelled run did not pass";
  const std::vector<Stratum> strata = observations.tally(observations.all, observations.all);
  EXPECT_EQ(strata.at(0).failed, 1U);
  EXPECT_EQ(strata.at(0).hours, 15);
  fleet.table().runs[1].hours = 0;
  const Observations at_once = observe(fleet.table(), {RunOutcome::kFailed, {0}});
  EXPECT_EQ(at_once.hours.at(1), kLeastHours) << "no rate is without end";
}

TEST(FleetObservations, OfSlowRunsLeaveFailedOnesOut) {
  FleetBuilder fleet({"host"});
  fleet.add(RunOutcome::kSlow, {"h1"});
  fleet.add(RunOutcome::kFailed, {"h1"});
  fleet.add(RunOutcome::kOk, {"h1"});
  const Observations slow = observe(fleet.table(), {RunOutcome::kSlow, {0}});
  EXPECT_EQ(slow.size(), 2U);
  EXPECT_EQ(slow.failed.count(), 1U);
  const Observations failed = observe(fleet.table(), {RunOutcome::kFailed, {0}});
  EXPECT_EQ(failed.size(), 3U) << "a slow run came to its end";
}

TEST(FleetObservations, AreDividedIntoStretchesOfDays) {
  FleetBuilder fleet({"host"});
  for (const char* day : {"2026-11-01", "2026-11-02", "2026-11-03"}) {
    fleet.add_many(1, 10, {"h1"}, std::string(day) + "T08:00");
  }
  fleet.add_many(1, 30, {"h1"}, "2026-11-04");
  fleet.add_many(0, 5, {"h1"}, "2026-11-05");
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, {0}});
  std::vector<size_t> sizes;
  for (const Stratum& stratum : observations.tally(observations.all, observations.all)) {
    sizes.push_back(stratum.runs);
  }
  EXPECT_THAT(sizes, ElementsAre(20, 45)) << "two days; two more that begin with too few, and what is left";
  fleet.add_many(0, 3, {"h1"});
  const Observations undated = observe(fleet.table(), {RunOutcome::kFailed, {0}});
  ASSERT_EQ(undated.tally(undated.all, undated.all).size(), 3U);
  EXPECT_EQ(undated.tally(undated.all, undated.all).at(0).runs, 3U) << "without a day: their own stratum";
  RunSet few(undated.size());
  for (size_t i = 3; i < undated.size(); i += 4) {
    few.add(i);
  }
  EXPECT_EQ(undated.tally(undated.all, few).size(), 1U) << "of fewer runs more days are joined";
}

TEST(FleetObservations, KeepSymptomsApart) {
  FleetBuilder fleet({"host", "xid", "watchdog", "image"});
  fleet.add(RunOutcome::kFailed, {"h1;h2", "79", "all_reduce", "i1"});
  fleet.add(RunOutcome::kOk, {"h2", "", "", ""});
  fleet.add(RunOutcome::kOk, {"h3", "13", "", "i2"});
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, {0, 1, 2, 3}});
  EXPECT_THAT(observations.symptoms, ElementsAre(1, 2));
  std::vector<std::string> values;
  for (const AttributeValue& value : observations.values) {
    values.push_back(value.value + "/" + std::to_string(value.there.count()));
  }
  EXPECT_THAT(values, ElementsAre("h1/1", "h2/2", "h3/1", "i1/1", "i2/1"));
  EXPECT_EQ(observations.known[3].count(), 2U) << "an empty cell is not known";
  EXPECT_THAT(observe(fleet.table(), {RunOutcome::kFailed, {1}, true}).symptoms, ElementsAre(2))
      << "asked for";
}

TEST(FleetObservations, CountRareValuesAndKeepOnlyTheOthers) {
  FleetBuilder fleet({"host", "log"});
  fleet.add(RunOutcome::kFailed, {"h1;h1", "a.log"});
  fleet.add(RunOutcome::kOk, {"h1", "b.log"});
  fleet.add(RunOutcome::kOk, {"h2", "c.log"});
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, {0, 1}, false, 2});
  EXPECT_THAT(observations.distinct, ElementsAre(2, 3));
  ASSERT_EQ(observations.values.size(), 1U)
      << "a set per run for a column with a name per run would be all memory";
  EXPECT_EQ(observations.values[0].value, "h1");
  EXPECT_EQ(observations.values[0].there.count(), 2U);
}

}  // namespace
}  // namespace stepscope::analysis
