// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/power.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

constexpr double kAlpha = 0.05 / 74;  // 50 hosts and 24 other values

Detectable of_fleet(size_t there, size_t failed, size_t runs) {
  return detectable({0, there, failed, runs}, Exposure::kRuns, kAlpha, 3);
}

TEST(FleetPower, MoreRunsShowSmallerRisks) {
  const Detectable one_host = of_fleet(6, 15, 300);     // 300 runs on one of 50 hosts each
  const Detectable four_hosts = of_fleet(24, 15, 300);  // on four of them
  const Detectable many = of_fleet(80, 50, 1000);
  ASSERT_TRUE(one_host.possible && four_hosts.possible && many.possible);
  EXPECT_GT(one_host.risk, 0.60) << "60 % against 5 % is found in less than half of such fleets";
  EXPECT_LT(four_hosts.risk, 0.60) << "and in nearly all of these";
  EXPECT_LT(many.risk, 0.30);
  EXPECT_GT(one_host.risk, four_hosts.risk);
  EXPECT_GT(four_hosts.risk, many.risk);
  EXPECT_NEAR(many.ratio, many.risk / 0.05, 1e-9);
}

TEST(FleetPower, HoldsForLargeFleets) {
  // Expected: the normal approximation.
  const Detectable large = of_fleet(10000, 1000, 20000);
  ASSERT_TRUE(large.possible);
  EXPECT_NEAR(large.risk, 0.063, 0.002) << "0.05 and (3.2 + 0.84) standard errors of 0.0031";
  const Detectable hours = detectable({0, 10000, 2000, 20000, 5e5, 1e6}, Exposure::kHours, kAlpha, 3);
  ASSERT_TRUE(hours.possible);
  EXPECT_NEAR(hours.ratio, 1.18, 0.03) << "1 and (3.2 + 0.84) standard errors of 0.045";
}

TEST(FleetPower, SaysWhenNothingWouldShow) {
  EXPECT_FALSE(of_fleet(5, 140, 300).possible) << "with half of all failing, five failures are no surprise";
  EXPECT_FALSE(of_fleet(24, 0, 300).possible);
  EXPECT_FALSE(of_fleet(300, 15, 300).possible);
}

TEST(FleetPower, OfTheRiskItNamesIsEightyPercent) {
  const Detectable least = of_fleet(24, 15, 300);
  // P(Binomial(24, risk) >= failures), summed from above.
  double power = 0;
  for (size_t x = least.failures; x <= 24; ++x) {
    double ways = 1;
    for (size_t k = 0; k < x; ++k) {
      ways *= static_cast<double>(24 - k) / static_cast<double>(k + 1);
    }
    power += ways * std::pow(least.risk, x) * std::pow(1 - least.risk, 24 - x);
  }
  EXPECT_NEAR(power, kPower, 1e-6);
}

TEST(FleetPower, ByHoursIsARatioOfRates) {
  const Stratum small{0, 6, 15, 300, 200, 10000};
  const Stratum large{0, 24, 15, 300, 800, 10000};
  const Detectable little = detectable(small, Exposure::kHours, kAlpha, 3);
  const Detectable much = detectable(large, Exposure::kHours, kAlpha, 3);
  ASSERT_TRUE(little.possible && much.possible);
  EXPECT_GT(little.ratio, much.ratio);
  EXPECT_NEAR(much.risk, much.ratio * 15 / 10000, 1e-9);
}

}  // namespace
}  // namespace stepscope::analysis
