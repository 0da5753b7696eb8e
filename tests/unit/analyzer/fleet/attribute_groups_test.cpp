// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/attribute_groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fleet/fleets.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> grouped(FleetBuilder& fleet, std::vector<size_t> attributes) {
  const Observations observations = observe(fleet.table(), {RunOutcome::kFailed, std::move(attributes)});
  std::vector<std::string> out;
  for (const std::vector<size_t>& group : group_values(observations, 5)) {
    out.emplace_back();
    for (const size_t value : group) {
      out.back() += (out.back().empty() ? "" : "+") + observations.values[value].value;
    }
  }
  return out;
}

TEST(AttributeGroups, AreOfValuesOnNearlyTheSameRuns) {
  FleetBuilder fleet({"host", "image", "rack"});
  fleet.add_many(0, 20, {"h1", "new", "a"});
  fleet.add_many(0, 1, {"h2", "new", "a"});  // one exception of 21
  fleet.add_many(0, 40, {"h2", "old", "a"});
  fleet.add_many(0, 40, {"h3", "old", "b"});
  fleet.add_many(0, 4, {"h4", "old", "b"});  // too few to be tested
  // rack b is h3 but for the four runs of h4.
  EXPECT_THAT(grouped(fleet, {0, 1, 2}), ElementsAre("old", "a", "b+h3", "h2", "new+h1"));
}

TEST(AttributeGroups, LeaveOutWhatIsEverywhere) {
  FleetBuilder fleet({"cluster", "host"});
  fleet.add_many(0, 20, {"c", "h1"});
  fleet.add_many(0, 20, {"c", "h2"});
  fleet.add_many(0, 4, {"d", "h2"});
  EXPECT_THAT(grouped(fleet, {0, 1}), ElementsAre("h2", "h1")) << "without c there are four runs";
}

TEST(CramersV, IsOneOfEqualSetsAndNegativeOfOpposites) {
  EXPECT_NEAR(cramers_v(4, 4, 4, 10), 1, 1e-12);
  EXPECT_NEAR(cramers_v(4, 6, 0, 10), -1, 1e-12);
  EXPECT_NEAR(cramers_v(4, 5, 2, 10), 0, 1e-12) << "independent";
  EXPECT_EQ(cramers_v(4, 10, 4, 10), 0) << "everywhere";
}

}  // namespace
}  // namespace stepscope::analysis
