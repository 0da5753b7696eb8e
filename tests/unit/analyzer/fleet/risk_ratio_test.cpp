// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/risk_ratio.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

TEST(RiskRatios, OfOneStratumHaveTheIntervalOfKatz) {
  const Stratum host{9, 15, 14, 300};
  const RiskRatio ratio = risk_ratio({&host, 1}, Exposure::kRuns);
  const double sd = std::sqrt(1.0 / 9 - 1.0 / 15 + 1.0 / 5 - 1.0 / 285);
  EXPECT_NEAR(ratio.estimate, 34.2, 1e-9);
  EXPECT_NEAR(ratio.low, 34.2 * std::exp(-1.959963984540054 * sd), 1e-9);
  EXPECT_NEAR(ratio.high, 34.2 * std::exp(1.959963984540054 * sd), 1e-9);
}

TEST(RiskRatios, OfStrataAreWeightedAsByMantelAndHaenszel) {
  const Stratum strata[] = {{3, 4, 4, 8}, {2, 5, 3, 12}};
  const RiskRatio ratio = risk_ratio(strata, Exposure::kRuns);
  EXPECT_NEAR(ratio.estimate, 2.909090909090909, 1e-12);
  EXPECT_NEAR(ratio.low, 0.7421267545413701, 1e-9);
  EXPECT_NEAR(ratio.high, 11.403456169135605, 1e-9);
}

TEST(RiskRatios, AreFiniteWhereNothingFailedElsewhere) {
  const Stratum host{9, 15, 9, 300};
  const RiskRatio ratio = risk_ratio({&host, 1}, Exposure::kRuns);
  EXPECT_NEAR(ratio.estimate, (9.5 / 16) / (0.5 / 286), 1e-9);
  EXPECT_GT(ratio.low, 10);
  EXPECT_TRUE(std::isfinite(ratio.high));
  const Stratum none{0, 15, 9, 300};
  EXPECT_EQ(risk_ratio({&none, 1}, Exposure::kRuns).estimate, 0);
}

TEST(RiskRatios, ByHoursAreOfRates) {
  const Stratum hours{8, 4, 12, 10, 200, 1000};
  const RiskRatio ratio = risk_ratio({&hours, 1}, Exposure::kHours);
  EXPECT_NEAR(ratio.estimate, (8.0 / 200) / (4.0 / 800), 1e-9);
  EXPECT_NEAR(ratio.high / ratio.estimate, std::exp(1.959963984540054 * std::sqrt(1.0 / 8 + 1.0 / 4)), 1e-9);
}

TEST(RiskRatios, LeastRisksAreBelowWhatWasSeen) {
  EXPECT_NEAR(least_risk(9, 15), 0.35746830120624606, 1e-12);
  EXPECT_EQ(least_risk(0, 15), 0);
  EXPECT_NEAR(least_rate(10, 100), 0.04791, 5e-4);  // the exact interval of 10 events begins at 4.795
  EXPECT_EQ(least_rate(0, 100), 0);
}

}  // namespace
}  // namespace stepscope::analysis
