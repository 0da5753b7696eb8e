// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/fleet/attribute_groups.hpp"
#include "tests/unit/analyzer/fleet/fleets.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;

struct Searched {
  std::vector<std::string> picks;    // "a" or "a&b"
  std::vector<std::string> shadows;  // of the first, with "?" where too few runs are left
  std::vector<std::string> only_in_time;
};

Searched searched(FleetBuilder& fleet) {
  std::vector<size_t> attributes;
  for (size_t i = 0; i < fleet.table().attributes.size(); ++i) {
    attributes.push_back(i);
  }
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, attributes});
  const std::vector<std::vector<size_t>> groups = group_values(observations, kLeastRuns);
  const auto name = [&](size_t group) { return observations.values[groups[group].front()].value; };
  const FleetSearch search = search_fleet(observations, groups);
  Searched out;
  for (const FleetPick& pick : search.picks) {
    out.picks.push_back(name(pick.groups.front()) +
                        (pick.groups.size() > 1 ? "&" + name(pick.groups[1]) : ""));
  }
  for (size_t i = 0; !search.picks.empty() && i < search.picks.front().shadows.size(); ++i) {
    const FleetPick::Shadow& shadow = search.picks.front().shadows[i];
    out.shadows.push_back(name(shadow.group) + (shadow.retest == FleetRetest::kTooFewLeft ? "?" : ""));
  }
  for (const size_t group : search.only_in_time) {
    out.only_in_time.push_back(name(group));
  }
  return out;
}

TEST(FleetSearches, ClearValuesThatOnlyFollowTheTopOne) {
  FleetBuilder fleet({"host", "rack"});
  fleet.add_many(14, 20, {"bad", "a"});  // the rack has failures, all of them on one host
  fleet.add_many(1, 20, {"h2", "a"});
  fleet.add_many(2, 60, {"h3", "b"});
  fleet.add_many(3, 60, {"h4", "b"});
  const Searched found = searched(fleet);
  EXPECT_THAT(found.picks, ElementsAre("bad"));
  EXPECT_THAT(found.shadows, ElementsAre("a"));
}

TEST(FleetSearches, FindTheSecondCauseToo) {
  FleetBuilder fleet({"host", "image"});
  fleet.add_many(18, 25, {"bad", "i1"});
  fleet.add_many(3, 60, {"h2", "i1"});
  fleet.add_many(12, 30, {"h2", "i2"});
  fleet.add_many(12, 30, {"h3", "i2"});
  fleet.add_many(3, 60, {"h3", "i1"});
  EXPECT_THAT(searched(fleet).picks, ElementsAre("bad", "i2"));
}

TEST(FleetSearches, AdmitWhatTheTopOneHides) {
  FleetBuilder fleet({"host", "image"});
  fleet.add_many(11, 14, {"bad", "new"});
  fleet.add_many(1, 4, {"h2", "new"});  // nearly only there: V below 0.9, but four runs tell nothing
  fleet.add_many(4, 100, {"h2", "old"});
  fleet.add_many(4, 100, {"h3", "old"});
  const Searched found = searched(fleet);
  ASSERT_THAT(found.picks, ::testing::SizeIs(1));
  EXPECT_THAT(found.shadows, ElementsAre("new?"));
}

TEST(FleetSearches, PreferThePairThatExplainsItBetter) {
  FleetBuilder fleet({"driver", "image"});
  fleet.add_many(20, 30, {"d2", "i2"});
  fleet.add_many(3, 60, {"d1", "i2"});
  fleet.add_many(3, 60, {"d2", "i1"});
  fleet.add_many(3, 60, {"d1", "i1"});
  const Searched found = searched(fleet);
  EXPECT_THAT(found.picks, ElementsAre("d2&i2"));
  EXPECT_THAT(found.shadows, ElementsAre("d2", "i2"));
}

TEST(FleetSearches, DoNotBlameWhatCameInAWorseWeek) {
  FleetBuilder fleet({"image"});
  fleet.add_many(3, 100, {"old"}, "2026-11-01");
  fleet.add_many(2, 5, {"old"}, "2026-11-02");
  fleet.add_many(40, 95, {"new"}, "2026-11-02");
  const Searched found = searched(fleet);
  EXPECT_TRUE(found.picks.empty());
  EXPECT_THAT(found.only_in_time, ElementsAre("new"));
}

TEST(FleetSearches, ShareOneRateOfFalseFindingsBetweenValuesAndPairs) {
  FleetBuilder doubtful({"host"});
  // p = 0.014, of two values: beyond 5 % if pairs were not looked for as well.
  doubtful.add_many(7, 20, {"h1"});
  doubtful.add_many(4, 40, {"h2"});
  EXPECT_TRUE(searched(doubtful).picks.empty());
  FleetBuilder clear({"host"});
  clear.add_many(9, 20, {"h1"});
  clear.add_many(4, 40, {"h2"});
  EXPECT_THAT(searched(clear).picks, ElementsAre("h1"));
}

TEST(FleetSearches, FindNothingWhereNothingIs) {
  FleetBuilder fleet({"host"});
  for (const char* host : {"h1", "h2", "h3", "h4"}) {
    fleet.add_many(3, 40, {host});
  }
  const Searched found = searched(fleet);
  EXPECT_TRUE(found.picks.empty());
  EXPECT_TRUE(found.only_in_time.empty());
}

}  // namespace
}  // namespace stepscope::analysis
