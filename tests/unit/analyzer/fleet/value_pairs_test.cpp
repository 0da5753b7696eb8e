// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/value_pairs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fleet/fleets.hpp"

namespace stepscope::analysis {
namespace {

// The pairs that are found among the values of two attributes, as "a&b".
std::vector<std::string> pairs_in(FleetBuilder& fleet) {
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, {0, 1}});
  std::vector<KnownSet> sets;
  for (const AttributeValue& value : observations.values) {
    sets.push_back({&value.there, &observations.known[value.attribute]});
  }
  std::vector<std::string> out;
  for (const ValuePair& pair : find_pairs(observations, sets, observations.all, 5, 0.05)) {
    out.push_back(observations.values[pair.first].value + "&" + observations.values[pair.second].value);
  }
  return out;
}

TEST(ValuePairs, AreFoundWhereBothMatterTogether) {
  FleetBuilder fleet({"driver", "image"});
  fleet.add_many(12, 20, {"d2", "i2"});
  fleet.add_many(2, 40, {"d1", "i2"});
  fleet.add_many(2, 40, {"d2", "i1"});
  fleet.add_many(2, 40, {"d1", "i1"});
  EXPECT_THAT(pairs_in(fleet), ::testing::ElementsAre("d2&i2"));
}

TEST(ValuePairs, AreNotFoundWhereOneOfThemMattersAlone) {
  FleetBuilder fleet({"driver", "image"});
  fleet.add_many(12, 20, {"d2", "i2"});
  fleet.add_many(24, 40, {"d1", "i2"});  // i2 fails with any driver
  fleet.add_many(2, 40, {"d2", "i1"});
  fleet.add_many(2, 40, {"d1", "i1"});
  EXPECT_TRUE(pairs_in(fleet).empty());
}

TEST(ValuePairs, NeedFiveFailuresAndRunsWithOnlyOneOfThem) {
  FleetBuilder few({"driver", "image"});
  few.add_many(4, 5, {"d2", "i2"});
  few.add_many(0, 400, {"d1", "i2"});
  few.add_many(0, 400, {"d2", "i1"});
  EXPECT_TRUE(pairs_in(few).empty());
  FleetBuilder nested({"driver", "image"});
  nested.add_many(20, 25, {"d2", "i2"});  // d2 never runs without i2
  nested.add_many(2, 40, {"d1", "i2"});
  nested.add_many(2, 40, {"d1", "i1"});
  EXPECT_TRUE(pairs_in(nested).empty());
}

TEST(ValuePairs, NeedALiftAboveBothParents) {
  FleetBuilder fleet({"driver", "image"});
  fleet.add_many(290, 500, {"d2", "i2"});  // beyond chance above i2 with d1, and hardly above i2
  fleet.add_many(250, 500, {"d1", "i2"});
  fleet.add_many(100, 500, {"d2", "i1"});
  fleet.add_many(100, 500, {"d1", "i1"});
  EXPECT_TRUE(pairs_in(fleet).empty());
}

TEST(ValuePairs, NeedMoreEvidenceAgainstBothWhereThereAreMany) {
  FleetBuilder fleet({"driver", "image"});
  fleet.add_many(5, 5, {"d2", "i2"});
  for (const char* driver : {"d1", "d3", "d4", "d5"}) {
    fleet.add_many(0, 1, {driver, "i2"});  // 5 of 5 against 0 of 4: p = 0.004, of 16 pairs
  }
  for (const char* image : {"i1", "i3", "i4"}) {
    fleet.add_many(image[1] == '1' ? 1 : 0, 10, {"d2", image});
    for (const char* driver : {"d1", "d3", "d4", "d5"}) {
      fleet.add_many(0, 10, {driver, image});
    }
  }
  EXPECT_TRUE(pairs_in(fleet).empty());
}

}  // namespace
}  // namespace stepscope::analysis
